"""What a reporter may do: press, call off, say something, confirm, rate. And what happens when they say nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.service import RPCError

from models.domain.clocks import ClockName
from models.domain.errors import RateLimited
from models.domain.people import Role
from tests.workflows.desk import CLERK, DISPATCHER, GUARD, LEAD, OWNER, TECH, TECH2, Desk, staff

STARS = {"result": 5, "speed": 4, "manner": 5}
FIVE_MINUTES = {"minutes": 5, "seconds": 1}


async def test_urging_tells_the_holder_once_in_five_minutes_and_the_third_time_the_lead(desk: Desk) -> None:
    await desk.at("accepted")
    await desk.send(OWNER, "urge")
    refusal = await desk.refused(OWNER, "urge", "urged_lately")
    assert isinstance(refusal, RateLimited)
    assert 290 <= refusal.retry_after <= 301
    await desk.refused(CLERK, "urge", "urged_lately")
    await desk.sleep(**FIVE_MINUTES)
    await desk.send(CLERK, "urge")
    assert desk.shelf.notices("urged_often") == []
    await desk.sleep(**FIVE_MINUTES)
    await desk.send(OWNER, "urge")
    assert [notice.to_id for notice in desk.shelf.notices("urged")] == [TECH.id] * 3
    assert [notice.to_id for notice in desk.shelf.notices("urged_often")] == [Role.LEAD]
    assert (await desk.state()).urges.count == 3


async def test_urges_of_an_earlier_stage_do_not_count_towards_the_lead(desk: Desk) -> None:
    await desk.file()
    for stage in ("submitted", "submitted", "dispatched"):
        await desk.walk_to(stage)
        await desk.send(OWNER, "urge")
        await desk.sleep(**FIVE_MINUTES)
    assert desk.shelf.notices("urged_often") == []
    urges = (await desk.state()).urges
    assert (urges.count, urges.here) == (3, 1)


async def test_urging_is_for_the_reporter_and_the_office_while_work_is_open(desk: Desk) -> None:
    await desk.at("in_progress")
    await desk.refused(GUARD, "urge", "urge_role")
    await desk.walk_to("finished")
    await desk.refused(OWNER, "urge", "nothing_to_urge")


async def test_a_reporter_cancels_until_arrival(desk: Desk) -> None:
    await desk.at("in_progress")
    await desk.refused(OWNER, "cancel", "too_late_to_cancel")
    await desk.at("accepted")
    await desk.hold()
    await desk.send(OWNER, "cancel")
    assert await desk.handle.result() == "cancelled"
    assert [notice.to_id for notice in desk.shelf.notices("order_cancelled")] == [TECH.id]
    assert desk.shelf.notices("cancelled") == [], "nobody is told what they did themselves"
    assert desk.shelf.outcomes()[-1] == "cancelled"


async def test_staff_cancel_with_a_reason_and_never_their_own_work(desk: Desk) -> None:
    worker = staff("working_lead", Role.TECHNICIAN, Role.LEAD)
    await desk.file()
    await desk.complete(DISPATCHER, "assigned", staff=worker.id)
    await desk.refused(worker, "cancel", "own_order", reason="重复报修")
    await desk.refused(TECH, "cancel", "cancel_role", reason="重复报修")
    await desk.refused(CLERK, "cancel", "reason_needed")
    await desk.send(CLERK, "cancel", reason="重复报修")
    assert await desk.handle.result() == "cancelled"
    assert [notice.to_id for notice in desk.shelf.notices("cancelled")] == [OWNER.id]


async def test_finished_work_is_confirmed_and_not_cancelled(desk: Desk) -> None:
    await desk.at("finished")
    await desk.refused(OWNER, "cancel", "too_late_to_cancel")
    await desk.refused(LEAD, "cancel", "too_late_to_cancel", reason="重复报修")


async def test_comments_are_for_staff_unless_sent_as_a_reply(desk: Desk) -> None:
    await desk.at("accepted")
    await desk.send(OWNER, "comment", text="请带梯子")
    await desk.send(TECH, "comment", text="梯子已借")
    await desk.send(CLERK, "comment", text="师傅会带梯子", audience="reporter")
    await desk.refused(OWNER, "comment", "comment_audience", text="内部", audience="staff")
    said = [event for event in desk.shelf.events if event.kind == "commented"]
    assert [event.audience for event in said] == ["reporter", "staff", "reporter"]
    assert [notice.to_id for notice in desk.shelf.notices("reporter_replied")] == [TECH.id]
    assert [notice.to_id for notice in desk.shelf.notices("replied")] == [OWNER.id]


async def test_not_fixed_goes_back_to_the_same_technician_with_half_the_time(desk: Desk) -> None:
    state = await desk.at("finished")
    assert state.clocks[ClockName.FINISH].paused_at is not None, "waiting for the reporter stops the clock"
    await desk.complete(OWNER, "not_fixed", reason="还在漏水", photo_ids=["pho_9"])
    state = await desk.state()
    assert (state.stage, state.assignee, state.reopened) == ("in_progress", TECH.id, 1)
    clock = state.clocks[ClockName.FINISH]
    assert clock.running
    assert clock.limit == state.levels[ClockName.FINISH].limit / 2
    assert abs(clock.due_at - await desk.now() - clock.limit) < timedelta(seconds=5)


async def test_not_fixed_a_second_time_is_for_the_lead_to_decide(desk: Desk) -> None:
    await desk.at("finished")
    await desk.complete(OWNER, "not_fixed", reason="还在漏水")
    await desk.walk_to("finished")
    await desk.complete(OWNER, "not_fixed", reason="又漏了")
    state = await desk.state()
    task = state.task_of("dispatch")
    assert task is not None
    assert (state.stage, state.assignee, task.roles) == ("submitted", None, (Role.LEAD,))
    await desk.cannot_complete(DISPATCHER, "pool", "not_a_candidate")
    again = {"task_id": task.id, "outcome": "assigned", "form": {"staff": TECH.id}}
    await desk.refused(LEAD, "complete", "another_technician", **again)
    await desk.complete(LEAD, "assigned", staff=TECH2.id)
    assert (await desk.complete(TECH2, "accepted")).stage == "accepted"


async def test_silence_closes_after_a_week_without_stars(desk: Desk) -> None:
    await desk.at("finished")
    await desk.sleep(days=6, hours=23)
    assert await desk.stage() == "finished"
    await desk.sleep(hours=1, seconds=1)
    state = await desk.state()
    assert (state.stage, state.rating) == ("closed", None)
    assert desk.shelf.outcomes()[-1] == "expired"
    assert state.task_of("rate") is not None


async def test_stars_are_taken_for_fifteen_days(desk: Desk) -> None:
    await desk.at("finished")
    await desk.refused(OWNER, "rate", "rate_after_work", **STARS)
    await desk.complete(OWNER, "fixed")
    reminders = desk.shelf.notices("reminder")
    assert [(notice.to_id, notice.while_task) for notice in reminders] == [(OWNER.id, await desk.task())] * 2
    await desk.refused(LEAD, "rate", "rate_role", **STARS)
    await desk.sleep(days=14, hours=23)
    await desk.send(OWNER, "rate", **STARS)
    assert await desk.handle.result() == "closed"
    assert desk.shelf.state.rating is not None
    assert desk.shelf.state.rating.speed == 4


async def test_after_fifteen_days_there_are_no_stars_and_never_five(desk: Desk) -> None:
    await desk.at("closed")
    await desk.env.sleep(timedelta(days=15, seconds=1))
    assert await desk.handle.result() == "closed"
    assert desk.shelf.ended
    assert desk.shelf.state.rating is None
    assert desk.shelf.state.tasks == {}
    assert desk.shelf.kinds[-1] == "expired"
    with pytest.raises(RPCError):
        await desk.send(OWNER, "rate", **STARS)


async def test_stars_given_with_the_confirmation_are_not_asked_for_again(desk: Desk) -> None:
    await desk.at("finished")
    await desk.complete(OWNER, "fixed", rating={**STARS, "manner": 2})
    assert await desk.handle.result() == "closed"
    assert "rate" not in [closed.task.kind for batch in desk.shelf.batches for closed in batch.closed]
    assert [notice.to_id for notice in desk.shelf.notices("low_rating")] == [Role.LEAD]
