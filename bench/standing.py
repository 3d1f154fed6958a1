"""Many open repairs at once, each with its own live timer, on one worker: what they weigh, whether an action feels
them, and how long the worker needs after it was killed.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

import asyncpg
import psutil
from sqlalchemy import Engine, text
from temporalio.client import Client
from temporalio.service import RPCError

from bench import filing, lifecycle
from bench.client import BrokenAnswer, Line
from bench.lifecycle import Cast, Order, Rehearsal
from bench.measuring import Measurement
from bench.people import CATEGORY
from bench.report import Report, number
from devstack.stack import Stack
from workflows import names

EMPTY: Final = "repair action, empty system"
FULL: Final = "repair action, {count} open"
CLIENTS: Final = 1
"""One person, because latency is asked for and not throughput."""

FILERS: Final = 16
SAMPLE_PER_SECOND: Final = 60
"""More repairs than one person has ever carried through in a second; so many are prepared that none runs out."""

LEAST_SAMPLE: Final = 4
ASKERS: Final = 32
"""Orders asked side by side after the crash, as when everybody opens their list again."""

TIMERS_SECONDS: Final = 30 * 24 * 3600
"""A promise that nobody breaks while the bench runs: a ringing clock would be measured instead of a waiting one."""

REST_SECONDS: Final = 1.0
REST_SHARE: Final = 0.25
"""Of one processor, for worker and server together: polls and heartbeats need less, work needs more."""

PATIENCE_SECONDS: Final = 3600.0
POLL_SECONDS: Final = 0.5
ATTEMPT_SECONDS: Final = 0.05
WEIGHED: Final = ("worker", "temporal")
"""Where an open order lives; to Postgres it is a row like any other."""

MEGABYTE: Final = 1024 * 1024

Say = Callable[[str], None]


def unhurried(engine: Engine) -> None:
    """Promise the bench's category everything within a month. Call it before the API has read its categories."""
    limits = {"normal": dict.fromkeys(("accept", "arrive", "finish"), TIMERS_SECONDS)}
    with engine.begin() as conn:
        values = {"levels": json.dumps(limits), "code": CATEGORY}
        conn.execute(text("UPDATE categories SET levels = CAST(:levels AS jsonb) WHERE code = :code"), values)


