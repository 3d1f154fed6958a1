"""Complaints and suggestions.

Revision: 0008
Follows: 0007
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""


INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.add_column(
        "work_orders", sa.Column("excluded", sa.ARRAY(sa.String()), nullable=False, server_default=sa.text("'{}'"))
    )
    op.create_table(
        "aliases",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_aliases_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aliases")),
    )
    op.create_index(op.f("ix_aliases_resident_id"), "aliases", ["resident_id"])
    op.create_table(
        "board_posts",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["number"], ["work_orders.number"], name=op.f("fk_board_posts_number")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_board_posts_community_id")),
        sa.ForeignKeyConstraint(["published_by"], ["staff.id"], name=op.f("fk_board_posts_published_by")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_board_posts")),
    )
    op.create_index(op.f("ix_board_posts_community_id"), "board_posts", ["community_id"])
    op.drop_constraint(op.f("ck_reveals_what"), "reveals")
    op.create_check_constraint(op.f("ck_reveals_what"), "reveals", "what IN ('contact', 'reporter', 'identity')")


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.execute("DELETE FROM reveals WHERE what = 'identity'")
    op.drop_constraint(op.f("ck_reveals_what"), "reveals")
    op.create_check_constraint(op.f("ck_reveals_what"), "reveals", "what IN ('contact', 'reporter')")
    op.drop_table("board_posts")
    op.drop_table("aliases")
    op.drop_column("work_orders", "excluded")
