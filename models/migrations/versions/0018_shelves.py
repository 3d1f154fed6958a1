"""Open tasks are given the rank of their order, and two indexes keep the boxes in order.

Revision: 0018
Follows: 0017
Created: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""

RANKS = """
    UPDATE tasks SET rank = CASE w.priority WHEN 'emergency' THEN 0 WHEN 'high' THEN 2 ELSE 4 END
        + CASE WHEN w.urged > 0 THEN 0 ELSE 1 END
    FROM work_orders w WHERE w.number = tasks.number AND tasks.closed_at IS NULL
"""
"""Nobody asks for the rank of a closed one. The rows of open tasks are locked until all is done, and their next steps
wait for it: three to six seconds for a hundred thousand of them. Everybody reads on; new orders wait for the indexes
alone, a second. What a program of the version before takes in after this stands last until its next step.
"""


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.execute(RANKS)
    op.create_index(
        "ix_tasks_held",
        "tasks",
        ["holder_id", "community_id", "order_kind", "rank", sa.text("coalesce(due_at, 'infinity'::timestamptz)"), "id"],
        postgresql_where=sa.text("closed_at IS NULL AND holder_id IS NOT NULL"),
    )
    op.create_index(
        "ix_tasks_waiting",
        "tasks",
        [
            "community_id",
            "order_kind",
            sa.text("(holder_id IS NULL)"),
            "roles",
            "also_seen_by",
            "rank",
            sa.text("coalesce(due_at, 'infinity'::timestamptz)"),
            "id",
        ],
        postgresql_where=sa.text("closed_at IS NULL AND (holder_id IS NULL OR also_seen_by <> '{}'::varchar[])"),
    )
    op.drop_index("ix_tasks_holder_open", "tasks")
    op.drop_index("ix_tasks_community_open", "tasks")


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.create_index(
        "ix_tasks_community_open", "tasks", ["community_id", "kind"], postgresql_where=sa.text("closed_at IS NULL")
    )
    op.create_index("ix_tasks_holder_open", "tasks", ["holder_id"], postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_index("ix_tasks_waiting", "tasks")
    op.drop_index("ix_tasks_held", "tasks")
