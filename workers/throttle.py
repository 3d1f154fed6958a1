"""How fast a backlog may be worked off."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

PAUSE: Final = timedelta(seconds=0.4)
"""What may go of a backlog gathers so long and goes at once: a round, its transactions and the waking of everybody who
has a part in a start cost little more for twenty than for three. Well below the second that is kept, or some were lost.
"""


class Throttle:
    """Tells how many starts may go now, so that their average never exceeds the rate. Holds no clock.

    A second's worth may go at once: orders that come in one by one never wait.
    """

    def __init__(self, per_second: int) -> None:
        """Zero lets everything through."""
        self._gap = timedelta(seconds=1 / per_second) if per_second else timedelta(0)
        self._next: datetime | None = None
        self._paused_until: datetime | None = None

    def room(self, now: datetime) -> int | None:
        """How many may go; None is any number."""
        if not self._gap:
            return None
        paused = self._paused_until is not None and now < self._paused_until
        return 0 if paused else self._left(now)

    def spend(self, count: int, now: datetime) -> None:
        """So many went."""
        if self._gap and count and count >= self._left(now):
            self._paused_until = now + PAUSE
        self._next = self._reserved(now) + count * self._gap

    def _left(self, now: datetime) -> int:
        return max(0, (now - self._reserved(now)) // self._gap)

    def _reserved(self, now: datetime) -> datetime:
        second_ago = now - timedelta(seconds=1)
        return max(self._next or second_ago, second_ago)
