"""Orders that assign themselves, leavers, deputies and caps, on a server whose clock can be moved."""

from __future__ import annotations

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError

from models.domain.assignment import Choice, Why
from models.domain.commands import Envelope
from models.domain.errors import FourEyes, Unauthenticated
from models.domain.order import Reporter
from models.domain.people import SYSTEM, Absentee, Actor, Role
from models.domain.step import Published
from tests.workflows.desk import BY_STAFF, CLERK, DISPATCHER, LEAD, OWNER, TECH, TECH2, Desk, staff


def deputy_of(absentee: Actor, name: str, *roles: Role) -> Actor:
    actor = staff(name, *roles)
    return actor.model_copy(update={"deputises": (Absentee(id=absentee.id, roles=absentee.roles),)})


async def settled_in(desk: Desk, stage: str) -> None:
    await desk.eventually(lambda: desk.shelf.batches and desk.shelf.state.stage == stage)


# -- orders that assign themselves -------------------------------------------------------------------------------------


async def test_an_order_assigns_itself_and_says_why(desk: Desk) -> None:
    await desk.file(assigns_itself=True, choices=[Choice(staff=TECH.id, open_orders=2, among=3)])
    await settled_in(desk, "dispatched")
    (event,) = desk.shelf.events
    assert (event.kind, event.by_kind) == ("auto_assigned", "system")
    assert event.facts == {"task": f"{desk.number}.1", "staff": TECH.id, "open_orders": 2, "among": 3}
    assert [notice.to_id for notice in desk.shelf.notices("new_task")] == [TECH.id]
    await desk.walk_to("closed")


async def test_when_nobody_fits_a_dispatcher_decides(desk: Desk) -> None:
    await desk.file(assigns_itself=True)
    await desk.walk_to("closed")
    assert desk.shelf.kinds[0] == "assigned"


async def test_what_is_handed_back_is_for_a_dispatcher(desk: Desk) -> None:
    choice = Choice(staff=TECH.id)
    await desk.file(assigns_itself=True, choices=[choice, choice])
    await settled_in(desk, "dispatched")
    await desk.complete(TECH, "handed_back", reason="没有配件")
    assert await desk.stage() == "submitted"
    assert desk.shelf.choices == [choice], "nobody was looked for again"


async def test_an_emergency_without_a_dispatcher_on_duty_goes_to_the_pool_and_rings(desk: Desk) -> None:
    await desk.file(priority="emergency", assigns_itself=True, choices=[Choice()])
    await settled_in(desk, "dispatched")
    assert desk.shelf.kinds == ["pooled_by_itself"]
    assert {notice.to_id for notice in desk.shelf.notices("straight_to_pool")} == {Role.LEAD, Role.GUARD}
    (rings,) = desk.shelf.notices("new_task")
    assert (rings.to, rings.to_id, rings.urgent) == ("role", Role.TECHNICIAN, True)
    assert (await desk.on_task(TECH2, "claim")).stage == "accepted"


async def test_a_dispatcher_who_is_faster_than_the_look_wins(desk: Desk) -> None:
    body = {"outcome": "assigned", "form": {"staff": TECH2.id}}
    found = [Choice(staff=TECH.id)]
    receipt = await desk.file_with(DISPATCHER, "complete", body=body, assigns_itself=True, choices=found)
    assert receipt.stage == "dispatched"
    assert desk.shelf.kinds == ["assigned"]
    assert (await desk.state()).assignee == TECH2.id


async def test_an_order_cancelled_before_the_look_stays_cancelled(desk: Desk) -> None:
    receipt = await desk.file_with(OWNER, "cancel", assigns_itself=True, choices=[Choice(staff=TECH.id)])
    assert receipt.stage == "cancelled"
    assert await desk.handle.result() == "cancelled"
    assert desk.shelf.kinds == ["cancelled"]


async def test_without_a_database_the_dispatcher_is_asked(desk: Desk) -> None:
    await desk.file(assigns_itself=True, down=True)
    press = asyncio.create_task(desk.complete(DISPATCHER, "pool"))
    await asyncio.sleep(1)
    desk.shelf.down = False
    assert (await press).stage == "dispatched"


# -- who may not have it after all -------------------------------------------------------------------------------------


async def test_of_two_orders_for_one_free_place_the_second_goes_back_to_the_dispatcher(desk: Desk) -> None:
    """The cap under a race: the publish has the last word."""
    await desk.file()
    desk.shelf.answers.append(Published(ineligible=[TECH.id], reasons={TECH.id: Why.AT_CAP}))
    receipt = await desk.complete(DISPATCHER, "assigned", staff=TECH.id)
    assert receipt.stage == "submitted"
    (event,) = [event for event in desk.shelf.events if event.kind == "moved_away"]
    assert event.facts["why"] == Why.AT_CAP
    await desk.complete(DISPATCHER, "assigned", staff=TECH2.id)
    assert await desk.stage() == "dispatched"


