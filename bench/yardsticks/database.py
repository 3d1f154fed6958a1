"""One row in, twenty rows out, straight through the driver the API uses: what Postgres itself can do."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from bench.measuring import Measurement, Stopwatch, measure

CONNECTIONS: Final = 15
"""As many as the API's pool may open."""

DROP: Final = "DROP TABLE IF EXISTS bench_bare, bench_least, bench_least_events"
TABLES: Final = """
    CREATE TABLE bench_bare (number text PRIMARY KEY, owner text, at timestamptz, state jsonb);
    CREATE TABLE bench_least (number text PRIMARY KEY, version integer, state jsonb);
    CREATE TABLE bench_least_events (number text, version integer, at timestamptz, PRIMARY KEY (number, version))"""

INSERT: Final = "INSERT INTO bench_bare (number, owner, at, state) VALUES ($1, $2, now(), $3)"

LIST: Final = """
    SELECT number, kind, community_id, house_id, place_label, category, description, stage, open, priority,
           assignee_id, urged, next_due_at, submitted_at, finished_at, closed_at, rating_result
    FROM work_orders WHERE reporter_id = $1 ORDER BY submitted_at DESC, number DESC LIMIT 20"""

ROW: Final = "SELECT * FROM work_orders WHERE number = $1"


@asynccontextmanager
async def bare_database(url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool and empty tables with one key each, which go away again."""
    async with asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
        await pool.execute(DROP)
        await pool.execute(TABLES)
        yield pool
        await pool.execute(DROP)


async def inserts(pool: asyncpg.Pool, state: str, clients: int, seconds: float) -> Measurement:
    """One row of an order's size per transaction."""
    run = time.time_ns()

    async def work(number: int, watch: Stopwatch) -> None:
        count = 0
        while watch.running:
            started = time.perf_counter()
            count += 1
            await pool.execute(INSERT, f"{run}-{number}-{count}", f"owner-{number}", state)
            watch.note(started)

    return await measure("bare insert", clients, seconds, work)


async def lists(pool: asyncpg.Pool, reporters: list[str], clients: int, seconds: float) -> Measurement:
    """The newest twenty orders of somebody, by the same index as the API's list."""
    return await _selects("bare select of 20", pool, LIST, reporters, clients, seconds)


async def rows(pool: asyncpg.Pool, numbers: list[str], clients: int, seconds: float) -> Measurement:
    """One order by its number."""
    return await _selects("bare select of 1", pool, ROW, numbers, clients, seconds)


async def _selects(
    name: str, pool: asyncpg.Pool, statement: str, values: list[Any], clients: int, seconds: float
) -> Measurement:
    async def work(number: int, watch: Stopwatch) -> None:
        turn = number
        while watch.running:
            started = time.perf_counter()
            turn += clients
            found = await pool.fetch(statement, values[turn % len(values)])
            watch.note(started, bool(found))

    return await measure(name, clients, seconds, work)
