"""Cars that are registered, and who is concerned when one has to be moved.

Plates are sealed, with a keyed hash beside them by which they are found. Who asks and who is asked stand here and in
the order's state, never in anything that the other side can read.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field

from models.tables.base import Base, instant, new_id, now


class Vehicle(Base, table=True):
    """A plate that a household has registered. It ends with the household's ties."""

    __tablename__ = "vehicles"
    __table_args__ = (
        Index(
            "ux_vehicles_plate",
            "community_id",
            "plate_hash",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND NOT claimed"),
        ),
        Index(
            "ux_vehicles_household", "house_id", "plate_hash", unique=True, postgresql_where=text("ended_at IS NULL")
        ),
    )
    id: str = Field(default_factory=lambda: new_id("car"), primary_key=True)
    community_id: str = Field(foreign_key="communities.id")
    plate_sealed: bytes = Field(sa_type=LargeBinary)
    plate_hash: str
    resident_id: str = Field(foreign_key="residents.id", index=True)
    """The registrant, who is asked first."""
    house_id: str = Field(foreign_key="houses.id", index=True)
    """Whose household may answer for the car."""
    registered_at: datetime = instant(default_factory=now)
    claimed: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Another home's record of the same plate counts, until a clerk decides."""
    checked_at: datetime | None = instant(nullable=True, default=None)
    """When a clerk last found that it is true."""
    ended_at: datetime | None = instant(nullable=True, default=None)


class MoveCarRow(Base, table=True):
    """The plate of a request to move a car."""

    __tablename__ = "move_cars"
    __table_args__ = (
        Index("ux_move_cars_joinable", "community_id", "plate_hash", unique=True, postgresql_where=text("joinable")),
        Index("ix_move_cars_plate", "plate_hash"),
    )
    number: str = Field(primary_key=True, foreign_key="work_orders.number")
    community_id: str = Field(foreign_key="communities.id")
    plate_sealed: bytes = Field(sa_type=LargeBinary)
    plate_hash: str
    joinable: bool = True
    """The one request that others about the same plate join. Whoever finds it too old, or over, takes it back."""


class MoveCarPerson(Base, table=True):
    """A resident on one of the two sides. Nobody is on both: asking for one's own car to be moved is refused."""

    __tablename__ = "move_car_people"
    __table_args__ = (
        CheckConstraint("side IN ('requester', 'user')", name="side"),
        Index("ix_move_car_people_resident", "resident_id", "side", "since"),
    )
    number: str = Field(primary_key=True, foreign_key="move_cars.number")
    resident_id: str = Field(primary_key=True, foreign_key="residents.id")
    side: str
    since: datetime = instant()
    left_at: datetime | None = instant(nullable=True, default=None)
    """When a requester gave up waiting while others went on."""
