"""Visitors whose names are still known, and long stays, are found by community and by when they end.

Revision: 0022
Follows: 0021
Created: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""

NAMED = sa.text("anonymised_at IS NULL")
LONG = sa.text("type = 'long_stay'")


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.drop_index("ix_visitor_passes_nameless", "visitor_passes")
    op.create_index("ix_visitor_passes_named", "visitor_passes", ["community_id", "until"], postgresql_where=NAMED)
    op.create_index("ix_visitor_passes_long", "visitor_passes", ["community_id", "until"], postgresql_where=LONG)


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.drop_index("ix_visitor_passes_long", "visitor_passes")
    op.drop_index("ix_visitor_passes_named", "visitor_passes")
    op.create_index("ix_visitor_passes_nameless", "visitor_passes", ["until"], postgresql_where=NAMED)
