"""A notice may be about a plate that a household has registered, which concerns no order.

Revision: 0021
Follows: 0020
Created: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.add_column("notices", sa.Column("vehicle_id", sa.String(), nullable=True))
    op.create_foreign_key(op.f("fk_notices_vehicle_id"), "notices", "vehicles", ["vehicle_id"], ["id"])
    op.drop_constraint(op.f("ck_notices_subject"), "notices")
    op.create_check_constraint(
        op.f("ck_notices_subject"), "notices", "num_nonnulls(number, incident_id, patrol_id, vehicle_id) = 1"
    )


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.execute("DELETE FROM notices WHERE vehicle_id IS NOT NULL")
    op.drop_constraint(op.f("ck_notices_subject"), "notices")
    op.create_check_constraint(
        op.f("ck_notices_subject"), "notices", "num_nonnulls(number, incident_id, patrol_id) = 1"
    )
    op.drop_column("notices", "vehicle_id")
