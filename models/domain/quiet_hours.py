"""静默时段: when residents are not reminded of anything (`lifecycles.md`, "Quiet hours").

Only reminders are held back. News that somebody waits for goes at once, and clocks never sleep for quiet hours.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, time, timedelta
from typing import Final

from models.domain.numbers import CHINA

BEGIN: Final = time(21)
END: Final = time(8)

SPREAD: Final = timedelta(minutes=10)
"""A night's reminders go out over this long, so that the morning does not meet WeChat's limit per minute."""


def is_quiet(at: datetime) -> bool:
    clock = at.astimezone(CHINA).time()
    return clock >= BEGIN or clock < END


def next_morning(at: datetime, key: str) -> datetime:
    """The end of the quiet hours that `at` lies in, and some minutes that depend on `key` alone."""
    local = at.astimezone(CHINA)
    day = local.date() + timedelta(days=1) if local.time() >= BEGIN else local.date()
    share = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) / 2**32
    return datetime.combine(day, END, CHINA) + SPREAD * share
