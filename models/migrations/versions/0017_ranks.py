"""Where a task stands in the boxes stands on the task itself. The next migration fills it in.

Revision: 0017
Follows: 0016
Created: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.add_column("tasks", sa.Column("rank", sa.SmallInteger(), server_default=sa.text("5"), nullable=False))


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.drop_column("tasks", "rank")
