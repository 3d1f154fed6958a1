"""When staff work, when they are away and who acts for them, and how those who leave hand their tasks over."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from models.tables.base import Base, instant, new_id, now


class DutyTurn(Base, table=True):
    """One turn of duty, of a person or of a whole team of a community."""

    __tablename__ = "duty_turns"
    __table_args__ = (
        Index("ix_duty_turns_staff", "staff_id", "starts_at"),
        Index("ix_duty_turns_team", "team", "community_id", "starts_at"),
        CheckConstraint("(staff_id IS NULL) = (team IS NOT NULL)", name="whose"),
        CheckConstraint("(team IS NULL) = (community_id IS NULL)", name="team_of"),
        CheckConstraint("starts_at < ends_at", name="order"),
    )
    id: str = Field(default_factory=lambda: new_id("sft"), primary_key=True)
    staff_id: str | None = Field(default=None, foreign_key="staff.id")
    team: str | None = None
    community_id: str | None = Field(default=None, foreign_key="communities.id")
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    planned_by: str = Field(foreign_key="staff.id")
    created_at: datetime = instant(default_factory=now)


class Absence(Base, table=True):
    """Days on which somebody is away, both included, and who acts for them meanwhile."""

    __tablename__ = "absences"
    __table_args__ = (
        Index("ix_absences_staff", "staff_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_absences_deputy", "deputy_id", postgresql_where=text("ended_at IS NULL")),
        CheckConstraint("since <= until", name="order"),
        CheckConstraint("deputy_id <> staff_id", name="other"),
    )
    id: str = Field(default_factory=lambda: new_id("abs"), primary_key=True)
    staff_id: str = Field(foreign_key="staff.id")
    deputy_id: str | None = Field(default=None, foreign_key="staff.id")
    since: date
    until: date
    recorded_by: str = Field(foreign_key="staff.id")
    created_at: datetime = instant(default_factory=now)
    ended_at: datetime | None = instant(nullable=True, default=None)
    """Withdrawn, or back earlier than planned; from then on it counts for nothing."""


class Departure(Base, table=True):
    """A person who left, and how many tasks they left behind.

    What of them still lies with the person is counted in `tasks`, so that the progress shown cannot be wrong.
    """

    __tablename__ = "departures"
    __table_args__ = (Index("ix_departures_staff", "staff_id", "left_at"),)
    id: str = Field(default_factory=lambda: new_id("dep"), primary_key=True)
    staff_id: str = Field(foreign_key="staff.id")
    deputy_id: str | None = Field(default=None, foreign_key="staff.id")
    tasks: int = 0
    recorded_by: str = Field(foreign_key="staff.id")
    left_at: datetime = instant(default_factory=now)
    rejoined_at: datetime | None = instant(nullable=True, default=None)
