"""Plates that two homes name.

Revision: 0012
Follows: 0011
Created: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""

PLATE = ["community_id", "plate_hash"]
COUNTS = sa.text("ended_at IS NULL AND NOT claimed")
OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.add_column("vehicles", sa.Column("claimed", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column("vehicles", sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("ux_vehicles_plate", "vehicles")
    op.create_index("ux_vehicles_plate", "vehicles", PLATE, unique=True, postgresql_where=COUNTS)
    op.create_index("ux_vehicles_household", "vehicles", ["house_id", "plate_hash"], unique=True, postgresql_where=OPEN)


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.execute("UPDATE vehicles SET ended_at = now() WHERE claimed AND ended_at IS NULL")
    op.drop_index("ux_vehicles_household", "vehicles")
    op.drop_index("ux_vehicles_plate", "vehicles")
    op.create_index("ux_vehicles_plate", "vehicles", PLATE, unique=True, postgresql_where=OPEN)
    op.drop_column("vehicles", "checked_at")
    op.drop_column("vehicles", "claimed")
