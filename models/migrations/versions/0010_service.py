"""Orders that follow another.

Revision: 0010
Follows: 0009
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.add_column("work_orders", sa.Column("follows", sa.String(), nullable=True))
    op.create_foreign_key("fk_work_orders_follows_work_orders", "work_orders", "work_orders", ["follows"], ["number"])
    op.create_index(
        "ux_work_orders_follows",
        "work_orders",
        ["follows"],
        unique=True,
        postgresql_where=sa.text("follows IS NOT NULL AND stage NOT IN ('cancelled', 'rejected')"),
    )


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.drop_index("ux_work_orders_follows", "work_orders")
    op.drop_constraint("fk_work_orders_follows_work_orders", "work_orders")
    op.drop_column("work_orders", "follows")
