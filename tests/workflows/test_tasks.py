"""Who takes the work, who gives it away, and who may end a task for somebody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.domain.clocks import ClockName
from models.domain.errors import FourEyes, TaskHeldByOther, ValidationFailed
from models.domain.people import Role
from tests.workflows.desk import (
    BY_STAFF,
    CLERK,
    DISPATCHER,
    GARAGE,
    GUARD,
    GUEST,
    LEAD,
    NEIGHBOUR,
    OWNER,
    PHONED,
    STRANGER,
    TECH,
    TECH2,
    Desk,
    staff,
)

MANY_HATS = staff("many_hats", Role.TECHNICIAN, Role.CLERK, Role.LEAD)


async def in_the_pool(desk: Desk) -> str:
    await desk.file()
    await desk.complete(DISPATCHER, "pool")
    return await desk.task()


async def test_claiming_from_the_pool_accepts(desk: Desk) -> None:
    task = await in_the_pool(desk)
    assert desk.shelf.notices("new_task") == [], "the inbox of all who may claim it shows it"
    receipt = await desk.send(TECH, "claim", task_id=task)
    assert receipt.stage == "accepted"
    assert (await desk.state()).assignee == TECH.id
    refusal = await desk.refused(TECH2, "claim", "task_held_by_other", task_id=task)
    assert isinstance(refusal, TaskHeldByOther)
    await desk.refused(TECH, "claim", "task_held_by_other", task_id=task)


async def test_only_technicians_of_the_community_claim(desk: Desk) -> None:
    task = await in_the_pool(desk)
    await desk.refused(GUARD, "claim", "not_a_candidate", task_id=task)
    await desk.refused(OWNER, "claim", "not_a_candidate", task_id=task)
    for outsider in (NEIGHBOUR, STRANGER):
        await desk.refused(outsider, "claim", "order_not_found", task_id=task)


async def test_a_claimed_dispatch_is_for_its_holder_until_released(desk: Desk) -> None:
    second = staff("dispatcher2", Role.DISPATCHER)
    await desk.file()
    await desk.on_task(DISPATCHER, "claim")
    await desk.cannot_complete(second, "pool", "task_held_by_other")
    await desk.refused(DISPATCHER, "claim", "already_yours", task_id=await desk.task())
    await desk.refused(second, "release", "task_held_by_other", task_id=await desk.task())
    await desk.on_task(DISPATCHER, "release")
    await desk.refused(DISPATCHER, "release", "not_held", task_id=await desk.task())
    assert (await desk.complete(second, "pool")).stage == "dispatched"


async def test_what_is_handed_back_is_dispatched_again(desk: Desk) -> None:
    await desk.at("in_progress")
    before = (await desk.state()).clocks
    await desk.cannot_complete(TECH, "handed_back", "validation_failed")
    await desk.complete(TECH, "handed_back", reason="没有配件")
    state = await desk.state()
    assert (state.stage, state.assignee) == ("submitted", None)
    assert state.task_of("dispatch") is not None
    assert state.clocks == before, "handing back restarts nothing"
    assert [event.audience for event in desk.shelf.events if event.kind == "handed_back"] == ["staff"]
    await desk.complete(DISPATCHER, "assigned", staff=TECH2.id)
    assert (await desk.complete(TECH2, "accepted")).stage == "accepted"


async def test_a_dispatcher_reassigns_until_arrival_and_a_lead_always(desk: Desk) -> None:
    await desk.at("accepted")
    away = {"staff": TECH2.id, "reason": "师傅请假"}
    await desk.refused(TECH2, "reassign", "reassign_role", task_id=await desk.task(), **away)
    await desk.refused(DISPATCHER, "reassign", "same_person", task_id=await desk.task(), staff=TECH.id, reason="同一人")
    assert (await desk.on_task(DISPATCHER, "reassign", **away)).stage == "dispatched"
    assert [notice.to_id for notice in desk.shelf.notices("taken_away")] == [TECH.id]
    await desk.complete(TECH2, "accepted")
    await desk.complete(TECH2, "arrived")
    back = {"staff": TECH.id, "reason": "换回原师傅"}
    await desk.refused(DISPATCHER, "reassign", "reassign_after_arrival", task_id=await desk.task(), **back)
    assert (await desk.on_task(LEAD, "reassign", **back)).stage == "dispatched"
    assert (await desk.state()).assignee == TECH.id
    await desk.cannot_complete(TECH2, "accepted", "task_held_by_other")


async def test_a_pooled_order_can_be_given_to_somebody(desk: Desk) -> None:
    await in_the_pool(desk)
    await desk.on_task(DISPATCHER, "reassign", staff=TECH2.id, reason="无人抢单")
    assert (await desk.state()).stage == "dispatched"
    await desk.refused(TECH, "claim", "task_held_by_other", task_id=await desk.task())
    assert (await desk.complete(TECH2, "accepted")).stage == "accepted"


async def test_arriving_comes_before_finishing_and_once(desk: Desk) -> None:
    await desk.at("accepted")
    await desk.cannot_complete(TECH, "finished", "arrive_first", report="修好了")
    await desk.complete(TECH, "arrived")
    await desk.cannot_complete(TECH, "arrived", "already_arrived")


async def test_work_in_a_public_area_needs_a_photo_of_the_result(desk: Desk) -> None:
    await desk.at("in_progress", place=GARAGE)
    refusal = await desk.cannot_complete(TECH, "finished", "after_photo_needed", report="换了灯管")
    assert isinstance(refusal, ValidationFailed)
    assert [error["field"] for error in refusal.errors] == ["form.photo_ids"]
    assert (await desk.complete(TECH, "finished", report="换了灯管", photo_ids=["pho_2"])).stage == "finished"


async def test_a_clerk_writes_down_what_a_resident_said(desk: Desk) -> None:
    await desk.at("finished")
    await desk.cannot_complete(CLERK, "fixed", "task_held_by_other")
    behalf = {"task_id": await desk.task(), "outcome": "fixed", "on_behalf": PHONED}
    await desk.refused(TECH2, "complete", "on_behalf_role", **behalf)
    assert (await desk.complete(CLERK, "fixed", on_behalf=PHONED)).stage == "closed"
    stars = {"result": 4, "speed": 4, "manner": 5}
    await desk.complete(CLERK, "rated", on_behalf=PHONED, **stars)
    state = desk.shelf.state
    assert state.rating is not None
    assert state.rating.lowest == 4
    assert "confirm" not in state.done_by, "the clerk only wrote it down"
    said = [event.facts["on_behalf"] for event in desk.shelf.events if event.kind in ("fixed", "rated")]
    assert said == [PHONED, PHONED]
    assert await desk.handle.result() == "closed"


async def test_a_guest_is_asked_through_the_clerk_and_never_for_stars(desk: Desk) -> None:
    await desk.at("finished", reporter=GUEST)
    task = (await desk.state()).task_of("confirm")
    assert task is not None
    assert (task.holder, task.also_seen_by) == (None, (Role.CLERK,))
    await desk.cannot_complete(OWNER, "fixed", "order_not_found")
    await desk.complete(CLERK, "fixed", on_behalf=PHONED)
    assert await desk.handle.result() == "closed"


async def test_what_staff_found_is_confirmed_by_a_lead_and_not_rated(desk: Desk) -> None:
    await desk.at("finished", reporter=BY_STAFF)
    await desk.cannot_complete(CLERK, "fixed", "not_a_candidate")
    behalf = {"task_id": await desk.task(), "outcome": "fixed", "on_behalf": PHONED}
    await desk.refused(CLERK, "complete", "not_a_reporters_task", **behalf)
    await desk.complete(LEAD, "fixed")
    assert await desk.handle.result() == "closed"
    assert desk.shelf.state.rating is None


@pytest.mark.parametrize("found_by_staff", [True, False])
async def test_nobody_confirms_their_own_work(desk: Desk, found_by_staff: bool) -> None:
    await desk.file(**({"reporter": BY_STAFF} if found_by_staff else {}))
    await desk.complete(DISPATCHER, "assigned", staff=MANY_HATS.id)
    await desk.complete(MANY_HATS, "accepted")
    await desk.complete(MANY_HATS, "arrived")
    await desk.complete(MANY_HATS, "finished", report="修好了")
    body = {"task_id": await desk.task(), "outcome": "fixed"}
    if not found_by_staff:
        body["on_behalf"] = PHONED  # type: ignore[assignment]
    refusal = await desk.refused(MANY_HATS, "complete", "four_eyes", **body)
    assert isinstance(refusal, FourEyes)
    if found_by_staff:
        await desk.refused(MANY_HATS, "claim", "four_eyes", task_id=await desk.task())
        assert (await desk.complete(LEAD, "fixed")).stage == "closed"


async def test_work_of_somebody_who_has_left_is_handed_back(desk: Desk) -> None:
    await desk.file()
    desk.shelf.gone.add(TECH.id)
    receipt = await desk.complete(DISPATCHER, "assigned", staff=TECH.id)
    assert receipt.stage == "submitted", "the answer is given where the order has come to rest"
    assert desk.shelf.kinds == ["assigned", "moved_away"]
    assert desk.shelf.outcomes() == ["assigned", "handed_back"]
    assert desk.shelf.state.assignee is None
    await desk.complete(DISPATCHER, "assigned", staff=TECH2.id)
    assert (await desk.complete(TECH2, "accepted")).stage == "accepted"


async def test_work_on_hold_of_somebody_who_has_left_is_handed_back(desk: Desk) -> None:
    await desk.at("on_hold")
    desk.shelf.gone.add(TECH.id)
    await desk.send(LEAD, "comment", text="师傅离职")
    await desk.settled()
    state = desk.shelf.state
    assert (state.stage, state.hold, state.assignee) == ("submitted", None, None)


async def test_a_claimed_task_of_somebody_who_has_left_returns_to_its_pool(desk: Desk) -> None:
    await desk.file()
    desk.shelf.gone.add(DISPATCHER.id)
    await desk.on_task(DISPATCHER, "claim")
    state = desk.shelf.state
    assert state.stage == "submitted"
    assert [task.holder for task in state.tasks.values()] == [None]


async def test_an_appointment_lies_ahead_and_its_clock_starts_afresh(desk: Desk) -> None:
    await desk.at("dispatched")
    now = await desk.now()
    task = {"task_id": await desk.task(), "outcome": "accepted"}
    for start, end in ((now - timedelta(hours=2), now - timedelta(hours=1)), (now, now + timedelta(days=61))):
        window = {"appointment": {"from": start, "to": end}}
        await desk.refused(TECH, "complete", "appointment_time", **task, form=window)
    agreed = {"from": (now + timedelta(days=1)).isoformat(), "to": (now + timedelta(days=1, hours=2)).isoformat()}
    await desk.complete(TECH, "accepted", appointment=agreed)
    await desk.complete(OWNER, "agreed")
    clock = (await desk.state()).clocks[ClockName.ARRIVE]
    assert (clock.due_at, clock.rung) == (now + timedelta(days=1, hours=2), 0)
    (soon,) = desk.shelf.notices("appointment_soon")
    assert (soon.to_id, soon.not_before) == (TECH.id, now + timedelta(hours=23))


async def test_what_staff_found_a_lead_accepts_without_stars_and_without_silence(desk: Desk) -> None:
    await desk.file(reporter=BY_STAFF)
    await desk.walk_to("finished")
    (told,) = desk.shelf.notices("new_task")[-1:]
    assert (told.to, told.to_id) == ("role", Role.LEAD)
    stars = {"rating": {"result": 5, "speed": 5, "manner": 5}}
    await desk.refused(
        LEAD, "complete", "no_stars_for_own_finds", task_id=await desk.task(), outcome="fixed", form=stars
    )
    await desk.sleep(days=8)
    assert await desk.stage() == "finished"
    assert (await desk.complete(LEAD, "fixed")).stage == "closed"


async def test_the_reporter_is_told_what_was_recorded_and_the_workers_what_failed(desk: Desk) -> None:
    await desk.at("finished")
    await desk.complete(CLERK, "not_fixed", on_behalf={"channel": "phone", "note": "来电"}, reason="还在漏水")
    assert [(told.to_id, told.facts["outcome"]) for told in desk.shelf.notices("recorded")] == [(OWNER.id, "not_fixed")]
    assert [told.to_id for told in desk.shelf.notices("not_fixed")] == [TECH.id]
    await desk.walk_to("finished")
    await desk.complete(OWNER, "not_fixed", reason="又漏了")
    assert [told.to_id for told in desk.shelf.notices("not_fixed")] == [TECH.id, TECH.id, Role.LEAD]
