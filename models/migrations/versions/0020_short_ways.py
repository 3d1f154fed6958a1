"""Indexes for what was found by reading everything: lists by kind, what is open or public, ratings, and what is swept.

Revision: 0020
Follows: 0019
Created: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""

NEWEST = [sa.text("submitted_at DESC"), sa.text("number DESC")]


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.create_index("ix_work_orders_kind", "work_orders", ["community_id", "kind", *NEWEST])
    op.drop_index("ix_work_orders_open", "work_orders")
    op.create_index("ix_work_orders_open", "work_orders", ["community_id", *NEWEST], postgresql_where=sa.text("open"))
    op.create_index(
        "ix_work_orders_public",
        "work_orders",
        ["community_id", *NEWEST],
        postgresql_where=sa.text("open AND kind = 'repair' AND house_id IS NULL"),
    )
    op.create_index(
        "ix_work_orders_rated",
        "work_orders",
        ["community_id", "closed_at"],
        postgresql_where=sa.text("rating_result IS NOT NULL"),
    )
    op.drop_index("ix_work_orders_touched", "work_orders")
    op.create_index(
        "ix_work_orders_touched", "work_orders", ["touched_at"], postgresql_where=sa.text("workflow_ended_at IS NULL")
    )
    op.create_index("ix_outbox_done", "outbox", ["done_at"], postgresql_where=sa.text("done_at IS NOT NULL"))
    op.drop_index("ix_photos_unfinished", "photos")
    op.create_index(
        "ix_photos_unfinished",
        "photos",
        ["status", "created_at"],
        postgresql_where=sa.text("status IN ('awaiting', 'uploaded')"),
    )


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.drop_index("ix_photos_unfinished", "photos")
    op.create_index("ix_photos_unfinished", "photos", ["created_at"], postgresql_where=sa.text("status = 'uploaded'"))
    op.drop_index("ix_outbox_done", "outbox")
    op.drop_index("ix_work_orders_touched", "work_orders")
    op.create_index("ix_work_orders_touched", "work_orders", ["touched_at"], postgresql_where=sa.text("open"))
    op.drop_index("ix_work_orders_rated", "work_orders")
    op.drop_index("ix_work_orders_public", "work_orders")
    op.drop_index("ix_work_orders_open", "work_orders")
    op.create_index("ix_work_orders_open", "work_orders", ["community_id", "stage"], postgresql_where=sa.text("open"))
    op.drop_index("ix_work_orders_kind", "work_orders")
