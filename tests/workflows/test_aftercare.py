"""After the end: stars and the answer to them, calls back, and a hearing for whom staff have cancelled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models.domain.people import Role
from tests.workflows.desk import BY_STAFF, CLERK, GUEST, LEAD, OWNER, PHONED, TECH, Desk, staff

STARS = {"result": 5, "speed": 4, "manner": 5}
LOW = {**STARS, "manner": 2}
MANAGER = staff("manager", Role.MANAGER)
SLACK = timedelta(seconds=5)


async def kinds(desk: Desk) -> list[str]:
    return sorted(task.kind for task in (await desk.state()).tasks.values())


async def end(desk: Desk, who: Any, kind: str, outcome: str, **form: Any) -> None:
    task = (await desk.state()).task_of(kind)
    assert task is not None
    await desk.send(who, "complete", task_id=task.id, outcome=outcome, form=form)


async def refused(desk: Desk, who: Any, kind: str, outcome: str, why: str, **form: Any) -> None:
    task = (await desk.state()).task_of(kind)
    assert task is not None
    await desk.refused(who, "complete", why, task_id=task.id, outcome=outcome, form=form)


# -- stars ------------------------------------------------------------------------------------------------------------


async def test_rate_before_finish(desk: Desk) -> None:
    """A pitfall of others: stars for work that nobody has done."""
    await desk.file()
    for stage in ("submitted", "dispatched", "accepted", "in_progress", "finished"):
        await desk.walk_to(stage)
        await desk.refused(OWNER, "rate", "rate_after_work", **STARS)
        await desk.refused(CLERK, "reply_to_rating", "not_rated", text="谢谢")


async def test_self_rating(desk: Desk) -> None:
    """A pitfall of others: whoever did the work writes down the stars for it, in somebody else's name."""
    worker = staff("working_lead", Role.TECHNICIAN, Role.LEAD, Role.CLERK)
    await desk.at("submitted")
    await desk.complete(staff("dispatcher", Role.DISPATCHER), "assigned", staff=worker.id)
    for outcome, form in (("accepted", {}), ("arrived", {}), ("finished", {"report": "换了垫圈"})):
        await desk.complete(worker, outcome, **form)
    behalf = {"task_id": await desk.task(), "outcome": "fixed", "form": {"rating": STARS}, "on_behalf": PHONED}
    await desk.refused(worker, "complete", "four_eyes", **behalf)
    await desk.complete(CLERK, "fixed", PHONED, rating=LOW)
    await desk.refused(worker, "reply_to_rating", "four_eyes", text="我觉得挺好")
    await refused(desk, worker, "call_back", "content", "four_eyes", note="说挺好")


async def test_staff_reply_to_the_stars_once(desk: Desk) -> None:
    await desk.at("finished")
    await desk.complete(OWNER, "fixed", rating=LOW)
    await desk.refused(TECH, "reply_to_rating", "reply_to_rating_role", text="对不起")
    await desk.refused(OWNER, "reply_to_rating", "reply_to_rating_role", text="对不起")
    await desk.send(CLERK, "reply_to_rating", text="抱歉，我们会改进")
    await desk.refused(LEAD, "reply_to_rating", "rating_answered_already", text="抱歉")
    assert [notice.to_id for notice in desk.shelf.notices("rating_answered")] == [OWNER.id]
    assert desk.shelf.events[-1].audience == "reporter"


# -- calls back -------------------------------------------------------------------------------------------------------


async def test_low_stars_are_called_back_within_a_day_by_somebody_who_did_not_handle_it(desk: Desk) -> None:
    await desk.at("finished")
    await desk.complete(OWNER, "fixed", rating=LOW)
    state = await desk.state()
    assert (state.stage, await kinds(desk)) == ("closed", ["call_back"])
    (ring,) = desk.shelf.notices("task_due")
    assert ring.to_id == Role.CLERK
    assert ring.not_before == state.call_back_by
    assert abs(ring.not_before - await desk.now() - timedelta(hours=24)) < SLACK  # type: ignore[operator]
    await desk.cannot_complete(TECH, "content", "not_a_candidate", note="很满意")
    await end(desk, CLERK, "call_back", "discontent", note="师傅态度不好")
    assert [notice.to_id for notice in desk.shelf.notices("call_went_badly")] == [Role.LEAD]
    await refused(desk, CLERK, "make_good", "made_good", "not_a_candidate", text="已致歉")
    await end(desk, LEAD, "make_good", "made_good", text="已上门致歉")
    assert await desk.handle.result() == "closed"
    assert {event.audience for event in desk.shelf.events[-2:]} == {"staff"}


