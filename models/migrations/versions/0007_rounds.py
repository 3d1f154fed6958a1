"""Patrol rounds and the guard post's log.

Revision: 0007
Follows: 0006
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.create_table(
        "shifts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_by", sa.String(), nullable=False),
        sa.Column("previous_id", sa.String(), nullable=True),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_over_by", sa.String(), nullable=True),
        sa.Column("taken_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_over_by", sa.String(), nullable=True),
        sa.CheckConstraint("handed_over_by <> taken_over_by", name=op.f("ck_shifts_two_people")),
        sa.CheckConstraint("taken_over_at IS NULL OR handed_over_at IS NOT NULL", name=op.f("ck_shifts_in_order")),
        sa.ForeignKeyConstraint(["begun_by"], ["staff.id"], name=op.f("fk_shifts_begun_by")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_shifts_community_id")),
        sa.ForeignKeyConstraint(["handed_over_by"], ["staff.id"], name=op.f("fk_shifts_handed_over_by")),
        sa.ForeignKeyConstraint(["previous_id"], ["shifts.id"], name=op.f("fk_shifts_previous_id")),
        sa.ForeignKeyConstraint(["taken_over_by"], ["staff.id"], name=op.f("fk_shifts_taken_over_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
        sa.UniqueConstraint("previous_id", name=op.f("uq_shifts_previous_id")),
    )
    op.create_index(
        "ix_shifts_listed",
        "shifts",
        ["community_id", sa.literal_column("begun_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "uq_shifts_one_open",
        "shifts",
        ["community_id", "post"],
        unique=True,
        postgresql_where=sa.text("taken_over_at IS NULL"),
    )
    op.create_table(
        "rounds",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("building_id", sa.String(), nullable=True),
        sa.Column("spot", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("checks", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("weekdays", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("times", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("duty_role", sa.String(), nullable=True),
        sa.Column("duty_team", sa.String(), nullable=True),
        sa.Column("duty_staff", sa.String(), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("applied_version", sa.Integer(), nullable=False),
        sa.Column("planned_by", sa.String(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("num_nonnulls(duty_role, duty_team, duty_staff) = 1", name=op.f("ck_rounds_duty")),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.id"], name=op.f("fk_rounds_building_id")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_rounds_community_id")),
        sa.ForeignKeyConstraint(["duty_staff"], ["staff.id"], name=op.f("fk_rounds_duty_staff")),
        sa.ForeignKeyConstraint(["planned_by"], ["staff.id"], name=op.f("fk_rounds_planned_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rounds")),
    )
    op.create_index(op.f("ix_rounds_community_id"), "rounds", ["community_id"], unique=False)
    op.create_index(
        "ix_rounds_unapplied", "rounds", ["id"], unique=False, postgresql_where=sa.text("applied_version < version")
    )
    op.create_table(
        "shift_entries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("shift_id", sa.String(), nullable=False),
        sa.Column("origin_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("open_point", sa.Boolean(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_shift_entries_by_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["staff.id"], name=op.f("fk_shift_entries_settled_by")),
        sa.ForeignKeyConstraint(["shift_id"], ["shifts.id"], name=op.f("fk_shift_entries_shift_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_entries")),
    )
    op.create_index(op.f("ix_shift_entries_shift_id"), "shift_entries", ["shift_id"], unique=False)
    op.create_table(
        "patrols",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("building_id", sa.String(), nullable=True),
        sa.Column("spot", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("duty_role", sa.String(), nullable=True),
        sa.Column("duty_team", sa.String(), nullable=True),
        sa.Column("duty_staff", sa.String(), nullable=True),
        sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('open', 'done', 'missed')", name=op.f("ck_patrols_status")),
        sa.CheckConstraint("num_nonnulls(duty_role, duty_team, duty_staff) = 1", name=op.f("ck_patrols_duty")),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.id"], name=op.f("fk_patrols_building_id")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_patrols_community_id")),
        sa.ForeignKeyConstraint(["duty_staff"], ["staff.id"], name=op.f("fk_patrols_duty_staff")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_patrols_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrols")),
        sa.UniqueConstraint("round_id", "scheduled_at", name=op.f("uq_patrols_round_id_scheduled_at")),
    )
    op.create_index(
        "ix_patrols_listed",
        "patrols",
        ["community_id", sa.literal_column("scheduled_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_patrols_open", "patrols", ["community_id"], unique=False, postgresql_where=sa.text("status = 'open'")
    )
    op.create_table(
        "patrol_items",
        sa.Column("patrol_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("by_id", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("result IN ('ok', 'finding')", name=op.f("ck_patrol_items_result")),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_patrol_items_by_id")),
        sa.ForeignKeyConstraint(["number"], ["work_orders.number"], name=op.f("fk_patrol_items_number")),
        sa.ForeignKeyConstraint(["patrol_id"], ["patrols.id"], name=op.f("fk_patrol_items_patrol_id")),
        sa.PrimaryKeyConstraint("patrol_id", "position", name=op.f("pk_patrol_items")),
    )
    op.create_index(op.f("ix_patrol_items_number"), "patrol_items", ["number"], unique=False)
    op.create_table(
        "shift_photos",
        sa.Column("photo_id", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["shift_entries.id"], name=op.f("fk_shift_photos_entry_id")),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name=op.f("fk_shift_photos_photo_id")),
        sa.PrimaryKeyConstraint("photo_id", name=op.f("pk_shift_photos")),
    )
    op.create_index(op.f("ix_shift_photos_entry_id"), "shift_photos", ["entry_id"], unique=False)


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.drop_index(op.f("ix_shift_photos_entry_id"), table_name="shift_photos")
    op.drop_table("shift_photos")
    op.drop_index(op.f("ix_patrol_items_number"), table_name="patrol_items")
    op.drop_table("patrol_items")
    op.drop_index("ix_patrols_open", table_name="patrols", postgresql_where=sa.text("status = 'open'"))
    op.drop_index("ix_patrols_listed", table_name="patrols")
    op.drop_table("patrols")
    op.drop_index(op.f("ix_shift_entries_shift_id"), table_name="shift_entries")
    op.drop_table("shift_entries")
    op.drop_index("ix_rounds_unapplied", table_name="rounds", postgresql_where=sa.text("applied_version < version"))
    op.drop_index(op.f("ix_rounds_community_id"), table_name="rounds")
    op.drop_table("rounds")
    op.drop_index("uq_shifts_one_open", table_name="shifts", postgresql_where=sa.text("taken_over_at IS NULL"))
    op.drop_index("ix_shifts_listed", table_name="shifts")
    op.drop_table("shifts")
