"""Notices that may go by SMS, and staff's phones.

Revision: 0013
Follows: 0012
Created: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.add_column("notices", sa.Column("sms", sa.String(), nullable=True))
    op.add_column("staff", sa.Column("phone_sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.drop_column("staff", "phone_sealed")
    op.drop_column("notices", "sms")
