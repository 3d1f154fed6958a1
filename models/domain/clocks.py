"""Service clocks: absolute due times, recorded pauses, a warning before the breach, a ladder after it.

Pure arithmetic on times that the caller passes in. All clocks of an order run from its submission (`lifecycles.md`,
"Clocks"). A level counts around the clock until a working calendar is given; `due_after` is the one place where that
will change.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, model_validator

WARN_AT: Final = 0.8
"""Share of the limit after which the holder is warned (`lifecycles.md`, "Clocks")."""

RUNGS: Final = ((0.0, "lead"), (0.5, "manager"), (1.0, "quality"))
"""Who is told how far beyond the limit, as a share of it: lead at the breach, manager at +50 %, quality at +100 %."""


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


class Clock(BaseModel):
    """One running, paused or stopped promise. `limit` is what was promised, pauses excluded."""

    name: ClockName
    limit: timedelta
    due_at: datetime
    paused_at: datetime | None = None
    stopped_at: datetime | None = None
    warned: bool = False
    rung: int = 0

    @property
    def running(self) -> bool:
        return self.stopped_at is None and self.paused_at is None

    @property
    def next_alarm(self) -> datetime | None:
        """When the clock next has something to say; None while it stands still or has said everything."""
        if not self.running or self.rung >= len(RUNGS):
            return None
        return self.due_at + self.limit * RUNGS[self.rung][0] if self.warned else self.warn_at

    @property
    def warn_at(self) -> datetime:
        return self.due_at - self.limit * (1 - WARN_AT)

    def overdue(self, now: datetime) -> bool:
        """A stopped clock is judged by when it stopped, a paused one by when it paused."""
        return (self.stopped_at or self.paused_at or now) > self.due_at

    def pause(self, now: datetime) -> None:
        if self.running:
            self.paused_at = now

    def resume(self, now: datetime) -> None:
        """The time spent waiting moves the due time, so a pause can only ever make it later."""
        if self.paused_at is not None and self.stopped_at is None:
            self.due_at += max(now - self.paused_at, timedelta(0))
            self.paused_at = None

    def stop(self, now: datetime) -> None:
        if self.stopped_at is None:
            self.resume(now)
            self.stopped_at = now

    def ring(self, now: datetime) -> str | None:
        """Mark what is due by `now` as said. Answers `warning`, or the highest rung reached, or None.

        After an outage only the highest rung is told, because the lower ones have nothing left to act on.
        """
        if not self.running:
            return None
        reached = sum(now >= self.due_at + self.limit * share for share, _ in RUNGS)
        if reached > self.rung:
            self.rung, self.warned = reached, True
            return RUNGS[reached - 1][1]
        if not self.warned and now >= self.warn_at:
            self.warned = True
            return "warning"
        return None


def due_after(start: datetime, limit: timedelta) -> datetime:
    """Around the clock for now; the working calendar of a community belongs here."""
    return start + limit


def start_clock(name: ClockName, start: datetime, limit: timedelta) -> Clock:
    return Clock(name=name, limit=limit, due_at=due_after(start, limit))
