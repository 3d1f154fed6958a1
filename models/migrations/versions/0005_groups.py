"""Groups of merged orders, incidents and public works.

Revision: 0005
Follows: 0004
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("order_kind", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("categories", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("building_ids", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("takes_emergencies", sa.Boolean(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing_text", sa.String(), nullable=True),
        sa.Column("came_to", sa.String(), nullable=True),
        sa.CheckConstraint("came_to IN ('finished', 'free')", name=op.f("ck_incidents_came_to")),
        sa.CheckConstraint("(closed_at IS NULL) = (came_to IS NULL)", name=op.f("ck_incidents_closed")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_incidents_community_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["staff.id"], name=op.f("fk_incidents_opened_by")),
        sa.ForeignKeyConstraint(["closed_by"], ["staff.id"], name=op.f("fk_incidents_closed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index("ix_incidents_open", "incidents", ["community_id"], postgresql_where=sa.text("closed_at IS NULL"))
    op.create_index(
        "ix_incidents_community", "incidents", ["community_id", sa.text("opened_at DESC"), sa.text("id DESC")]
    )
    op.create_table(
        "public_joins",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["work_orders.number"], name=op.f("fk_public_joins_number")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_public_joins_resident_id")),
        sa.PrimaryKeyConstraint("number", "resident_id", name=op.f("pk_public_joins")),
    )
    op.create_table(
        "order_links",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("by_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number < other", name=op.f("ck_order_links_in_order")),
        sa.ForeignKeyConstraint(["number"], ["work_orders.number"], name=op.f("fk_order_links_number")),
        sa.ForeignKeyConstraint(["other"], ["work_orders.number"], name=op.f("fk_order_links_other")),
        sa.PrimaryKeyConstraint("number", "other", name=op.f("pk_order_links")),
    )
    op.create_index("ix_order_links_other", "order_links", ["other"])
    op.add_column("work_orders", sa.Column("primary_number", sa.String(), nullable=True))
    op.add_column("work_orders", sa.Column("incident_id", sa.String(), nullable=True))
    op.add_column("work_orders", sa.Column("heir_number", sa.String(), nullable=True))
    op.add_column(
        "work_orders", sa.Column("accompanied", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_foreign_key(
        op.f("fk_work_orders_primary_number"), "work_orders", "work_orders", ["primary_number"], ["number"]
    )
    op.create_foreign_key(op.f("fk_work_orders_incident_id"), "work_orders", "incidents", ["incident_id"], ["id"])
    op.create_index(
        "ix_work_orders_followers",
        "work_orders",
        ["primary_number"],
        postgresql_where=sa.text("primary_number IS NOT NULL"),
    )
    op.create_index(
        "ix_work_orders_incident", "work_orders", ["incident_id"], postgresql_where=sa.text("incident_id IS NOT NULL")
    )
    op.alter_column("notices", "number", nullable=True)
    op.add_column("notices", sa.Column("incident_id", sa.String(), nullable=True))
    op.create_foreign_key(op.f("fk_notices_incident_id"), "notices", "incidents", ["incident_id"], ["id"])
    op.create_check_constraint(op.f("ck_notices_subject"), "notices", "num_nonnulls(number, incident_id) = 1")


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.execute("DELETE FROM notices WHERE number IS NULL")
    op.drop_constraint(op.f("ck_notices_subject"), "notices")
    op.drop_column("notices", "incident_id")
    op.alter_column("notices", "number", nullable=False)
    op.drop_index("ix_work_orders_incident", "work_orders")
    op.drop_index("ix_work_orders_followers", "work_orders")
    for column in ("accompanied", "heir_number", "incident_id", "primary_number"):
        op.drop_column("work_orders", column)
    op.drop_table("order_links")
    op.drop_table("public_joins")
    op.drop_table("incidents")
