"""What operators look at.

Revision: 0006
Follows: 0005
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""

LIVING = "open OR workflow_ended_at IS NULL"
DEAD = "delivery = 'uncertain' OR (delivery = 'centre_only' AND error IS NOT NULL)"


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.create_table(
        "operator_acts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=True),
        sa.Column("remedy", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("trouble", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_operator_acts_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_acts")),
    )
    op.create_index(op.f("ix_operator_acts_at"), "operator_acts", ["at"])
    op.create_index(op.f("ix_operator_acts_subject"), "operator_acts", ["subject"])
    op.create_table(
        "drift_findings",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["work_orders.number"], name=op.f("fk_drift_findings_number_work_orders")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_drift_findings")),
    )
    op.create_index(
        "ix_work_orders_unstarted",
        "work_orders",
        ["submitted_at"],
        postgresql_where=sa.text("started_at IS NULL AND workflow_ended_at IS NULL"),
    )
    op.create_index(
        "ix_work_orders_failing", "work_orders", ["number"], postgresql_where=sa.text("projection_error IS NOT NULL")
    )
    op.create_index("ix_work_orders_living", "work_orders", ["number"], postgresql_where=sa.text(LIVING))
    op.create_index("ix_photos_unfinished", "photos", ["created_at"], postgresql_where=sa.text("status = 'uploaded'"))
    op.create_index("ix_notices_dead", "notices", ["created_at"], postgresql_where=sa.text(DEAD))


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.drop_index("ix_notices_dead", table_name="notices")
    op.drop_index("ix_photos_unfinished", table_name="photos")
    for name in ("living", "failing", "unstarted"):
        op.drop_index(f"ix_work_orders_{name}", table_name="work_orders")
    op.drop_table("drift_findings")
    op.drop_table("operator_acts")
