"""The watch over the engine: one hiccup is no outage, and what runs when it goes away is cut short."""

from __future__ import annotations

import asyncio

import pytest

from api import engine
from api.engine import EngineWatch


async def waits_for_ever(watch: EngineWatch) -> None:
    async with asyncio.timeout(60) as limit:
        with watch.cutting_short(limit):
            await asyncio.Event().wait()


async def test_an_outage_is_known_after_two_misses_and_ends_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "ASK_EVERY_SECONDS", 0)
    monkeypatch.setattr(engine, "ASK_AGAIN_SECONDS", 0)
    answers = asyncio.Queue[bool]()
    seen: list[bool] = []

    async def reachable() -> bool:
        seen.append(watch.up)
        return await answers.get()

    watch = EngineWatch(reachable)
    watch.start()
    command = asyncio.create_task(waits_for_ever(watch))
    for answer in (True, False, True, False, False):
        answers.put_nowait(answer)
    with pytest.raises(TimeoutError):
        await command
    answers.put_nowait(True)
    while len(seen) < 7:  # noqa: ASYNC110 - the loop's own turns are what is waited for
        await asyncio.sleep(0)
    await watch.close()
    assert seen == [True, True, True, True, True, False, True]
