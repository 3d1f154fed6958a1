"""Every way that the map of repair shows is walked, and no other is ever taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from models.domain.following import Fate
from models.domain.lifecycles.repair import REPAIR
from models.domain.people import SYSTEM
from tests.workflows.desk import DISPATCHER, LEAD, OWNER, TECH, TECH2, Desk

Edge = tuple[str, str]
Walk = Callable[[Desk], Awaitable[object]]


async def cancelled_by_reporter(desk: Desk) -> None:
    await desk.send(OWNER, "cancel")


async def cancelled_by_lead(desk: Desk) -> None:
    await desk.send(LEAD, "cancel", reason="重复报修")


async def handed_back(desk: Desk) -> None:
    await desk.complete(TECH, "handed_back", reason="没有配件")


async def reassigned(desk: Desk) -> None:
    await desk.on_task(LEAD, "reassign", staff=TECH2.id, reason="另有急事")


async def held(desk: Desk) -> None:
    await desk.hold()


async def resumed(desk: Desk) -> None:
    await desk.on_task(TECH, "resume")


async def held_before_arrival(desk: Desk) -> None:
    """`at` holds the order after arrival, so this one has come from `accepted`."""
    await desk.at("accepted")
    await desk.hold()
    await desk.on_task(TECH, "resume")


async def not_fixed(desk: Desk) -> None:
    await desk.complete(OWNER, "not_fixed", reason="还在漏水")


async def not_fixed_twice(desk: Desk) -> None:
    await not_fixed(desk)
    await desk.walk_to("finished")
    await not_fixed(desk)


async def onwards(desk: Desk) -> None:
    await desk.step_from(await desk.stage())


async def done_with_its_primary(desk: Desk) -> None:
    """What followed another order is finished with it, from wherever it waited."""
    await desk.send(DISPATCHER, "merge", primary="BX20261122-99999")
    desk.shelf.fate = Fate(came_to="finished", worker=TECH2.id)
    await desk.send(SYSTEM, "wake")


async def rejected(desk: Desk) -> None:
    await desk.complete(DISPATCHER, "rejected", reason="不属于物业范围")


async def referred(desk: Desk) -> None:
    await desk.walk_to("referred")


async def done_by_others(desk: Desk) -> None:
    await desk.complete(DISPATCHER, "done", report="维保单位已更换门机")


async def taken_back(desk: Desk) -> None:
    await desk.complete(DISPATCHER, "taken_back", reason="外单位不来")


async def quoted(desk: Desk) -> None:
    await desk.complete(TECH, "needs_quote", lines=[{"item": "角阀", "quantity": 1, "price": 4500}])


async def quote_approved(desk: Desk) -> None:
    await desk.complete(OWNER, "approved")


WALKS: dict[Edge, Walk] = {
    ("submitted", "dispatched"): onwards,
    ("submitted", "referred"): referred,
    ("submitted", "rejected"): rejected,
    ("submitted", "finished"): done_with_its_primary,
    ("submitted", "cancelled"): cancelled_by_reporter,
    ("dispatched", "accepted"): onwards,
    ("dispatched", "submitted"): handed_back,
    ("dispatched", "finished"): done_with_its_primary,
    ("dispatched", "cancelled"): cancelled_by_reporter,
    ("accepted", "in_progress"): onwards,
    ("accepted", "submitted"): handed_back,
    ("accepted", "dispatched"): reassigned,
    ("accepted", "on_hold"): held,
    ("accepted", "finished"): done_with_its_primary,
    ("accepted", "cancelled"): cancelled_by_reporter,
    ("in_progress", "finished"): onwards,
    ("in_progress", "submitted"): handed_back,
    ("in_progress", "dispatched"): reassigned,
    ("in_progress", "on_hold"): held,
    ("in_progress", "cancelled"): cancelled_by_lead,
    ("in_progress", "quoting"): quoted,
    ("quoting", "in_progress"): quote_approved,
    ("quoting", "cancelled"): cancelled_by_lead,
    ("on_hold", "accepted"): held_before_arrival,
    ("on_hold", "in_progress"): resumed,
    ("on_hold", "submitted"): handed_back,
    ("on_hold", "dispatched"): reassigned,
    ("on_hold", "cancelled"): cancelled_by_lead,
    ("referred", "finished"): done_by_others,
    ("referred", "submitted"): taken_back,
    ("referred", "cancelled"): cancelled_by_reporter,
    ("finished", "closed"): onwards,
    ("finished", "in_progress"): not_fixed,
    ("finished", "submitted"): not_fixed_twice,
}

EDGES = sorted((stage, following) for stage, all_following in REPAIR.edges.items() for following in all_following)


def test_every_edge_of_the_map_has_a_walk() -> None:
    assert sorted(WALKS) == EDGES


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: f"{edge[0]}-{edge[1]}")
async def test_edge_is_walked(desk: Desk, edge: Edge) -> None:
    stage, following = edge
    await desk.at(stage)
    await WALKS[edge](desk)
    state = await desk.state()
    way = ["submitted", *desk.shelf.stages]
    assert edge in list(pairwise(way))
    assert state.stage == following
    assert desk.shelf.state == state
    assert len(state.tasks) == (1 if state.open or state.stage == "closed" or state.objection else 0)


@pytest.mark.parametrize("stage", sorted(REPAIR.ends - {"closed"}))
async def test_an_end_without_rating_ends_the_workflow(desk: Desk, stage: str) -> None:
    await desk.at(stage)
    assert await desk.handle.result() == stage
    assert desk.shelf.ended
    assert desk.shelf.state.tasks == {}
