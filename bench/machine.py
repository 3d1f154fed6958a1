"""Whose time it was: what our processes used of the processors, and what others took away meanwhile."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Used:
    """Seconds of processor time up to a moment."""

    at: float
    ours: float
    """This process and all it started: client, servers, workers."""
    everyones: float

    @classmethod
    def so_far(cls) -> Used:
        """As of now."""
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        return cls(time.perf_counter(), _ours(), sum(times) - idle - getattr(times, "guest", 0.0))

    def since(self, before: Used) -> tuple[float, float]:
        """Seconds we used since then, and the share of the whole machine that others used."""
        ours = max(self.ours - before.ours, 0.0)
        others = max(self.everyones - before.everyones - ours, 0.0)
        return ours, min(others / max((self.at - before.at) * (os.cpu_count() or 1), 1e-9), 1.0)


def _ours() -> float:
    this = psutil.Process()
    total = 0.0
    for process in (this, *this.children(recursive=True)):
        # A process may end while it is being looked at.
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            # Of a child that has ended, the parent keeps the account.
            total += times.user + times.system + times.children_user + times.children_system
    return total
