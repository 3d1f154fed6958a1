"""Service clocks: absolute due times, recorded pauses, a warning before the breach, a ladder after it.

Pure arithmetic on times that the caller passes in. All clocks of an order run from its submission (`lifecycles.md`,
"Clocks"). What a clock says, and when, follows from where it began, its limit and its pauses alone, measured by the
order's terms; so it may be reckoned anew at any moment, and a change of level forgets no pause.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from models.domain.calendar import Measure
from models.domain.terms import Terms


class ClockName(StrEnum):
    ACCEPT = "accept"
    ARRIVE = "arrive"
    FINISH = "finish"
    REPLY = "reply"
    ANSWER = "answer"


class Level(BaseModel):
    """What is promised for one clock.

    `limit` is working time unless it counts around the clock: its days are then working days and the rest working
    hours, so that `timedelta(days=3)` is three working days, however long those are in the community.
    """

    model_config = ConfigDict(frozen=True)

    limit: timedelta
    around_the_clock: bool = False

    @model_validator(mode="before")
    @classmethod
    def _limit_alone(cls, said: Any) -> Any:
        """Orders of version 0.1 carry the limit alone, and it counts around the clock."""
        return said if isinstance(said, Mapping | Level) else {"limit": said, "around_the_clock": True}


Levels = dict[ClockName, Level]
"""The promises of one category and priority, copied into the order at intake so that later changes leave running
clocks alone. An order has exactly the clocks that its levels name.
"""


def with_own_limits(levels: Levels, own: Mapping[str, int]) -> Levels:
    """Levels in which some clocks have another limit, in seconds, as a category's row gives them."""
    return {
        name: level.model_copy(update={"limit": timedelta(seconds=own[name])}) if name in own else level
        for name, level in levels.items()
    }


class Pause(BaseModel):
    """A wait that the promise did not pay for."""

    model_config = ConfigDict(frozen=True)

    start: datetime
    end: datetime


class Alarm(BaseModel):
    """Something that a clock has to say: `warning`, or the role that hears of the breach."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    says: str


WARNING = "warning"


class Clock(BaseModel):
    """One running, paused or stopped promise."""

    name: ClockName
    limit: timedelta
    """What was promised, pauses excluded: as long as the clock measures it, in working time or around the clock."""
    due_at: datetime
    around_the_clock: bool = True
    started_at: datetime | None = None
    """None in an order of version 0.1, whose pauses have moved its due time and left no other trace."""
    share: float = 1
    """Of its level's limit; the second attempt at a repair has half of it."""
    agreed: bool = False
    """The promise is an appointment, so no level moves it."""
    pauses: tuple[Pause, ...] = ()
    paused_at: datetime | None = None
    stopped_at: datetime | None = None
    alarms: tuple[Alarm, ...] = ()
    """The warning, then the rungs of the ladder, each at its time; where it stands still, as if it did not."""
    warned: bool = False
    rung: int = 0

    @model_validator(mode="after")
    def _alarms_of_0_1(self) -> Clock:
        if not self.alarms:
            terms = Terms()
            _, self.alarms = _promise(self._began, self.limit, timedelta(0), terms.measure(True), terms)
        return self

    @property
    def running(self) -> bool:
        return self.stopped_at is None and self.paused_at is None

    @property
    def next_alarm(self) -> datetime | None:
        """When the clock next has something to say; None while it stands still or has said everything."""
        if not self.running or self.rung >= len(self._rungs):
            return None
        return self._rungs[self.rung].at if self.warned else self.warn_at

    @property
    def warn_at(self) -> datetime:
        return self.alarms[0].at

    @property
    def _rungs(self) -> tuple[Alarm, ...]:
        return self.alarms[1:]

    @property
    def _began(self) -> datetime:
        return self.started_at or self.due_at - self.limit

    def overdue(self, now: datetime) -> bool:
        """A stopped clock is judged by when it stopped, a paused one by when it paused."""
        return (self.paused_at or self.stopped_at or now) > self.due_at

    def pause(self, now: datetime) -> None:
        if self.running:
            self.paused_at = now

    def resume(self, now: datetime, terms: Terms) -> None:
        """The time spent waiting moves the due time, so a pause can only ever make it later."""
        if self.paused_at is None or self.stopped_at is not None:
            return
        if now > self.paused_at:
            self.pauses += (Pause(start=self.paused_at, end=now),)
        self.paused_at = None
        self.reckon(terms)

    def stop(self, now: datetime) -> None:
        if self.stopped_at is None:
            self.stopped_at = now

    def agree(self, until: datetime, terms: Terms) -> None:
        """An appointment replaces the promise. It may lie outside working hours, so it counts around the clock."""
        self.started_at, self.pauses = until - self.limit, ()
        self.around_the_clock, self.agreed = True, True
        self.warned, self.rung = False, 0
        self.reckon(terms)

    def change(self, level: Level, terms: Terms, now: datetime) -> None:
        """Another level, or other terms: reckoned anew from where the clock began, its pauses kept.

        What is said already and would now come later is said again then.
        """
        self.started_at = self._began  # An order of 0.1 knows it only by the limit that is about to change.
        if not self.agreed:
            self.around_the_clock = level.around_the_clock
            self.limit = terms.measure(level.around_the_clock).length(level.limit) * self.share
        self.reckon(terms)
        self.warned = self.warned and now >= self.warn_at
        self.rung = min(self.rung, self._reached(now))

    def reckon(self, terms: Terms) -> None:
        """Due time and alarms, out of where the clock began, its limit and its pauses."""
        measure = terms.measure(self.around_the_clock)
        waited = sum((measure.between(pause.start, pause.end) for pause in self.pauses), timedelta(0))
        self.started_at = self._began
        self.due_at, self.alarms = _promise(self.started_at, self.limit, waited, measure, terms)

    def _reached(self, now: datetime) -> int:
        return sum(now >= rung.at for rung in self._rungs)

    def ring(self, now: datetime) -> str | None:
        """Mark what is due by `now` as said. Answers `warning`, or the highest rung reached, or None.

        After an outage only the highest rung is told, because the lower ones have nothing left to act on.
        """
        if not self.running:
            return None
        reached = self._reached(now)
        if reached > self.rung:
            self.rung, self.warned = reached, True
            return self._rungs[reached - 1].says
        if not self.warned and now >= self.warn_at:
            self.warned = True
            return WARNING
        return None


def _promise(
    start: datetime, limit: timedelta, waited: timedelta, measure: Measure, terms: Terms
) -> tuple[datetime, tuple[Alarm, ...]]:
    """When a clock falls due, and what it says when."""
    shares = (terms.warn_at, 1, *(1 + rung.share for rung in terms.ladder))
    warn_at, due_at, *rungs = measure.after(start, *(limit * share + waited for share in shares))
    told = (Alarm(at=at, says=rung.role) for at, rung in zip(rungs, terms.ladder, strict=True))
    return due_at, (Alarm(at=warn_at, says=WARNING), *told)


def start_clock(name: ClockName, start: datetime, level: Level, terms: Terms, share: float = 1) -> Clock:
    """A running clock. With a `share`, it gets only that part of the level's limit."""
    measure = terms.measure(level.around_the_clock)
    limit = measure.length(level.limit) * share
    due_at, alarms = _promise(start, limit, timedelta(0), measure, terms)
    return Clock(
        name=name,
        limit=limit,
        due_at=due_at,
        around_the_clock=level.around_the_clock,
        started_at=start,
        share=share,
        alarms=alarms,
    )
