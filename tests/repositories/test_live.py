"""Announcements: gathered, sent soon, and heard by whoever listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio
from sqlalchemy import Engine

from models.repositories import live
from models.repositories.direct import Direct

Heard = list[tuple[str, str]]


@pytest_asyncio.fixture(loop_scope="session")
async def heard(database: str) -> AsyncIterator[Heard]:
    heard: Heard = []
    connection = await asyncpg.connect(database)
    for channel in (live.ORDERS_CHANNEL, live.OUTBOX_CHANNEL):
        await connection.add_listener(channel, lambda _c, _p, where, said: heard.append((where, said)))
    yield heard
    await connection.close()


async def until(heard: Heard, count: int) -> Heard:
    for _ in range(500):
        if len(heard) >= count:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)  # Nothing more may come.
    return heard


async def test_many_changes_of_one_order_are_one_message(direct: Direct, heard: Heard) -> None:
    announcer = live.Announcer(direct)
    for _ in range(10):
        announcer.changed("BX-1", "com_a")
        announcer.wake_relay()
    announcer.changed("BX-2", "com_a")
    await announcer.close()
    assert sorted(await until(heard, 3)) == [
        (live.ORDERS_CHANNEL, "BX-1 com_a"),
        (live.ORDERS_CHANNEL, "BX-2 com_a"),
        (live.OUTBOX_CHANNEL, ""),
    ]


async def test_what_changes_later_is_sent_as_well(direct: Direct, heard: Heard) -> None:
    announcer = live.Announcer(direct)
    announcer.changed("BX-3", "com_a")
    assert await until(heard, 1) == [(live.ORDERS_CHANNEL, "BX-3 com_a")]
    announcer.changed("BX-4", "com_a")
    await announcer.close()
    assert len(await until(heard, 2)) == 2


async def test_the_plain_calls(engine: Engine, heard: Heard) -> None:
    with engine.begin() as conn:
        live.announce(conn, "BX-5", "com_b")
        live.wake_relay(conn)
    assert await until(heard, 2) == [(live.ORDERS_CHANNEL, "BX-5 com_b"), (live.OUTBOX_CHANNEL, "")]
