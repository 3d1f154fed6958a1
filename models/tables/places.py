"""Communities, buildings, units and houses."""

from datetime import date

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from models.tables.base import Base, new_id


class Community(Base, table=True):
    __tablename__ = "communities"
    id: str = Field(default_factory=lambda: new_id("com"), primary_key=True)
    code: str = Field(unique=True)
    name: str
    duty_phone: str
    """The published 24-hour telephone, shown before the form for emergencies."""


class Building(Base, table=True):
    __tablename__ = "buildings"
    __table_args__ = (UniqueConstraint("community_id", "name"),)
    id: str = Field(default_factory=lambda: new_id("bld"), primary_key=True)
    community_id: str = Field(foreign_key="communities.id", index=True)
    zone: str | None = None
    name: str
    """As people say it: `1栋`."""
    units: int = 1
    floors: int = 1


class House(Base, table=True):
    __tablename__ = "houses"
    __table_args__ = (UniqueConstraint("community_id", "label"),)
    id: str = Field(default_factory=lambda: new_id("hse"), primary_key=True)
    community_id: str = Field(foreign_key="communities.id", index=True)
    building_id: str | None = Field(default=None, foreign_key="buildings.id", index=True)
    unit: str | None = None
    floor: int | None = None
    label: str
    """`1栋1单元101室`."""
    kind: str = "residence"
    status: str = "occupied"
    warranty_until: date | None = None
