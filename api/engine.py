"""Whether the workflow engine answers, asked in the background: neither a page nor a press of a button should have to
wait to find out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

ASK_EVERY_SECONDS: Final = 2.0
"""An outage shows within this time; asking costs less than a third of a millisecond of processor time."""

ASK_AGAIN_SECONDS: Final = 0.3
"""After a question without an answer; the engine's return shows within this time."""

MISSES: Final = 2
"""One unanswered question may be a hiccup of a busy machine, and would refuse people for nothing."""


class EngineWatch:
    """Assumed up until it has been away for `MISSES` questions. `start` needs a running loop."""

    def __init__(self, reachable: Callable[[], Awaitable[bool]]) -> None:
        """`reachable` tells whether the engine answers, within a time of its own, and never raises."""
        self._reachable = reachable
        self._missed = 0
        self._limits: set[asyncio.Timeout] = set()
        self._watching: asyncio.Task[None] | None = None

    @property
    def up(self) -> bool:
        return self._missed < MISSES

    def start(self) -> None:
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching

    @contextmanager
    def cutting_short(self, limit: asyncio.Timeout) -> Iterator[None]:
        """What runs under this limit ends as soon as the engine is found to be away."""
        self._limits.add(limit)
        try:
            yield
        finally:
            self._limits.discard(limit)

    async def _watch(self) -> None:
        while True:
            self._heard(await self._reachable())
            await asyncio.sleep(ASK_AGAIN_SECONDS if self._missed else ASK_EVERY_SECONDS)

    def _heard(self, answered: bool) -> None:
        was_up = self.up
        self._missed = 0 if answered else self._missed + 1
        if was_up and not self.up:
            now = asyncio.get_running_loop().time()
            for limit in self._limits:
                if not limit.expired():
                    limit.reschedule(now)
