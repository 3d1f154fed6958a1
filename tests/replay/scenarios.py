"""Lives of orders whose histories are kept, so that today's code is held to what it once decided."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from tests.workflows.desk import DISPATCHER, LEAD, OWNER, TECH2, Desk
from workflows import options

STARS: Final = {"result": 5, "speed": 4, "manner": 5}


async def plain(desk: Desk) -> None:
    await desk.at("closed")
    await desk.send(OWNER, "rate", **STARS)


async def reopened_twice(desk: Desk) -> None:
    await desk.at("finished")
    await desk.complete(OWNER, "not_fixed", reason="还在漏水")
    await desk.walk_to("finished")
    await desk.complete(OWNER, "not_fixed", reason="又漏了")
    await desk.complete(LEAD, "assigned", staff=TECH2.id)
    await desk.complete(TECH2, "accepted")
    await desk.complete(TECH2, "arrived")
    await desk.complete(TECH2, "finished", report="换了水管")
    await desk.complete(OWNER, "fixed", rating=STARS)


async def held_and_woken(desk: Desk) -> None:
    await desk.at("in_progress")
    await desk.hold(hours=2)
    await desk.sleep(hours=2, seconds=1)
    await desk.walk_to("finished")
    await desk.complete(OWNER, "fixed", rating=STARS)


async def late_and_cancelled(desk: Desk) -> None:
    await desk.file()
    await desk.send(OWNER, "urge")
    await desk.sleep(minutes=50)
    await desk.complete(DISPATCHER, "pool")
    await desk.on_task(TECH2, "claim")
    await desk.complete(TECH2, "handed_back", reason="没有配件")
    await desk.send(OWNER, "comment", text="算了，自己修好了")
    await desk.send(OWNER, "cancel")


async def auto_closed_and_rated(desk: Desk) -> None:
    await desk.at("finished")
    await desk.sleep(days=7, seconds=1)
    await desk.send(OWNER, "rate", **STARS)


async def continued_as_new(desk: Desk) -> None:
    """Only the last run is kept: it begins with a state in the middle of a life."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(options, "RENEW_AFTER_UPDATES", 2)
        await desk.at("in_progress")
        patch.setattr(options, "RENEW_AFTER_UPDATES", 1500)
        await desk.walk_to("finished")
        await desk.complete(OWNER, "fixed", rating=STARS)


SCENARIOS: Final[dict[str, Callable[[Desk], Awaitable[None]]]] = {
    scenario.__name__: scenario
    for scenario in (plain, reopened_twice, held_and_woken, late_and_cancelled, auto_closed_and_rated, continued_as_new)
}
