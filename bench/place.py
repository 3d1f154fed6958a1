"""The measured system: a whole stack in a folder of its own, without the demo, and the bare servers beside it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from devstack.ports import LOOPBACK, is_free
from devstack.processes import spawn
from devstack.stack import Stack
from settings import Settings

PARTS: Final = ("postgres", "temporal", "storage", "wechat", "migrations", "worker", "api")
"""All but the broker of gates, which no repair touches, and the demo, whose people would be in the way."""

READY_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0


@contextmanager
def stack_in(home: Path, starts_per_second: int | None = None) -> Iterator[Stack]:
    """A running stack. `starts_per_second` 0 lets the relay start orders as fast as it can; None is its default."""
    given = Settings.model_construct()
    if starts_per_second is not None:
        given = given.model_copy(update={"relay_starts_per_second": starts_per_second})
    with Stack(home, PARTS, given=given) as stack:
        yield stack


@contextmanager
def program(module: str, *arguments: str, log: Path) -> Iterator[None]:
    """One of our own modules in a process of its own, which never outlives this one."""
    process = spawn([sys.executable, "-m", module, *arguments], {}, log, signal.SIGKILL)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def listening(port: int) -> None:
    """Wait until something serves there. Raises TimeoutError."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, port)
        except OSError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing listens on port {port}") from None
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


def free_port(above: int) -> int:
    """One that nobody listens on, from this one upwards."""
    return next(port for port in range(above, above + 1000) if is_free(port))
