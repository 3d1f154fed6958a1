"""How fast a backlog may be worked off."""

from __future__ import annotations

from datetime import datetime, timedelta


class Throttle:
    """Gives each of many starts its own moment, so that their average never exceeds the rate. Holds no clock.

    A second's worth may go at once: orders that come in one by one never wait.
    """

    def __init__(self, per_second: int) -> None:
        """Zero lets everything through."""
        self._gap = timedelta(seconds=1 / per_second) if per_second else timedelta(0)
        self._next: datetime | None = None

    def slot(self, now: datetime) -> datetime | None:
        """None: go now. Else the moment from which this one may go."""
        if not self._gap:
            return None
        burst = now - timedelta(seconds=1)
        reserved = max(self._next or burst, burst)
        self._next = reserved + self._gap
        return reserved if reserved > now else None
