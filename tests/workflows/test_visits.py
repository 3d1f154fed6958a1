"""Visits that do not end the work: another firm's, nobody at home, somebody else's business, a vacant home."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from models.domain.clocks import ClockName
from models.domain.errors import IllegalTransition
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
    TECH,
    TECH2,
    Desk,
)

SLACK = timedelta(seconds=5)
NOBODY_THERE: dict[str, Any] = {"note": "敲门、打电话都没人应", "photo_ids": ["pho_door"]}
LIFT_FIRM = {"party": "lift_firm", "contact": "迅达电梯"}


async def window(desk: Desk, days: float = 1) -> dict[str, datetime]:
    start = await desk.now() + timedelta(days=days)
    return {"from": start, "to": start + timedelta(hours=2)}


async def referred(desk: Desk, **filing: Any) -> None:
    await desk.file(**filing)
    await desk.complete(DISPATCHER, "referred", follow_up=await desk.now() + timedelta(days=1), **LIFT_FIRM)


async def locked_out(desk: Desk, stage: str = "accepted", **filing: Any) -> None:
    await desk.at(stage, **filing)
    await desk.complete(TECH, "no_access", **NOBODY_THERE)


# -- another firm -----------------------------------------------------------------------------------------------------


async def test_referred_work_stands_still_rings_at_its_time_and_is_confirmed_by_the_reporter(desk: Desk) -> None:
    await referred(desk)
    state = await desk.state()
    assert (state.stage, state.assignee) == ("referred", None)
    assert not any(clock.running for clock in state.clocks.values())
    assert [notice.to_id for notice in desk.shelf.notices("referred")] == [OWNER.id]
    (ring,) = desk.shelf.notices("task_due")
    assert state.referral is not None
    assert (ring.to_id, ring.not_before, ring.while_task) == (
        Role.DISPATCHER,
        state.referral.follow_up,
        await desk.task(),
    )
    await desk.sleep(days=30)
    assert "breached" not in desk.shelf.kinds, "nobody here is late while another firm works"
    await desk.complete(DISPATCHER, "done", report="已更换门机", photo_ids=["pho_2"])
    await desk.complete(OWNER, "fixed")
    assert (await desk.state()).stage == "closed"


async def test_a_postponed_follow_up_rings_again_and_a_taken_back_one_is_dispatched_anew(desk: Desk) -> None:
    await referred(desk)
    later = await desk.now() + timedelta(days=9)
    await desk.complete(DISPATCHER, "postponed", follow_up=later)
    assert await desk.stage() == "referred"
    assert abs(desk.shelf.notices("task_due")[-1].not_before - later) < SLACK  # type: ignore[operator]
    await desk.complete(DISPATCHER, "taken_back", reason="一直不来人")
    await desk.complete(DISPATCHER, "assigned", staff=TECH2.id)
    assert await desk.stage() == "dispatched"


async def test_what_another_firm_did_not_fix_goes_back_to_a_dispatcher(desk: Desk) -> None:
    await referred(desk)
    await desk.complete(DISPATCHER, "done", report="已更换门机")
    await desk.complete(OWNER, "not_fixed", reason="还是夹人")
    state = await desk.state()
    assert (state.stage, state.reopened, state.assignee) == ("submitted", 1, None)
    await desk.complete(DISPATCHER, "pool")


async def test_whom_and_when_to_ask_must_make_sense(desk: Desk) -> None:
    await desk.file()
    past = await desk.now() - timedelta(minutes=1)
    await desk.cannot_complete(DISPATCHER, "referred", "follow_up_time", follow_up=past, **LIFT_FIRM)
    soon = await desk.now() + timedelta(days=1)
    somebody = {**LIFT_FIRM, "contact": "王工 13800138000"}
    await desk.cannot_complete(DISPATCHER, "referred", "validation_failed", follow_up=soon, **somebody)
    await desk.cannot_complete(TECH, "referred", "not_a_candidate", follow_up=soon, **LIFT_FIRM)
    await desk.complete(DISPATCHER, "referred", follow_up=soon, **LIFT_FIRM)
    await desk.send(OWNER, "cancel")
    assert await desk.handle.result() == "cancelled"


# -- nobody at home ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["accepted", "in_progress"])
async def test_nobody_at_home_waits_for_the_reporter_who_names_a_new_time(desk: Desk, stage: str) -> None:
    await locked_out(desk, stage)
    state = await desk.state()
    assert state.stage == "on_hold"
    assert state.hold is not None
    assert not any(clock.running for clock in state.clocks.values())
    assert [(notice.to_id, notice.template) for notice in desk.shelf.notices("no_access")] == [(OWNER.id, "your_turn")]
    assert desk.shelf.notices("held") == [], "one message is enough"
    with pytest.raises(IllegalTransition):
        await desk.send(OWNER, "urge")
    await desk.cannot_complete(NEIGHBOUR, "rebooked", "order_not_found", appointment=await window(desk))
    await desk.cannot_complete(OWNER, "rebooked", "appointment_time", appointment=await window(desk, days=99))
    visit = await window(desk)
    await desk.complete(OWNER, "rebooked", appointment=visit)
    state = await desk.state()
    assert (state.stage, state.hold, state.assignee) == (stage, None, TECH.id)
    assert state.appointment is not None
    assert state.appointment_agreed
    arrive = state.clocks[ClockName.ARRIVE]
    assert (arrive.due_at == visit["to"]) == (stage == "accepted"), "a kept promise is not made again"
    assert "new_task" in [notice.kind for batch in desk.shelf.batches[-1:] for notice in batch.notices]


async def test_a_word_does_not_end_the_wait_for_a_time_and_silence_makes_a_clerk_call(desk: Desk) -> None:
    await locked_out(desk)
    await desk.send(OWNER, "comment", text="对不起，出门了")
    assert await desk.stage() == "on_hold"
    await desk.sleep(days=3, seconds=1)
    state = await desk.state()
    assert [task.kind for task in state.tasks.values()] == ["call_reporter"]
    assert state.stage == "on_hold"
    await desk.sleep(days=20)
    assert await desk.stage() == "on_hold", "it never resumes by itself"
    await desk.cannot_complete(TECH, "rebooked", "not_a_candidate", appointment=await window(desk))
    await desk.complete(CLERK, "rebooked", appointment=await window(desk))
    assert (await desk.state()).stage == "accepted"


async def test_the_second_time_a_clerk_calls_at_once(desk: Desk) -> None:
    await locked_out(desk)
    await desk.complete(CLERK, "rebooked", PHONED, appointment=await window(desk))
    await desk.complete(TECH, "no_access", **NOBODY_THERE)
    (task,) = (await desk.state()).tasks.values()
    assert (task.kind, task.roles) == ("call_reporter", (Role.CLERK,))
    assert len(desk.shelf.notices("no_access")) == 1


@pytest.mark.parametrize("reporter", [GUEST, BY_STAFF], ids=["guest", "staff"])
async def test_whoever_has_no_account_is_telephoned(desk: Desk, reporter: Any) -> None:
    await locked_out(desk, reporter=reporter)
    assert (await desk.state()).task_of("call_reporter") is not None


async def test_a_reporter_who_wants_nothing_any_more_calls_it_off(desk: Desk) -> None:
    await locked_out(desk, "in_progress")
    await desk.complete(OWNER, "called_off")
    assert await desk.handle.result() == "cancelled"
    assert [notice.to_id for notice in desk.shelf.notices("order_cancelled")] == [TECH.id]


async def test_a_closed_door_is_shown_and_a_public_place_has_none(desk: Desk) -> None:
    await desk.at("accepted")
    await desk.cannot_complete(TECH, "no_access", "validation_failed", note="没人在家")
    await desk.at("accepted", place=GARAGE)
    await desk.cannot_complete(TECH, "no_access", "no_access_at_homes_only", **NOBODY_THERE)
    assert "no_access" not in await desk.buttons(TECH)


# -- somebody else's business, a makeshift ----------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["accepted", "in_progress"])
async def test_out_of_scope_goes_back_to_the_dispatcher_with_reason_and_photo(desk: Desk, stage: str) -> None:
    await desk.at(stage)
    await desk.cannot_complete(TECH, "out_of_scope", "validation_failed", reason="燃气公司的管道")
    await desk.complete(TECH, "out_of_scope", reason="燃气公司的管道", photo_ids=["pho_3"])
    state = await desk.state()
    assert (state.stage, state.assignee) == ("submitted", None)
    assert desk.shelf.events[-1].audience == "staff"


async def test_a_makeshift_is_called_one_until_it_is_done_again(desk: Desk) -> None:
    await desk.at("in_progress")
    await desk.complete(TECH, "finished", report="先用胶带缠住", temporary=True)
    assert (await desk.state()).temporary
    await desk.complete(OWNER, "not_fixed", reason="又漏了")
    await desk.complete(TECH, "finished", report="换了水管")
    assert not (await desk.state()).temporary


# -- a vacant home ----------------------------------------------------------------------------------------------------

CONSENT = {"given_by": "owner", "channel": "phone"}
WITNESSES = {"first_witness": GUARD.id, "second_witness": CLERK.id}


async def test_a_vacant_home_is_entered_with_consent_only(desk: Desk) -> None:
    await desk.at("accepted", vacant=True)
    await desk.cannot_complete(TECH, "arrived", "consent_needed")
    assert "arrived" not in await desk.buttons(TECH)
    await desk.refused(GUARD, "consent", "consent_role", **CONSENT)
    await desk.refused(NEIGHBOUR, "consent", "order_not_found", **CONSENT)
    await desk.send(CLERK, "consent", **CONSENT)
    await desk.refused(OWNER, "consent", "consent_given", **CONSENT)
    assert "arrived" in await desk.buttons(TECH)
    await desk.cannot_complete(TECH, "forced_entry", "consent_given", reason="水漏到楼下", **WITNESSES)
    await desk.complete(TECH, "arrived")
    entry = (await desk.state()).entry
    assert entry is not None
    assert (entry.given_by, entry.channel) == ("owner", "phone")


async def test_forced_entry_takes_two_witnesses_who_are_not_whoever_enters(desk: Desk) -> None:
    await desk.at("accepted", vacant=True)
    for witnesses in ({**WITNESSES, "second_witness": GUARD.id}, {**WITNESSES, "first_witness": TECH.id}):
        await desk.cannot_complete(TECH, "forced_entry", "two_witnesses", reason="水漏到楼下", **witnesses)
    await desk.complete(TECH, "forced_entry", reason="水漏到楼下", **WITNESSES)
    state = await desk.state()
    assert state.stage == "in_progress"
    assert state.clocks[ClockName.ARRIVE].stopped_at is not None


async def test_where_people_live_nobody_needs_consent_or_force(desk: Desk) -> None:
    await desk.at("accepted")
    await desk.refused(LEAD, "consent", "consent_not_needed", **CONSENT)
    await desk.cannot_complete(TECH, "forced_entry", "home_is_lived_in", reason="水漏到楼下", **WITNESSES)
    assert not {"consent", "forced_entry"} & await desk.buttons(TECH)
