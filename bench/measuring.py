"""A crowd of clients, a stopwatch, and what it showed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from bench.machine import Used

CLIENTS: Final = (1, 16, 64)
"""One shows what a single person feels, sixteen what a server sustains, sixty-four what it does when it is overrun."""

WARM_UP_SHARE: Final = 0.2
"""Connections, prepared statements and caches are filled before the clock runs."""

GRACE_SECONDS: Final = 60.0
"""For what is under way when the time is up; a crowd that needs longer hangs."""


@dataclass(frozen=True)
class Measurement:
    """What so many clients got done. `rate` is per second, the percentiles are milliseconds of one act."""

    name: str
    clients: int
    rate: float
    p50_ms: float
    p99_ms: float
    failed: int = 0
    """Acts that were refused or broke; they count in no other figure, and a figure beside them is not to be trusted."""
    reasons: dict[str, int] = field(default_factory=dict)
    """What the failed acts were answered, and how often."""
    cpu_ms: float = 0.0
    """Processor time of one act, of all processes it touches and of the client. The machine's noise moves it little."""
    elsewhere: float = 0.0
    """Share of the machine that other programs used meanwhile. Beyond a tenth, a rate says little."""


class Stopwatch:
    """Counts what ends between its start and its end."""

    def __init__(self, seconds: float) -> None:
        self.begins = time.perf_counter() + seconds * WARM_UP_SHARE
        self.ends = self.begins + seconds
        self.failures = Counter[str]()
        self._taken: list[float] = []
        self._acts = 0
        """All that succeeded, those of the warm-up included."""

    @property
    def running(self) -> bool:
        return time.perf_counter() < self.ends

    def note(self, started: float, succeeded: bool = True, reason: str = "no answer") -> None:
        """An act that began at `started` (of `time.perf_counter`) has just ended; `reason` tells why it failed."""
        now = time.perf_counter()
        if not succeeded:
            self.failures[reason] += 1
            return
        self._acts += 1
        if self.begins <= now <= self.ends:
            self._taken.append(now - started)

    def stop(self) -> None:
        """There is nothing left to do: what comes later would be measured with fewer clients than were asked for."""
        self.ends = min(self.ends, time.perf_counter())

    def shows(self, name: str, clients: int, cpu_seconds: float = 0.0, elsewhere: float = 0.0) -> Measurement:
        """What came of it; `cpu_seconds` were used for all of it."""
        taken = sorted(self._taken)
        elapsed = max(self.ends - self.begins, 1e-9)
        return Measurement(
            name=name,
            clients=clients,
            rate=len(taken) / elapsed,
            p50_ms=percentile(taken, 0.50) * 1000,
            p99_ms=percentile(taken, 0.99) * 1000,
            failed=self.failures.total(),
            reasons=dict(self.failures),
            cpu_ms=cpu_seconds * 1000 / max(self._acts, 1),
            elsewhere=elsewhere,
        )


def percentile(ordered: list[float], share: float) -> float:
    """The value below which this share lies; 0 of nothing."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


Work = Callable[[int, Stopwatch], Coroutine[Any, Any, None]]
"""One client: gets its number and works while the stopwatch runs."""


async def measure(name: str, clients: int, seconds: float, work: Work) -> Measurement:
    """Let so many clients work side by side.

    Raises:
        TimeoutError: they hang.
    """
    before = Used.so_far()
    watch = Stopwatch(seconds)
    async with asyncio.timeout(seconds * (1 + WARM_UP_SHARE) + GRACE_SECONDS), asyncio.TaskGroup() as crowd:
        for number in range(clients):
            crowd.create_task(work(number, watch))
    return watch.shows(name, clients, *Used.so_far().since(before))
