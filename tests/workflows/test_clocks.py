"""Promises: a warning before the breach, a ladder after it, and after an outage only the highest rung."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.domain.clocks import ClockName
from models.domain.people import Role
from tests.workflows.desk import DISPATCHER, OWNER, TECH, Desk


def said(desk: Desk) -> list[tuple[str, str, str | None]]:
    """What the clocks have said so far: kind, clock, rung."""
    return [
        (event.kind, event.facts["clock"], event.facts.get("rung"))
        for event in desk.shelf.events
        if event.kind in ("warned", "breached")
    ]


async def test_an_order_that_nobody_takes_is_heard_of_higher_and_higher(desk: Desk) -> None:
    """Accept within 30 minutes: warned at 24, lead at 30, manager at 45, quality at 60."""
    await desk.file()
    await desk.sleep(minutes=23)
    assert said(desk) == []
    await desk.sleep(minutes=2)
    assert said(desk) == [("warned", "accept", None)]
    assert [notice.to_id for notice in desk.shelf.notices("warned")] == [Role.DISPATCHER]
    for minutes, rung in ((6, "lead"), (15, "manager"), (15, "quality")):
        await desk.sleep(minutes=minutes)
        assert said(desk)[-1] == ("breached", "accept", rung)
    assert [notice.to_id for notice in desk.shelf.notices("breached")] == [Role.LEAD, Role.MANAGER, Role.QUALITY]
    await desk.sleep(minutes=60)
    assert len(said(desk)) == 4, "a clock that has said everything is silent"


async def test_unaccepted_at_the_breach_it_is_back_in_the_dispatchers_box(desk: Desk) -> None:
    await desk.at("dispatched")
    await desk.sleep(minutes=31)
    task = desk.shelf.state.task_of("accept")
    assert task is not None
    assert task.also_seen_by == (Role.DISPATCHER,)
    assert [notice.to_id for notice in desk.shelf.notices("warned")] == [TECH.id]


async def test_what_was_done_in_time_is_never_spoken_of(desk: Desk) -> None:
    await desk.at("in_progress")
    await desk.sleep(hours=5)
    assert said(desk) == []
    state = await desk.state()
    assert state.running_clock is not None
    assert state.running_clock.name is ClockName.FINISH


async def test_an_agreed_appointment_replaces_the_time_to_arrive(desk: Desk) -> None:
    await desk.at("dispatched")
    start = await desk.now() + timedelta(hours=20)
    window = {"from": start.isoformat(), "to": (start + timedelta(hours=2)).isoformat()}
    await desk.complete(TECH, "accepted", appointment=window)
    await desk.complete(OWNER, "agreed")
    clock = (await desk.state()).clocks[ClockName.ARRIVE]
    assert clock.due_at == start + timedelta(hours=2)
    await desk.sleep(hours=19)
    assert said(desk) == []
    await desk.sleep(hours=4)
    assert said(desk) == [("warned", "arrive", None), ("breached", "arrive", "lead")]


@pytest.mark.parametrize("priority", ["emergency", "high", "normal"])
async def test_each_priority_has_its_own_levels(desk: Desk, priority: str) -> None:
    order = await desk.file(priority=priority)
    await desk.sleep(seconds=order.levels[ClockName.ACCEPT].limit.total_seconds() * 0.85)
    assert said(desk) == [("warned", "accept", None)]
    assert [notice.urgent for notice in desk.shelf.notices("warned")] == [priority == "emergency"]


async def test_after_a_week_without_a_worker_only_the_highest_rung_is_told(desk: Desk) -> None:
    """Taken in a week ago, and only now does a worker see it."""
    await desk.file(ago=timedelta(days=7))
    await desk.eventually(lambda: desk.shelf.batches)
    await desk.settled()
    assert said(desk) == [("breached", clock, "quality") for clock in ("accept", "arrive", "finish")]
    assert [notice.to_id for notice in desk.shelf.notices("breached")] == [Role.QUALITY] * 3
    assert (await desk.complete(DISPATCHER, "pool")).stage == "dispatched"
