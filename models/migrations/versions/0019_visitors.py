"""Visitors' passes, and looks at the phones of visitors and their hosts.

Revision: 0019
Follows: 0018
Created: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""

SHOWN = "'contact', 'reporter', 'car_user', 'identity'"


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.create_table(
        "visitor_passes",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("house_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("walk_in", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_hash", sa.String(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("tail_hash", sa.String(), nullable=True),
        sa.Column("plate_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("plate_hash", sa.String(), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("anonymised_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "type IN ('guest', 'delivery', 'service', 'long_stay')", name=op.f("ck_visitor_passes_type")
        ),
        sa.CheckConstraint("until > since", name=op.f("ck_visitor_passes_window")),
        sa.CheckConstraint("used <= entries", name=op.f("ck_visitor_passes_entries")),
        sa.ForeignKeyConstraint(["number"], ["work_orders.number"], name=op.f("fk_visitor_passes_number")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_visitor_passes_community_id")),
        sa.ForeignKeyConstraint(["house_id"], ["houses.id"], name=op.f("fk_visitor_passes_house_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_visitor_passes")),
    )
    op.create_index("ix_visitor_passes_window", "visitor_passes", ["community_id", "until"], unique=False)
    op.create_index(
        "ix_visitor_passes_plate",
        "visitor_passes",
        ["community_id", "plate_hash"],
        unique=False,
        postgresql_where=sa.text("plate_hash IS NOT NULL"),
    )
    op.create_index(
        "ix_visitor_passes_nameless",
        "visitor_passes",
        ["until"],
        unique=False,
        postgresql_where=sa.text("anonymised_at IS NULL"),
    )
    op.create_table(
        "visitor_asked",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["visitor_passes.number"], name=op.f("fk_visitor_asked_number")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_visitor_asked_resident_id")),
        sa.PrimaryKeyConstraint("number", "resident_id", name=op.f("pk_visitor_asked")),
    )
    op.create_index("ix_visitor_asked_resident", "visitor_asked", ["resident_id", "asked_at"], unique=False)
    op.drop_constraint(op.f("ck_reveals_what"), "reveals", type_="check")
    op.create_check_constraint(op.f("ck_reveals_what"), "reveals", f"what IN ({SHOWN}, 'visitor', 'host')")


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.execute("DELETE FROM reveals WHERE what IN ('visitor', 'host')")
    op.drop_constraint(op.f("ck_reveals_what"), "reveals", type_="check")
    op.create_check_constraint(op.f("ck_reveals_what"), "reveals", f"what IN ({SHOWN})")
    op.drop_index("ix_visitor_asked_resident", table_name="visitor_asked")
    op.drop_table("visitor_asked")
    op.drop_index("ix_visitor_passes_nameless", table_name="visitor_passes")
    op.drop_index("ix_visitor_passes_plate", table_name="visitor_passes")
    op.drop_index("ix_visitor_passes_window", table_name="visitor_passes")
    op.drop_table("visitor_passes")
