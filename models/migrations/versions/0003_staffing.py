"""Duty, absences and caps of staff.

Revision: 0003
Follows: 0002
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.add_column("staff", sa.Column("duty_switched_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff", sa.Column("cap", sa.Integer(), nullable=True))
    op.add_column(
        "staff_scopes",
        sa.Column("buildings", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
    )
    _duty_turns()
    _absences()
    _departures()


def _duty_turns() -> None:
    op.create_table(
        "duty_turns",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=True),
        sa.Column("team", sa.String(), nullable=True),
        sa.Column("community_id", sa.String(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(staff_id IS NULL) = (team IS NOT NULL)", name=op.f("ck_duty_turns_whose")),
        sa.CheckConstraint("(team IS NULL) = (community_id IS NULL)", name=op.f("ck_duty_turns_team_of")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_duty_turns_order")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_duty_turns_staff_id")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_duty_turns_community_id")),
        sa.ForeignKeyConstraint(["planned_by"], ["staff.id"], name=op.f("fk_duty_turns_planned_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_turns")),
    )
    op.create_index("ix_duty_turns_staff", "duty_turns", ["staff_id", "starts_at"])
    op.create_index("ix_duty_turns_team", "duty_turns", ["team", "community_id", "starts_at"])


def _absences() -> None:
    op.create_table(
        "absences",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("deputy_id", sa.String(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("since <= until", name=op.f("ck_absences_order")),
        sa.CheckConstraint("deputy_id <> staff_id", name=op.f("ck_absences_other")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_absences_staff_id")),
        sa.ForeignKeyConstraint(["deputy_id"], ["staff.id"], name=op.f("fk_absences_deputy_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["staff.id"], name=op.f("fk_absences_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    open_ones = sa.text("ended_at IS NULL")
    op.create_index("ix_absences_staff", "absences", ["staff_id"], postgresql_where=open_ones)
    op.create_index("ix_absences_deputy", "absences", ["deputy_id"], postgresql_where=open_ones)


def _departures() -> None:
    op.create_table(
        "departures",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("deputy_id", sa.String(), nullable=True),
        sa.Column("tasks", sa.Integer(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rejoined_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_departures_staff_id")),
        sa.ForeignKeyConstraint(["deputy_id"], ["staff.id"], name=op.f("fk_departures_deputy_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["staff.id"], name=op.f("fk_departures_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departures")),
    )
    op.create_index("ix_departures_staff", "departures", ["staff_id", "left_at"])


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.drop_table("departures")
    op.drop_table("absences")
    op.drop_table("duty_turns")
    op.drop_column("staff_scopes", "buildings")
    op.drop_column("staff", "cap")
    op.drop_column("staff", "duty_switched_at")
