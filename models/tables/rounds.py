"""Rounds and their patrols, the shifts of a guard post and their log."""

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, Index, Integer, String, UniqueConstraint, text
from sqlmodel import Field

from models.tables.base import Base, instant, new_id, now

ONE_DUTY = "num_nonnulls(duty_role, duty_team, duty_staff) = 1"


class Round(Base, table=True):
    """A plan. The database is the truth; `applied_version` tells how far the Temporal Schedule has followed it."""

    __tablename__ = "rounds"
    __table_args__ = (
        CheckConstraint(ONE_DUTY, name="duty"),
        Index("ix_rounds_unapplied", "id", postgresql_where=text("applied_version < version")),
    )
    id: str = Field(default_factory=lambda: new_id("rnd"), primary_key=True)
    community_id: str = Field(foreign_key="communities.id", index=True)
    title: str
    building_id: str | None = Field(default=None, foreign_key="buildings.id")
    spot: str
    category: str
    checks: list[str] = Field(sa_type=ARRAY(String))  # type: ignore[call-overload]
    weekdays: list[int] = Field(sa_type=ARRAY(Integer))  # type: ignore[call-overload]
    times: list[str] = Field(sa_type=ARRAY(String))  # type: ignore[call-overload]
    """`08:00`, civil time of China."""
    duty_role: str | None = None
    duty_team: str | None = None
    duty_staff: str | None = Field(default=None, foreign_key="staff.id")
    paused: bool = False
    version: int = 1
    applied_version: int = 0
    planned_by: str = Field(foreign_key="staff.id")
    planned_at: datetime = instant(default_factory=now)
    """When this version was written: what should have begun before belongs to another plan."""


class Patrol(Base, table=True):
    """One walk of a round, as the round was when it began. The time it was planned for makes it once only."""

    __tablename__ = "patrols"
    __table_args__ = (
        UniqueConstraint("round_id", "scheduled_at"),
        CheckConstraint(ONE_DUTY, name="duty"),
        CheckConstraint("status IN ('open', 'done', 'missed')", name="status"),
        Index("ix_patrols_listed", "community_id", text("scheduled_at DESC"), text("id DESC")),
        Index("ix_patrols_open", "community_id", postgresql_where=text("status = 'open'")),
    )
    id: str = Field(default_factory=lambda: new_id("pat"), primary_key=True)
    round_id: str = Field(foreign_key="rounds.id")
    community_id: str = Field(foreign_key="communities.id")
    title: str
    building_id: str | None = Field(default=None, foreign_key="buildings.id")
    spot: str
    category: str
    duty_role: str | None = None
    duty_team: str | None = None
    duty_staff: str | None = Field(default=None, foreign_key="staff.id")
    scheduled_at: datetime = instant()
    due_at: datetime = instant()
    status: str = "open"
    ended_at: datetime | None = instant(nullable=True, default=None)


class PatrolItem(Base, table=True):
    """One thing to look at. `number` is the repair that a finding became."""

    __tablename__ = "patrol_items"
    __table_args__ = (CheckConstraint("result IN ('ok', 'finding')", name="result"),)
    patrol_id: str = Field(foreign_key="patrols.id", primary_key=True)
    position: int = Field(primary_key=True)
    title: str
    result: str | None = None
    note: str | None = None
    number: str | None = Field(default=None, foreign_key="work_orders.number", index=True)
    by_id: str | None = Field(default=None, foreign_key="staff.id")
    at: datetime | None = instant(nullable=True, default=None)


class Shift(Base, table=True):
    """A shift at a post: begun, handed over by one, taken over by another. A post has one that is not taken over."""

    __tablename__ = "shifts"
    __table_args__ = (
        Index(
            "uq_shifts_one_open", "community_id", "post", unique=True, postgresql_where=text("taken_over_at IS NULL")
        ),
        Index("ix_shifts_listed", "community_id", text("begun_at DESC"), text("id DESC")),
        CheckConstraint("handed_over_by <> taken_over_by", name="two_people"),
        CheckConstraint("taken_over_at IS NULL OR handed_over_at IS NOT NULL", name="in_order"),
    )
    id: str = Field(default_factory=lambda: new_id("shf"), primary_key=True)
    community_id: str = Field(foreign_key="communities.id")
    post: str
    begun_at: datetime = instant(default_factory=now)
    begun_by: str = Field(foreign_key="staff.id")
    previous_id: str | None = Field(default=None, foreign_key="shifts.id", unique=True)
    handed_over_at: datetime | None = instant(nullable=True, default=None)
    handed_over_by: str | None = Field(default=None, foreign_key="staff.id")
    taken_over_at: datetime | None = instant(nullable=True, default=None)
    taken_over_by: str | None = Field(default=None, foreign_key="staff.id")


class ShiftEntry(Base, table=True):
    """A line of the log. An open point that is carried on becomes a line of the next shift with the same origin."""

    __tablename__ = "shift_entries"
    id: str = Field(default_factory=lambda: new_id("ent"), primary_key=True)
    shift_id: str = Field(foreign_key="shifts.id", index=True)
    origin_id: str
    """The line that it was first, in whichever shift; its own id for a new one. Photos hang on the origin."""
    at: datetime = instant(default_factory=now)
    by_id: str = Field(foreign_key="staff.id")
    text: str
    open_point: bool = False
    settled_at: datetime | None = instant(nullable=True, default=None)
    settled_by: str | None = Field(default=None, foreign_key="staff.id")


class ShiftPhoto(Base, table=True):
    """A photo is shown with one line and its carried copies."""

    __tablename__ = "shift_photos"
    photo_id: str = Field(foreign_key="photos.id", primary_key=True)
    entry_id: str = Field(foreign_key="shift_entries.id", index=True)
