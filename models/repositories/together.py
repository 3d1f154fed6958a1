"""Statements that come at the same time go together: one transaction, one round trip, one wait for the disk."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

Values = dict[str, Any]
Rows = list[asyncpg.Record]

AT_MOST: Final = 16
"""So many share a transaction. More would save little, and make the first of them wait."""

AT_ONCE: Final = 2
"""Transactions on their way. What comes while one is gathers for the next, because one of six costs Postgres half as
much for each as one of one; only a full one, or one that others wait for too long, has another beside it.
"""

TOO_LONG_SECONDS: Final = 0.02
"""Ten times what a transaction takes: one that is stuck holds up no other."""

ALONE: Final = (asyncpg.PostgresError, asyncpg.DataError)
"""What one of them may have brought upon all: the server's refusal, or a value that cannot be sent to it."""


@dataclass
class _Wish:
    values: Values
    since: float
    rows: asyncio.Future[Rows] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def fulfil(self, rows: Rows) -> None:
        """Whoever wished may have gone."""
        if not self.rows.done():
            self.rows.set_result(rows)

    def fail(self, error: Exception) -> None:
        if not self.rows.done():
            self.rows.set_exception(error)


class Together:
    """One statement that many may want at once: one that reads, or does nothing when it is carried out a second time.

    Nobody is refused for another's sake: what fails in company is tried again alone. `carry_out` does it for each of
    several, all or none.
    """

    def __init__(self, carry_out: Callable[[Sequence[Values]], Awaitable[Rows]]) -> None:
        self._carry_out = carry_out
        self._waiting = deque[_Wish]()
        self._under_way = set[asyncio.Task[None] | None]()
        self._watching = False

    async def rows(self, values: Values) -> Rows:
        """What the statement answered, to others who went along as well. Raises what `carry_out` raises."""
        wish = _Wish(values, asyncio.get_running_loop().time())
        self._waiting.append(wish)
        if not self._under_way or len(self._waiting) >= AT_MOST:
            self._begin()
        elif not self._watching:
            self._watch(TOO_LONG_SECONDS)
        return await wish.rows

    def _begin(self) -> None:
        if len(self._under_way) < AT_ONCE:
            self._under_way.add(asyncio.create_task(self._write()))

    def _watch(self, seconds: float) -> None:
        self._watching = True
        asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        """Whether somebody waits too long for a transaction that does not come back."""
        self._watching = False
        if not self._waiting:
            return
        left = TOO_LONG_SECONDS - (asyncio.get_running_loop().time() - self._waiting[0].since)
        if left <= 0:
            self._begin()
        self._watch(max(left, TOO_LONG_SECONDS / 2))

    async def _write(self) -> None:
        while self._waiting:
            wishes = [self._waiting.popleft() for _ in range(min(AT_MOST, len(self._waiting)))]
            if not await self._written(wishes):
                for wish in wishes:
                    await self._written([wish])
        # In the same breath as the look: whoever wishes next must find a free place.
        self._under_way.remove(asyncio.current_task())

    async def _written(self, wishes: list[_Wish]) -> bool:
        """False when each must be tried alone."""
        try:
            rows = await self._carry_out([wish.values for wish in wishes])
        except Exception as error:
            if len(wishes) > 1 and isinstance(error, ALONE):
                return False
            for wish in wishes:
                wish.fail(error)
        else:
            for wish in wishes:
                wish.fulfil(rows)
        return True
