"""Taking in new repairs, and what becomes of those that nobody waits for."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from typing import Any, Final

import asyncpg

from bench.client import BrokenAnswer, Line, Post, post
from bench.machine import Used
from bench.measuring import Measurement, Stopwatch, measure
from bench.people import CATEGORY, OWNERS, Tokens, house_id

PATH: Final = "/api/v1/owner/repairs"
LEASES_END_SECONDS: Final = 1.0
"""What the relay holds at the moment when the rest is struck out is started within this time."""

POLL_SECONDS: Final = 0.1
PATIENCE_SECONDS: Final = 180.0


def filings(tokens: Tokens) -> list[Post]:
    """One rendered report for each owner and house."""
    return [post(PATH, report(number), tokens.owner(number)) for number in range(OWNERS)]


def report(number: int) -> dict[str, Any]:
    """What an owner sends."""
    return {
        "house_id": house_id(number % OWNERS),
        "category": CATEGORY,
        "description": "厨房水龙头一直滴水，关不紧，晚上声音很大。",
        "photo_ids": [],
    }


async def create(name: str, host: str, port: int, posts: list[Post], clients: int, seconds: float) -> Measurement:
    """Reports per second, every one with a key of its own."""
    run = uuid.uuid4().hex

    async def work(number: int, watch: Stopwatch) -> None:
        async with Line(host, port) as line:
            for count in itertools.count():
                if not watch.running:
                    return
                started = time.perf_counter()
                request = posts[(number + count * clients) % len(posts)].with_key(f"{run}-{number}-{count}")
                try:
                    status = await line.send(request)
                except BrokenAnswer:
                    status = 0
                watch.note(started, status == 201)

    return await measure(name, clients, seconds, work)


async def strike_out(pool: asyncpg.Pool) -> None:
    """Remove what was filed and not yet started, or the relay would still work on it for minutes while other things
    are measured."""
    await pool.execute("DELETE FROM outbox WHERE action = 'start' AND done_at IS NULL AND leased_until IS NULL")
    await asyncio.sleep(LEASES_END_SECONDS)
    async with pool.acquire() as conn, conn.transaction():
        # All that belongs to an order goes with it; to look for what else might refer to it takes a minute.
        await conn.execute("SET LOCAL session_replication_role = replica")
        await conn.execute(
            "CREATE TEMP TABLE unstarted ON COMMIT DROP AS"
            " SELECT number FROM work_orders WHERE started_at IS NULL AND open"
        )
        for table in ("outbox", "tasks", "timeline_events", "handled_requests", "work_orders"):
            await conn.execute(f"DELETE FROM {table} WHERE number IN (SELECT number FROM unstarted)")  # noqa: S608
    await pool.execute("VACUUM ANALYZE outbox, tasks, work_orders")


async def drained(pool: asyncpg.Pool) -> None:
    """Wait until everything filed has been started and every notice that is due has been handed over.

    Raises:
        TimeoutError: the relay does not get through.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await pool.fetchval(  # noqa: ASYNC110 - the relay is another process
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE done_at IS NULL AND (action = 'start' OR not_before <= now()))"
        ):
            await asyncio.sleep(POLL_SECONDS)


async def relayed(name: str, pool: asyncpg.Pool, clients: int, seconds: float) -> Measurement:
    """Orders that the relay starts per second while it has more than it can do. `clients` says beside which figure
    of the bare start it is shown."""
    used, before = Used.so_far(), await started(pool)
    await asyncio.sleep(seconds)
    done, now = await started(pool) - before, Used.so_far()
    cpu_seconds, elsewhere = now.since(used)
    rate = done / (now.at - used.at)
    return Measurement(name, clients, rate, 0.0, 0.0, cpu_ms=cpu_seconds * 1000 / max(done, 1), elsewhere=elsewhere)


async def started(pool: asyncpg.Pool) -> int:
    """How many orders the relay has started so far."""
    count: int = await pool.fetchval("SELECT count(*) FROM outbox WHERE action = 'start' AND done_at IS NOT NULL")
    return count
