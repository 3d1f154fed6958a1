"""How fast a backlog may be worked off."""

from __future__ import annotations

from datetime import datetime, timedelta


class Throttle:
    """Tells how many starts may go now, so that their average never exceeds the rate. Holds no clock.

    A second's worth may go at once: orders that come in one by one never wait.
    """

    def __init__(self, per_second: int) -> None:
        """Zero lets everything through."""
        self._gap = timedelta(seconds=1 / per_second) if per_second else timedelta(0)
        self._next: datetime | None = None

    def room(self, now: datetime) -> int | None:
        """How many may go; None is any number."""
        return max(0, (now - self._reserved(now)) // self._gap) if self._gap else None

    def spend(self, count: int, now: datetime) -> None:
        """So many went."""
        self._next = self._reserved(now) + count * self._gap

    def _reserved(self, now: datetime) -> datetime:
        second_ago = now - timedelta(seconds=1)
        return max(self._next or second_ago, second_ago)
