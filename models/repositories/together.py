"""Writes that come at the same time go together: one transaction, one round trip, one wait for the disk."""

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
"""Transactions on their way: what comes meanwhile gathers for the next, and one that is stuck holds up no other."""

ALONE: Final = (asyncpg.PostgresError, asyncpg.DataError)
"""What one of them may have brought upon all: the server's refusal, or a value that cannot be sent to it."""


@dataclass
class _Wish:
    values: Values
    rows: asyncio.Future[Rows] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def fulfil(self, rows: Rows) -> None:
        """Whoever wished may have gone."""
        if not self.rows.done():
            self.rows.set_result(rows)

    def fail(self, error: Exception) -> None:
        if not self.rows.done():
            self.rows.set_exception(error)


class Together:
    """One writing statement that many may want at once, and that does nothing when it is carried out a second time.

    Nobody is refused for another's sake: what fails in company is tried again alone. `carry_out` does it for each of
    several, all or none.
    """

    def __init__(self, carry_out: Callable[[Sequence[Values]], Awaitable[Rows]]) -> None:
        self._carry_out = carry_out
        self._waiting = deque[_Wish]()
        self._under_way = set[asyncio.Task[None] | None]()

    async def rows(self, values: Values) -> Rows:
        """What the statement answered, to others who went along as well. Raises what `carry_out` raises."""
        wish = _Wish(values)
        self._waiting.append(wish)
        if len(self._under_way) < AT_ONCE:
            self._under_way.add(asyncio.create_task(self._write()))
        return await wish.rows

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
