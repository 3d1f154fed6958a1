"""Visitors' passes. Who comes stands here and nowhere else; the order and its workflow know ids and times alone.

The row is the authority on a pass: a gate that has a network asks it. Columns for gates (groups, the code's own id)
come with them.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field

from models.tables.base import Base, instant


class VisitorPass(Base, table=True):
    """Names, phones and plates are sealed, with keyed hashes beside them by which they are found."""

    __tablename__ = "visitor_passes"
    __table_args__ = (
        CheckConstraint("type IN ('guest', 'delivery', 'service', 'long_stay')", name="type"),
        CheckConstraint("until > since", name="window"),
        CheckConstraint("used <= entries", name="entries"),
        Index("ix_visitor_passes_window", "community_id", "until"),
        Index("ix_visitor_passes_plate", "community_id", "plate_hash", postgresql_where=text("plate_hash IS NOT NULL")),
        Index("ix_visitor_passes_long", "community_id", "until", postgresql_where=text("type = 'long_stay'")),
        Index("ix_visitor_passes_named", "community_id", "until", postgresql_where=text("anonymised_at IS NULL")),
    )
    number: str = Field(primary_key=True, foreign_key="work_orders.number")
    community_id: str = Field(foreign_key="communities.id")
    house_id: str = Field(foreign_key="houses.id")
    type: str
    walk_in: bool
    since: datetime = instant()
    until: datetime = instant()
    purpose: str | None = None
    persons: int
    entries: int
    used: int
    name_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    name_hash: str | None = None
    phone_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    tail_hash: str | None = None
    """Of the last four digits of the phone, by which guards ask."""
    plate_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    plate_hash: str | None = None
    arrived_at: datetime | None = instant(nullable=True, default=None)
    """The first time."""
    left_at: datetime | None = instant(nullable=True, default=None)
    """The last time; null while the visitor is inside."""
    revoked_at: datetime | None = instant(nullable=True, default=None)
    anonymised_at: datetime | None = instant(nullable=True, default=None)
    """When name, phone, plate and purpose were taken away; the visit stays, to be counted."""


class VisitorAsked(Base, table=True):
    """A resident who was asked about a walk-in, who has no maker."""

    __tablename__ = "visitor_asked"
    __table_args__ = (Index("ix_visitor_asked_resident", "resident_id", "asked_at"),)
    number: str = Field(primary_key=True, foreign_key="visitor_passes.number")
    resident_id: str = Field(primary_key=True, foreign_key="residents.id")
    asked_at: datetime = instant()
