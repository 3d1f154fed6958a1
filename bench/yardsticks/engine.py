"""How fast the bare workflow starts and answers, and the one that does what any action must."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import asyncpg
from temporalio.client import Client

from bench.client import Line, post
from bench.measuring import Measurement, Stopwatch, measure
from bench.yardsticks import least
from bench.yardsticks.least import Least
from bench.yardsticks.temporal import QUEUE, Bare
from devstack.ports import LOOPBACK

Item = TypeVar("Item")
Done = TypeVar("Done")

AT_ONCE: Final = 32
"""Workflows prepared side by side; more only queue inside the server."""

FIRST_TASK_EVENTS: Final = 4
"""Started, task scheduled, task started, task completed."""

PATIENCE_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.05

BURST_SECONDS: Final = 0.4
"""As the relay lets a backlog go."""

STARTS: Final = "bare start"
UPDATES: Final = "bare update"
LEAST: Final = "least action"


async def starts(client: Client, clients: int, seconds: float) -> Measurement:
    """Workflows started per second; each then waits for an Update that never comes, as an order waits for people."""
    started_ids: list[str] = []

    async def work(number: int, watch: Stopwatch) -> None:
        while watch.running:
            started = time.perf_counter()
            started_ids.append(await _start(client, 1))
            watch.note(started)

    shown = await measure(STARTS, clients, seconds, work)
    await _each(client, started_ids, _terminate)
    return shown


@asynccontextmanager
async def starting(client: Client, per_second: int) -> AsyncIterator[list[str]]:
    """So many starts per second meanwhile, in bursts of :data:`BURST_SECONDS`; fewer if the server does not keep up.
    The list is of those that have been started.
    """
    started_ids: list[str] = []

    async def start() -> None:
        while True:
            began = time.perf_counter()
            some = [_start(client, 1) for _ in range(round(per_second * BURST_SECONDS))]
            started_ids.extend(await asyncio.gather(*some))
            await asyncio.sleep(max(0.0, BURST_SECONDS - (time.perf_counter() - began)))

    starts = asyncio.create_task(start())
    try:
        yield started_ids
    finally:
        starts.cancel()
        await asyncio.gather(starts, return_exceptions=True)
        await _each(client, started_ids, _terminate)


async def updates(
    client: Client, local_activities: Sequence[int], lives: int, clients: int, seconds: float
) -> Measurement:
    """Updates answered per second, on workflows that live as long as an order does: `local_activities` says how many
    each of their Updates runs. They are started before the clock runs."""
    waiting = await _each(client, range(lives), lambda client, _: _start(client, len(local_activities)))
    await begun(client, waiting)

    async def work(number: int, watch: Stopwatch) -> None:
        while watch.running and waiting:
            handle = client.get_workflow_handle(waiting.pop())
            for count in local_activities:
                started = time.perf_counter()
                await handle.execute_update(Bare.step, count)
                watch.note(started)
                if not watch.running:
                    return
        watch.stop()

    shown = await measure(UPDATES, clients, seconds, work)
    await _each(client, waiting, _terminate)
    return shown


async def actions(
    client: Client, pool: asyncpg.Pool, port: int, each: int, lives: int, clients: int, seconds: float
) -> Measurement:
    """The same for what an action cannot do without: `each` per workflow, posted to the door at this port."""
    waiting = await _each(client, range(lives), lambda client, _: _start(client, each, Least.run, least.QUEUE))
    await pool.executemany("INSERT INTO bench_least VALUES ($1, 0, 'null')", [(number,) for number in waiting])
    await begun(client, waiting)

    async def work(number: int, watch: Stopwatch) -> None:
        async with Line(LOOPBACK, port) as line:
            while watch.running and waiting:
                request = post(f"/{waiting.pop()}", {}).with_key("")
                for _ in range(each):
                    started = time.perf_counter()
                    status = await line.send(request)
                    watch.note(started, status == 200, str(status))
                    if not watch.running:
                        return
        watch.stop()

    shown = await measure(LEAST, clients, seconds, work)
    await _each(client, waiting, _terminate)
    return shown


async def begun(client: Client, numbers: Sequence[str]) -> None:
    """Wait until the workers have taken all of them up, so that no Update has to wait for a start.

    Raises:
        TimeoutError: they do not.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        await _each(client, numbers, _begun)


async def _begun(client: Client, number: str) -> None:
    handle = client.get_workflow_handle(number)
    while (await handle.describe()).history_length < FIRST_TASK_EVENTS:  # noqa: ASYNC110 - another process does it
        await asyncio.sleep(POLL_SECONDS)


async def _start(client: Client, updates: int, run: Any = Bare.run, queue: str = QUEUE) -> str:
    handle = await client.start_workflow(run, updates, id=f"bench-{uuid.uuid4().hex}", task_queue=queue)
    return handle.id


async def _terminate(client: Client, number: str) -> None:
    await client.get_workflow_handle(number).terminate("measured")


async def _each(client: Client, items: Iterable[Item], do: Callable[[Client, Item], Awaitable[Done]]) -> list[Done]:
    """The same for all of them, some side by side."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(item: Item) -> Done:
        async with places:
            return await do(client, item)

    return list(await asyncio.gather(*(one(item) for item in items)))