class Standing:
    """Fills a system and looks at it before, meanwhile and after a crash."""

    def __init__(self, stack: Stack, client: Client, cast: Cast, pool: asyncpg.Pool, report: Report, say: Say) -> None:
        self._stack, self._client, self._cast, self._pool = stack, client, cast, pool
        self._report, self._say = report, say

    async def measure(self, count: int, seconds: float) -> None:
        """So many open repairs; each latency is measured for so many seconds."""
        rehearsal = await self._cast.rehearse(self._client)
        empty = await self._act(EMPTY, rehearsal, seconds)
        self._report.add(empty)
        bare = self._memory()
        self._say(f"Filing {count} repairs and starting them all.")
        begun = time.monotonic()
        await self._fill(count)
        facts = self._report.facts
        facts[f"seconds to file and start {count} repairs"] = number(time.monotonic() - begun)
        full = await self._act(FULL.format(count=count), rehearsal, seconds)
        self._report.add(full, EMPTY)
        self._weigh(bare, self._memory(), count)
        if empty.p50_ms:
            facts["median latency of an action, full beside empty"] = number(full.p50_ms / empty.p50_ms)
        await self._crash(rehearsal, facts)

    # -- latency ------------------------------------------------------------------------------------------------------

    async def _act(self, name: str, rehearsal: Rehearsal, seconds: float) -> Measurement:
        wanted = max(LEAST_SAMPLE, int(SAMPLE_PER_SECOND * seconds / lifecycle.ACTIONS))
        orders = deque(await self._cast.file(wanted))
        await self._rest()
        return await lifecycle.play(name, self._cast, rehearsal, orders, CLIENTS, seconds)

    # -- filling ------------------------------------------------------------------------------------------------------

    async def _fill(self, count: int) -> None:
        """Raises TimeoutError when the relay does not get through."""
        posts, turn, run = self._cast.filings, itertools.count(), uuid.uuid4().hex

        async def file() -> None:
            async with Line(self._cast.host, self._cast.port) as line:
                while (nth := next(turn)) < count:
                    await line.json(posts[nth % len(posts)].with_key(f"{run}-{nth}"))

        async with asyncio.TaskGroup() as crowd:
            for _ in range(FILERS):
                crowd.create_task(file())
        async with asyncio.timeout(PATIENCE_SECONDS):
            while left := await self._pool.fetchval(
                "SELECT count(*) FROM outbox WHERE done_at IS NULL AND (action = 'start' OR not_before <= now())"
            ):
                self._say(f"{left} left to start.")
                await asyncio.sleep(min(POLL_SECONDS * max(left / 100, 1), 30.0))

    async def _rest(self) -> None:
        """Until nothing is left of what was begun: an order is started before it has published and set its timer."""
        await filing.drained(self._pool)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                before = self._cpu_seconds()
                await asyncio.sleep(REST_SECONDS)
                if self._cpu_seconds() - before < REST_SECONDS * REST_SHARE:
                    return

    def _cpu_seconds(self) -> float:
        times = [psutil.Process(self._stack.pid(part)).cpu_times() for part in WEIGHED]
        return sum(each.user + each.system for each in times)

    # -- memory -------------------------------------------------------------------------------------------------------

    def _memory(self) -> dict[str, float]:
        """Megabytes that each part keeps in memory, with what it has started."""
        return {part: _resident(self._stack.pid(part)) / MEGABYTE for part in WEIGHED}

    def _weigh(self, bare: dict[str, float], full: dict[str, float], count: int) -> None:
        for part in WEIGHED:
            more = (full[part] - bare[part]) * 1024 / count
            self._report.facts[f"memory of {part}"] = (
                f"{number(full[part])} MB, {number(full[part] / bare[part])} times the empty one's"
                f" ({number(max(more, 0.0))} KB for each open repair)"
            )

    # -- the crash ----------------------------------------------------------------------------------------------------

    async def _crash(self, rehearsal: Rehearsal, facts: dict[str, Any]) -> None:
        """Kill the worker and wait for the first press that is answered, then for every open order."""
        (order,) = await self._cast.file(1)
        await self._rest()
        numbers = [row["number"] for row in await self._pool.fetch("SELECT number FROM work_orders WHERE open")]
        self._stack.kill("worker")
        since = time.monotonic()
        self._stack.start("worker")
        ready = time.monotonic() - since
        await self._first_answer(order, rehearsal)
        first = time.monotonic() - since
        await self._all_answer(numbers)
        everything = time.monotonic() - since
        facts["after the worker was killed"] = (
            f"started in {number(ready)} s, first action answered after {number(first)} s,"
            f" all {len(numbers)} open orders after {number(everything)} s"
        )

    async def _first_answer(self, order: Order, rehearsal: Rehearsal) -> None:
        request = self._cast.actions(order, rehearsal.serials)[0]
        async with asyncio.timeout(PATIENCE_SECONDS), Line(self._cast.host, self._cast.port) as line:
            while True:
                try:
                    if await line.send(request) == 200:
                        return
                except BrokenAnswer:
                    pass
                await asyncio.sleep(ATTEMPT_SECONDS)

    async def _all_answer(self, numbers: Sequence[str]) -> None:
        """Each is asked for its state, for which the worker reads its history again."""
        places = asyncio.Semaphore(ASKERS)

        async def ask(order: str) -> None:
            async with places:
                while True:
                    try:
                        await self._client.get_workflow_handle(order).query(names.SNAPSHOT)
                    except RPCError:
                        await asyncio.sleep(ATTEMPT_SECONDS)
                    else:
                        return

        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*(ask(order) for order in numbers))


def _resident(pid: int) -> float:
    process = psutil.Process(pid)
    return float(sum(each.memory_info().rss for each in (process, *process.children(recursive=True))))
