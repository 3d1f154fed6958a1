"""静默时段: when residents are not reminded of anything (`lifecycles.md`, "Quiet hours").

Only reminders are held back, until the morning. News that somebody waits for goes at once, and clocks never sleep for
quiet hours.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, time, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from models.domain.numbers import CHINA

SPREAD: Final = timedelta(minutes=10)
"""A night's reminders go out over this long, so that the morning does not meet WeChat's limit per minute."""


class QuietHours(BaseModel):
    """From `begin` to `end`, usually over midnight; never quiet where both are the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begin: time = Field(default=time(21), title="从")
    end: time = Field(default=time(8), title="到")

    def cover(self, at: datetime) -> bool:
        clock = at.astimezone(CHINA).time()
        if self.begin <= self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end

    def end_after(self, at: datetime, key: str) -> datetime:
        """The end of the quiet hours that `at` lies in, and some minutes that depend on `key` alone."""
        local = at.astimezone(CHINA)
        day = local.date() + timedelta(days=1) if local.time() >= self.end else local.date()
        share = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) / 2**32
        return datetime.combine(day, self.end, CHINA) + SPREAD * share