async def test_a_dismissed_employee_is_not_kept_on_reopen(desk: Desk) -> None:
    """Pitfall "dismissed employee kept on reopen"."""
    await desk.at("finished")
    desk.shelf.gone.add(TECH.id)
    receipt = await desk.complete(OWNER, "not_fixed", reason="还在漏水")
    assert receipt.stage == "submitted"
    state = await desk.state()
    assert state.assignee is None
    assert [task.kind for task in state.tasks.values()] == ["dispatch"]
    assert all(task.holder != TECH.id for task in state.tasks.values())
    await desk.complete(DISPATCHER, "assigned", staff=TECH2.id)
    assert await desk.stage() == "dispatched"


async def test_an_absentee_does_not_get_the_work_back_on_reopen(desk: Desk) -> None:
    await desk.at("finished")
    desk.shelf.answers.append(Published(ineligible=[TECH.id], reasons={TECH.id: Why.ABSENT}))
    assert (await desk.complete(OWNER, "not_fixed", reason="还在漏水")).stage == "submitted"


# -- leaving -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["dispatched", "accepted", "in_progress", "on_hold"])
@pytest.mark.parametrize("to", [TECH2.id, None])
async def test_a_leavers_work_moves_from_every_open_stage(desk: Desk, stage: str, to: str | None) -> None:
    await desk.at(stage)
    before = (await desk.state()).clocks
    receipt = await desk.on_task(SYSTEM, "hand_over", holder=TECH.id, staff=to)
    state = await desk.state()
    assert receipt.stage == state.stage == "dispatched"
    (task,) = state.tasks.values()
    assert (task.kind, task.holder, state.assignee, state.hold) == ("accept", to, to, None)
    if stage != "on_hold":
        assert {name: clock.due_at for name, clock in state.clocks.items()} == {
            name: clock.due_at for name, clock in before.items()
        }, "nobody else's ladder changes"
    await desk.refused(SYSTEM, "hand_over", "task_held_by_other", task_id=task.id, holder=TECH.id)


@pytest.mark.parametrize("stage", ["dispatched", "accepted", "in_progress", "on_hold"])
async def test_work_can_be_reassigned_and_handed_back_in_every_open_stage(desk: Desk, stage: str) -> None:
    await desk.at(stage)
    await desk.on_task(LEAD, "reassign", staff=TECH2.id, reason="另有急事")
    state = await desk.state()
    assert (state.stage, state.assignee) == ("dispatched", TECH2.id)
    await desk.at(stage)
    assert (await desk.complete(TECH, "handed_back", reason="没有配件")).stage == "submitted"


# -- deputies and four eyes --------------------------------------------------------------------------------------------


async def test_a_deputy_carries_out_and_nothing_moves(desk: Desk) -> None:
    """Pitfall "executed by another than the claimer"."""
    deputy = deputy_of(TECH, "second", Role.TECHNICIAN)
    await desk.at("dispatched")
    await desk.complete(deputy, "accepted")
    assert (await desk.state()).assignee == TECH.id
    await desk.complete(deputy, "arrived")
    await desk.complete(deputy, "finished", report="换了垫圈", photo_ids=["pho_1"])
    state = await desk.state()
    assert (state.assignee, state.done_by["carry_out"]) == (TECH.id, deputy.id)
    closed = [closed for batch in desk.shelf.batches for closed in batch.closed if closed.task.kind == "carry_out"]
    assert {(one.task.holder, one.by) for one in closed} == {(TECH.id, deputy.id)}


async def test_four_eyes_at_every_door_of_the_engine(desk: Desk) -> None:
    """Whoever did the work does not judge it: not by role, not as a deputy, not through somebody who acts for them."""
    handy = staff("handy", Role.LEAD, Role.TECHNICIAN)
    await desk.file(reporter=BY_STAFF)
    await desk.complete(DISPATCHER, "assigned", staff=handy.id)
    for outcome in ("accepted", "arrived"):
        await desk.complete(handy, outcome)
    await desk.complete(handy, "finished", report="换了垫圈", photo_ids=[])
    for who in (handy, deputy_of(LEAD, "handy", Role.TECHNICIAN), deputy_of(handy, "friend", Role.CLERK)):
        assert isinstance(await desk.cannot_complete(who, "fixed", "four_eyes"), FourEyes)
        assert "fixed" not in await desk.buttons(who)
    raw = Envelope(actor=LEAD, expires_at=await desk.now(), digest="", body={})
    with pytest.raises((Unauthenticated, WorkflowUpdateFailedError)):
        await desk.deliver("complete", raw)
    await desk.complete(LEAD, "fixed")


async def test_on_behalf_is_refused_to_whoever_did_the_work(desk: Desk) -> None:
    handy = staff("handy", Role.CLERK, Role.TECHNICIAN)
    await desk.file(reporter=Reporter(kind="resident", id=OWNER.id))
    await desk.complete(DISPATCHER, "assigned", staff=handy.id)
    for outcome in ("accepted", "arrived"):
        await desk.complete(handy, outcome)
    await desk.complete(handy, "finished", report="换了垫圈", photo_ids=[])
    phoned = {"channel": "phone", "note": "业主来电", "photo_ids": []}
    task = await desk.task()
    body = {"task_id": task, "outcome": "fixed", "form": {}, "on_behalf": phoned}
    await desk.refused(handy, "complete", "four_eyes", **body)
    await desk.send(CLERK, "complete", **body)
