"""工作日历: what counts as working time in a community. Pure arithmetic on times that the caller passes in.

Public holidays and the weekend days worked in exchange (调休) come in as data, as far as they have been announced;
after `known_until` the community's plain week goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain, pairwise, takewhile
from typing import Annotated, Any, Final, NamedTuple, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from models.domain.numbers import CHINA

DAY_MINUTES: Final = 24 * 60
ONE_DAY: Final = timedelta(days=1)
FIRST_DAYS: Final = timedelta(days=14)
_HOURS: Final = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_DAY_PATTERN: Final = r"^(\d{1,2}:\d{2}-\d{1,2}:\d{2}( \d{1,2}:\d{2}-\d{1,2}:\d{2})*)?$"


Span = tuple[datetime, datetime]


class Hours(NamedTuple):
    """Opening and closing in minutes after midnight; a day may end at 24:00."""

    begin: int
    end: int

    def __str__(self) -> str:
        return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in self)


def _day(said: Any) -> tuple[Hours, ...]:
    """`08:30-12:00 13:30-18:00`, or nothing for a day off. Raises ValueError."""
    return _read(said) if isinstance(said, str) else tuple(Hours(*hours) for hours in said)


@lru_cache(maxsize=100)
def _read(said: str) -> tuple[Hours, ...]:
    """Kept, because every order that is read says all seven days; refusals are not. Raises ValueError."""
    hours = tuple(_hours(part) for part in said.replace(",", " ").replace("，", " ").split())
    minutes = [minute for window in hours for minute in window]
    if any(later <= earlier for earlier, later in pairwise(minutes)):
        raise ValueError("时段要按先后填写，不能重叠")
    return hours


def _hours(said: str) -> Hours:
    found = _HOURS.fullmatch(said.replace("：", ":").replace("–", "-"))
    if found is None:
        raise ValueError("时段写作 08:30-12:00，几段之间空一格")
    begin_hour, begin_minute, end_hour, end_minute = map(int, found.groups())
    hours = Hours(begin_hour * 60 + begin_minute, end_hour * 60 + end_minute)
    if max(begin_minute, end_minute) > 59 or hours.end > DAY_MINUTES:
        raise ValueError("时刻须在 00:00 至 24:00 之间")
    return hours


@lru_cache(maxsize=100)
def _said(day: tuple[Hours, ...]) -> str:
    """Kept, because every order that is written says all seven days."""
    return " ".join(map(str, day))


Day = Annotated[
    tuple[Hours, ...],
    BeforeValidator(_day),
    PlainSerializer(_said, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _DAY_PATTERN, "examples": ["08:30-12:00 13:30-18:00"]}),
]
"""The open hours of one day, in the order of the clock; none on a day off."""

Week = Annotated[tuple[Day, ...], Field(min_length=7, max_length=7)]
"""Monday first."""


class Measure(Protocol):
    """How long something takes: by the working calendar, or around the clock."""

    def length(self, limit: timedelta) -> timedelta: ...
    def after(self, start: datetime, *amounts: timedelta) -> tuple[datetime, ...]: ...
    def between(self, start: datetime, end: datetime) -> timedelta: ...


class AroundTheClock:
    """Every hour counts."""

    def length(self, limit: timedelta) -> timedelta:
        return limit

    def after(self, start: datetime, *amounts: timedelta) -> tuple[datetime, ...]:
        return tuple(start + amount for amount in amounts)

    def between(self, start: datetime, end: datetime) -> timedelta:
        return max(end - start, timedelta(0))


class Calendar(BaseModel):
    """A community's working time. Small, because every order carries its own copy."""

    model_config = ConfigDict(frozen=True)

    week: Week
    off: tuple[date, ...] = ()
    """Days without work that the week would work: public holidays and the community's own closures."""
    worked: tuple[date, ...] = ()
    """Days of work that the week would not work. They have the hours of an ordinary day."""
    known_until: date
    """The last day whose holidays have been announced."""

    @model_validator(mode="after")
    def _opens_some_day(self) -> Calendar:
        if not any(self.week):
            raise ValueError("一周至少有一天上班")
        return self

    @property
    def ordinary_day(self) -> tuple[Hours, ...]:
        """The first open day of the week stands for all: it tells how long a working day is."""
        return next(day for day in self.week if day)

    def day(self, day: date) -> tuple[Hours, ...]:
        """The open hours of a date."""
        if day in self.off:
            return ()
        hours = self.week[day.weekday()]
        return self.ordinary_day if not hours and day in self.worked else hours

    def length(self, limit: timedelta) -> timedelta:
        """A promise in working time: its days are working days, the rest is hours and minutes of work."""
        ordinary = timedelta(minutes=sum(hours.end - hours.begin for hours in self.ordinary_day))
        return limit.days * ordinary + timedelta(seconds=limit.seconds)

    def after(self, start: datetime, *amounts: timedelta) -> tuple[datetime, ...]:
        """When each amount of working time will have passed. What ends with the day ends at closing time.

        The amounts are positive and ascend, so that one look along the calendar finds them all.
        """
        found: list[datetime] = []
        passed = timedelta(0)
        spans = self._open_from(start)
        begin, end = next(spans)
        for amount in amounts:
            while amount - passed > end - begin:
                passed += end - begin
                begin, end = next(spans)
            found.append(begin + (amount - passed))
        return tuple(found)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time from `start` to `end` was working time."""
        total = timedelta(0)
        for begin, close in self._open_from(start):
            if begin >= end:
                break
            total += min(close, end) - begin
        return total

    def open_at(self, at: datetime) -> bool:
        here = at.astimezone(CHINA)
        minute = here.hour * 60 + here.minute
        return any(hours.begin <= minute < hours.end for hours in self.day(here.date()))

    def knows(self, at: datetime) -> bool:
        """Whether the holidays up to then have been announced."""
        return at.astimezone(CHINA).date() <= self.known_until

    def _open_from(self, start: datetime) -> Iterator[Span]:
        """The open spans from `start` on, for ever; the first begins there if it is open."""
        day = start.astimezone(CHINA).date()
        for begin, end in chain(_first_spans(self, day), self._spans(day + FIRST_DAYS)):
            if end > start:
                yield max(start, begin), end

    def _spans(self, day: date) -> Iterator[Span]:
        """The open spans of a day and all that follow.

        Midnights are counted on from the first, because China's clocks have not been changed since 1991 and asking a
        time zone for each costs most of all.
        """
        midnight = datetime.combine(day, time(), CHINA).astimezone(UTC)
        while True:
            for hours in self.day(day):
                yield midnight + timedelta(minutes=hours.begin), midnight + timedelta(minutes=hours.end)
            day, midnight = day + ONE_DAY, midnight + ONE_DAY


@lru_cache(maxsize=64)
def _first_spans(calendar: Calendar, day: date) -> tuple[Span, ...]:
    """Where nearly every promise ends. Kept, because each order of a day asks the same for each of its clocks."""
    until = datetime.combine(day + FIRST_DAYS, time(), CHINA)
    return tuple(takewhile(lambda span: span[0] < until, calendar._spans(day)))


class Holidays(BaseModel):
    """What the State Council has announced (国务院办公厅节假日安排), as the edges have read it."""

    model_config = ConfigDict(frozen=True)

    off: frozenset[date]
    worked: frozenset[date]
    known_until: date


def calendar_of(
    week: tuple[tuple[Hours, ...], ...],
    holidays: Holidays,
    closures: frozenset[date],
    opened: frozenset[date],
    since: date,
    until: date,
) -> Calendar:
    """The calendar of a community from `since` to `until`, holding only those days that differ from its week.

    The community's own days win over the announced ones: it may close on a working day, and open on a holiday.
    """
    closed = closures | (holidays.off - opened)
    worked = (opened | holidays.worked) - closures
    return Calendar(
        week=week,
        off=tuple(sorted(day for day in closed if since <= day <= until and week[day.weekday()])),
        worked=tuple(sorted(day for day in worked if since <= day <= until and not week[day.weekday()])),
        known_until=min(holidays.known_until, until),
    )
