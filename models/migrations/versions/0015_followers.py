"""Who follows the service account, and the id by which WeChat knows one person on both of our accounts.

Revision: 0015
Follows: 0014
Created: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.create_table(
        "followers",
        sa.Column("unionid", sa.String(), nullable=False),
        sa.Column("openid", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("unionid", name=op.f("pk_followers")),
        sa.UniqueConstraint("openid", name=op.f("uq_followers_openid")),
    )
    op.add_column("residents", sa.Column("unionid", sa.String(), nullable=True))
    op.create_unique_constraint(op.f("uq_residents_unionid"), "residents", ["unionid"])


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.drop_constraint(op.f("uq_residents_unionid"), "residents", type_="unique")
    op.drop_column("residents", "unionid")
    op.drop_table("followers")