async def test_low_stars_that_come_later_are_called_back_as_well(desk: Desk) -> None:
    await desk.at("closed")
    await desk.sleep(days=2)
    await desk.send(OWNER, "rate", **LOW)
    assert await kinds(desk) == ["call_back"]
    await end(desk, CLERK, "call_back", "not_reached", reason="三次无人接听")
    assert await desk.handle.result() == "closed"


async def test_a_sample_is_called_back_while_stars_are_still_awaited(desk: Desk) -> None:
    await desk.at("closed", call_back_share=1)
    assert await kinds(desk) == ["call_back", "rate"]
    await end(desk, CLERK, "call_back", "content", note="很满意")
    await desk.send(OWNER, "rate", **STARS)
    assert await desk.handle.result() == "closed"
    assert desk.shelf.outcomes()[-2:] == ["content", "rated"]


async def test_low_stars_hasten_the_call_that_waits_and_do_not_make_a_second(desk: Desk) -> None:
    await desk.at("closed", call_back_share=1)
    planned = (await desk.state()).call_back_by
    await desk.send(OWNER, "rate", **LOW)
    state = await desk.state()
    assert await kinds(desk) == ["call_back"]
    assert state.call_back_by is not None
    assert planned is not None
    assert state.call_back_by < planned


async def test_good_stars_outside_the_sample_end_the_order(desk: Desk) -> None:
    await desk.at("finished", call_back_share=0)
    await desk.complete(OWNER, "fixed", rating=STARS)
    assert await desk.handle.result() == "closed"


async def test_a_guest_is_called_back_and_staff_do_not_call_themselves(desk: Desk) -> None:
    await desk.at("finished", reporter=GUEST, call_back_share=1)
    await desk.complete(CLERK, "fixed", PHONED)
    assert await kinds(desk) == ["call_back"]
    await desk.at("finished", reporter=BY_STAFF, call_back_share=1)
    await desk.complete(LEAD, "fixed")
    assert await desk.handle.result() == "closed"


async def test_a_call_that_nobody_made_is_on_the_record(desk: Desk) -> None:
    await desk.at("finished")
    await desk.complete(OWNER, "fixed", rating=LOW)
    await desk.env.sleep(timedelta(days=15, seconds=1))
    assert await desk.handle.result() == "closed"
    assert desk.shelf.outcomes()[-1] == "expired"


# -- objections -------------------------------------------------------------------------------------------------------


async def test_whom_staff_have_cancelled_may_object_for_a_week(desk: Desk) -> None:
    await desk.at("cancelled")
    assert await kinds(desk) == ["object"]
    assert desk.shelf.state == await desk.state(), "the cancellation and the right to object are one step"
    await desk.sleep(days=6, hours=23)
    await end(desk, OWNER, "object", "objected", reason="不是重复的，是另一处")
    assert [notice.to_id for notice in desk.shelf.notices("objected")] == [Role.LEAD]
    await refused(desk, LEAD, "review_cancel", "upheld", "four_eyes", reason="确属重复")
    await refused(desk, CLERK, "review_cancel", "upheld", "not_a_candidate", reason="确属重复")
    await end(desk, MANAGER, "review_cancel", "upheld", reason="确属重复")
    assert await desk.handle.result() == "cancelled"
    assert [notice.to_id for notice in desk.shelf.notices("upheld")] == [OWNER.id]


async def test_what_was_cancelled_wrongly_is_filed_again(desk: Desk) -> None:
    await desk.at("submitted")
    await desk.send(CLERK, "cancel", reason="重复报修")
    await end(desk, OWNER, "object", "objected", reason="不是重复的")
    await end(desk, LEAD, "review_cancel", "filed_again", reason="取消有误")
    assert await desk.handle.result() == "cancelled"
    told = desk.shelf.events[-1]
    assert (told.kind, told.facts["sequel"]) == ("follows_on", f"{desk.number}-again")


async def test_silence_lets_a_cancellation_stand(desk: Desk) -> None:
    await desk.at("cancelled")
    await desk.env.sleep(timedelta(days=7, seconds=1))
    assert await desk.handle.result() == "cancelled"
    assert desk.shelf.state.tasks == {}


@pytest.mark.parametrize("reporter", [GUEST, BY_STAFF], ids=["guest", "staff"])
async def test_only_a_resident_may_object_and_not_to_their_own_word(desk: Desk, reporter: Any) -> None:
    await desk.at("submitted", reporter=reporter)
    await desk.send(LEAD, "cancel", reason="重复报修")
    assert await desk.handle.result() == "cancelled"
    await desk.at("submitted")
    await desk.send(OWNER, "cancel")
    assert await desk.handle.result() == "cancelled"
