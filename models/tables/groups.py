"""Incidents, neighbours who met the same fault, and links between orders.

Merging has no table of its own: whom an order follows stands on its own row (`WorkOrder.primary_number`).
"""

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, Index, String, text
from sqlmodel import Field

from models.tables.base import Base, instant, new_id, now


class Incident(Base, table=True):
    """大面积故障: one fault behind many reports, which follow it instead of being dispatched one by one."""

    __tablename__ = "incidents"
    __table_args__ = (
        Index("ix_incidents_open", "community_id", postgresql_where=text("closed_at IS NULL")),
        Index("ix_incidents_community", "community_id", text("opened_at DESC"), text("id DESC")),
        CheckConstraint("came_to IN ('finished', 'free')", name="came_to"),
        CheckConstraint("(closed_at IS NULL) = (came_to IS NULL)", name="closed"),
    )
    id: str = Field(default_factory=lambda: new_id("inc"), primary_key=True)
    community_id: str = Field(foreign_key="communities.id")
    order_kind: str = "repair"
    kind: str
    """`power_cut`, `lift_down`, `burst_main`, `no_water`, `other`."""
    title: str
    text: str
    """What owners read, and what whoever reports the same is answered with."""
    categories: list[str] = Field(sa_type=ARRAY(String))  # type: ignore[call-overload]
    """Category codes of the reports that it takes in."""
    building_ids: list[str] = Field(default_factory=list, sa_type=ARRAY(String))  # type: ignore[call-overload]
    """Empty: the whole community."""
    takes_emergencies: bool = False
    opened_by: str = Field(foreign_key="staff.id")
    opened_at: datetime = instant(default_factory=now)
    closed_by: str | None = Field(default=None, foreign_key="staff.id")
    closed_at: datetime | None = instant(nullable=True, default=None)
    closing_text: str | None = None
    came_to: str | None = None
    """What becomes of its reports: `finished`, each reporter is asked whether it is well; `free`, each goes its way."""


class PublicJoin(Base, table=True):
    """我也遇到: a neighbour who is told how a repair in a public area goes on."""

    __tablename__ = "public_joins"
    number: str = Field(primary_key=True, foreign_key="work_orders.number")
    resident_id: str = Field(primary_key=True, foreign_key="residents.id")
    joined_at: datetime = instant(default_factory=now)


class OrderLink(Base, table=True):
    """Two orders that have to do with each other, in the order of their numbers. No lifecycle takes notice of it."""

    __tablename__ = "order_links"
    __table_args__ = (
        Index("ix_order_links_other", "other"),
        CheckConstraint("number < other", name="in_order"),
    )
    number: str = Field(primary_key=True, foreign_key="work_orders.number")
    other: str = Field(primary_key=True, foreign_key="work_orders.number")
    why: str = "related"
    """`related`, or what the product itself has linked them for."""
    note: str | None = None
    by_id: str
    at: datetime = instant(default_factory=now)
