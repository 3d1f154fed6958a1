"""Waiting for parts, for the reporter, for the weather: with a reason, a time to wake up, and a clock that stands
still.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.domain.clocks import ClockName
from tests.workflows.desk import CLERK, LEAD, OWNER, TECH, TECH2, Desk

SLACK = timedelta(seconds=5)
"""The server's clock stands still between commands, give or take what a test itself takes."""


async def hold_body(desk: Desk, **changes: object) -> dict[str, object]:
    until = await desk.now() + timedelta(hours=2)
    return {"task_id": await desk.task(), "reason": "parts", "until": until, **changes}


@pytest.mark.parametrize("stage", ["accepted", "in_progress"])
async def test_on_hold_the_clocks_stand_still_and_the_order_wakes_up_by_itself(desk: Desk, stage: str) -> None:
    promised = (await desk.at(stage)).clocks[ClockName.FINISH].due_at
    await desk.hold(hours=2)
    held = await desk.state()
    assert held.stage == "on_hold"
    assert held.hold is not None
    assert not held.clocks[ClockName.FINISH].running
    await desk.sleep(hours=1)
    assert await desk.stage() == "on_hold"
    await desk.sleep(hours=1, seconds=1)
    state = await desk.state()
    assert (state.stage, state.hold) == (stage, None)
    assert desk.shelf.kinds[-1] == "woke_up"
    assert abs(state.clocks[ClockName.FINISH].due_at - promised - timedelta(hours=2)) < SLACK
    assert [notice.to_id for notice in desk.shelf.notices("resumed")] == [OWNER.id, TECH.id]


async def test_only_the_worker_and_those_above_hold_and_only_while_there_is_work(desk: Desk) -> None:
    await desk.at("dispatched")
    await desk.refused(TECH, "hold", "cannot_hold_here", **await hold_body(desk))
    await desk.walk_to("in_progress")
    await desk.refused(TECH2, "hold", "task_held_by_other", **await hold_body(desk))
    past = await desk.now() - timedelta(minutes=1)
    await desk.refused(TECH, "hold", "wake_up_time", **await hold_body(desk, until=past))
    await desk.refused(TECH, "hold", "attempt_needed", **await hold_body(desk, reason="reporter"))
    await desk.hold(reason="reporter", note="打了两次电话没人接")
    assert [event.audience for event in desk.shelf.events if event.kind == "commented"] == ["staff"]
    assert await desk.stage() == "on_hold"


async def test_a_long_or_a_second_hold_needs_the_lead(desk: Desk) -> None:
    await desk.at("in_progress")
    in_four_days = await desk.now() + timedelta(hours=73)
    refusal = await desk.refused(TECH, "hold", "hold_needs_lead", **await hold_body(desk, until=in_four_days))
    assert refusal.facts == {"hours": 72}
    await desk.hold()
    await desk.refused(TECH, "hold", "cannot_hold_here", **await hold_body(desk))
    await desk.on_task(TECH, "resume")
    assert "hold" not in await desk.buttons(TECH)
    await desk.refused(TECH, "hold", "hold_needs_lead", **await hold_body(desk))
    assert (await desk.hold(who=LEAD, hours=100)).stage == "on_hold"


async def test_on_hold_nothing_else_goes_on(desk: Desk) -> None:
    await desk.at("on_hold")
    await desk.cannot_complete(TECH, "finished", "on_hold", report="修好了")
    await desk.refused(OWNER, "urge", "on_hold")
    await desk.refused(TECH2, "resume", "task_held_by_other", task_id=await desk.task())
    assert await desk.buttons(TECH) == {"resume", "handed_back", "comment"}
    await desk.on_task(TECH, "resume")
    await desk.refused(TECH, "resume", "not_on_hold", task_id=await desk.task())


async def test_a_word_of_the_reporters_ends_the_wait_and_one_of_staff_does_not(desk: Desk) -> None:
    await desk.at("on_hold")
    await desk.send(OWNER, "comment", text="配件到了吗")
    assert await desk.stage() == "on_hold"  # It waits for parts, and those no question brings.
    await desk.at("in_progress")
    await desk.hold(reason="reporter", note="打过两次电话")
    await desk.send(CLERK, "comment", text="再联系一次")
    assert await desk.stage() == "on_hold"
    await desk.send(OWNER, "comment", text="我现在在家")
    assert await desk.stage() == "in_progress"
    assert desk.shelf.kinds[-2:] == ["commented", "resumed"]


async def test_reassigned_from_hold_the_order_starts_with_its_new_technician(desk: Desk) -> None:
    await desk.at("on_hold")
    await desk.on_task(LEAD, "reassign", staff=TECH2.id, reason="师傅请假")
    state = await desk.state()
    assert (state.stage, state.hold, state.assignee) == ("dispatched", None, TECH2.id)
    await desk.sleep(hours=3)
    assert "woke_up" not in desk.shelf.kinds, "the old wake-up time means nothing any more"
