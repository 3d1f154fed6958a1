"""Vehicles and move-car requests.

Revision: 0009
Follows: 0008
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.create_table(
        "vehicles",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("plate_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("plate_hash", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("house_id", sa.String(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_vehicles_community_id")),
        sa.ForeignKeyConstraint(["house_id"], ["houses.id"], name=op.f("fk_vehicles_house_id")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_vehicles_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicles")),
    )
    op.create_index(op.f("ix_vehicles_house_id"), "vehicles", ["house_id"], unique=False)
    op.create_index(op.f("ix_vehicles_resident_id"), "vehicles", ["resident_id"], unique=False)
    op.create_index(
        "ux_vehicles_plate",
        "vehicles",
        ["community_id", "plate_hash"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "move_cars",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("plate_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("plate_hash", sa.String(), nullable=False),
        sa.Column("joinable", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_move_cars_community_id")),
        sa.ForeignKeyConstraint(["number"], ["work_orders.number"], name=op.f("fk_move_cars_number")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_move_cars")),
    )
    op.create_index("ix_move_cars_plate", "move_cars", ["plate_hash"], unique=False)
    op.create_index(
        "ux_move_cars_joinable",
        "move_cars",
        ["community_id", "plate_hash"],
        unique=True,
        postgresql_where=sa.text("joinable"),
    )
    op.create_table(
        "move_car_people",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("side IN ('requester', 'user')", name=op.f("ck_move_car_people_side")),
        sa.ForeignKeyConstraint(["number"], ["move_cars.number"], name=op.f("fk_move_car_people_number")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_move_car_people_resident_id")),
        sa.PrimaryKeyConstraint("number", "resident_id", name=op.f("pk_move_car_people")),
    )
    op.create_index("ix_move_car_people_resident", "move_car_people", ["resident_id", "side", "since"], unique=False)
    op.drop_constraint(op.f("ck_reveals_what"), "reveals", type_="check")
    op.create_check_constraint(
        op.f("ck_reveals_what"), "reveals", "what IN ('contact', 'reporter', 'identity', 'car_user')"
    )


def downgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.execute("DELETE FROM reveals WHERE what = 'car_user'")
    op.drop_constraint(op.f("ck_reveals_what"), "reveals", type_="check")
    op.create_check_constraint(op.f("ck_reveals_what"), "reveals", "what IN ('contact', 'reporter', 'identity')")
    op.drop_index("ix_move_car_people_resident", table_name="move_car_people")
    op.drop_table("move_car_people")
    op.drop_index("ux_move_cars_joinable", table_name="move_cars", postgresql_where=sa.text("joinable"))
    op.drop_index("ix_move_cars_plate", table_name="move_cars")
    op.drop_table("move_cars")
    op.drop_index("ux_vehicles_plate", table_name="vehicles", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index(op.f("ix_vehicles_resident_id"), table_name="vehicles")
    op.drop_index(op.f("ix_vehicles_house_id"), table_name="vehicles")
    op.drop_table("vehicles")
