"""挪车 on a real server, minute by minute: who is asked, who answers, what silence leads to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any, Final

import pytest

from models.domain.commands import Fact
from models.domain.lifecycles.move_car import MOVE_CAR
from models.domain.move_cars import Obstacle
from models.domain.order import Reporter
from models.domain.people import SYSTEM, Actor, Role
from tests.workflows.cars import FAMILY, GUARD2, HOST, KNOWN, UNKNOWN, USER, VISITORS, end, file
from tests.workflows.desk import CLERK, GUARD, KEY, LEAD, NEIGHBOUR, OWNER, Desk


async def open_tasks(desk: Desk) -> set[str]:
    return {task.kind for task in (await desk.state()).tasks.values()}


async def test_the_user_comes_and_the_requester_says_so(desk: Desk) -> None:
    await file(desk)
    assert await open_tasks(desk) == {"move"}
    await desk.refused(OWNER, "complete", "not_a_candidate", task_id=await desk.task(), outcome="not_me", form={})
    await end(desk, USER, "move", "coming", minutes="10")
    state = await desk.state()
    assert (state.stage, state.move_car and state.move_car.promised is not None) == ("acknowledged", True)
    assert [notice.to_id for notice in desk.shelf.notices("minutes_promised")] == [OWNER.id]
    await end(desk, OWNER, "confirm_moved", "moved")
    await desk.handle.result()
    assert desk.shelf.stages == ["acknowledged", "moved", "closed"]


async def test_a_family_member_may_answer_for_the_car_and_nobody_else(desk: Desk) -> None:
    await file(desk)
    task = await desk.task()
    await desk.refused(NEIGHBOUR, "complete", "order_not_found", task_id=task, outcome="not_me", form={})
    await end(desk, FAMILY, "move", "coming", minutes="5")
    assert (await desk.state()).stage == "acknowledged"


@pytest.mark.parametrize("answer", ["not_me", "cannot"])
async def test_without_the_user_a_guard_goes(desk: Desk, answer: str) -> None:
    await file(desk)
    await end(desk, USER, "move", answer)
    state = await desk.state()
    assert (state.stage, {task.kind for task in state.tasks.values()}) == (
        "guard_on_site",
        {"on_site", "confirm_moved"},
    )
    assert [event.audience for event in desk.shelf.events if event.kind == answer] == ["staff"]
    await end(desk, GUARD, "on_site", "moved")
    await desk.handle.result()


A_MOMENT: Final = 20
"""Seconds: each rung is looked at a little before and a little after its minute."""


async def _just_before(desk: Desk, minutes: int) -> None:
    """Shortly before the next rung, when the last one was looked at shortly after."""
    await desk.sleep(seconds=minutes * 60 - A_MOMENT)


def _tried(desk: Desk) -> list[tuple[str, int]]:
    return [(notice.to_id, notice.facts["tried"]) for notice in desk.shelf.notices("car_in_the_way")]


async def test_silence_climbs_by_the_minute(desk: Desk) -> None:
    """2 and 4 minutes: the next channel; 5: a guard calls, for 3; 15: a guard goes, for 10; then their lead hears."""
    await file(desk)
    told: list[tuple[str, int]] = []  # Intake has told the registrant.
    await desk.sleep(seconds=1)
    for tried in (1, 2):
        await _just_before(desk, minutes=2)
        assert _tried(desk) == told
        await desk.sleep(seconds=A_MOMENT)
        told += [(USER.id, tried), (FAMILY.id, tried)]
        assert _tried(desk) == told
    await _just_before(desk, minutes=1)
    assert await open_tasks(desk) == {"move"}
    await desk.sleep(seconds=A_MOMENT)
    assert await open_tasks(desk) == {"move", "call_owner"}
    await _just_before(desk, minutes=3)
    assert await open_tasks(desk) == {"move", "call_owner"}
    await desk.sleep(seconds=A_MOMENT)
    assert await open_tasks(desk) == {"move"}
    await _just_before(desk, minutes=7)
    assert desk.shelf.state.stage == "requested"
    await desk.sleep(seconds=A_MOMENT)
    assert desk.shelf.state.stage == "guard_on_site"
    await _just_before(desk, minutes=10)
    assert Role.LEAD not in {notice.to_id for notice in desk.shelf.notices("new_task")}
    await desk.sleep(seconds=A_MOMENT)
    state = desk.shelf.state
    on_site = state.task_of("on_site")
    assert on_site is not None
    assert on_site.roles == (Role.GUARD, Role.LEAD)
    assert Role.LEAD in {notice.to_id for notice in desk.shelf.notices("new_task")}
    await end(desk, LEAD, "on_site", "reported", reason="车主不配合，已报警")
    await desk.handle.result()
    assert desk.shelf.stages == ["guard_on_site", "referred", "closed"]


async def test_the_guards_call_counts_as_the_answer(desk: Desk) -> None:
    await file(desk)
    await desk.sleep(minutes=5, seconds=1)
    await end(desk, GUARD, "call_owner", "not_reached")
    assert await open_tasks(desk) == {"move"}
    await end(desk, USER, "move", "coming", minutes="20")
    assert (await desk.state()).stage == "acknowledged"


async def test_who_reads_no_messages_is_called_at_once(desk: Desk) -> None:
    await file(desk, KNOWN.model_copy(update={"reachable": False}))
    await desk.eventually(lambda: desk.shelf.batches)
    assert await open_tasks(desk) == {"move", "call_owner"}
    await end(desk, GUARD, "call_owner", "reached", minutes="5")
    assert (await desk.state()).stage == "acknowledged"


async def test_the_host_of_a_visitors_car_is_asked_by_the_same_ladder(desk: Desk) -> None:
    await file(desk, VISITORS)
    assert await open_tasks(desk) == {"move_visitor"}
    await desk.sleep(minutes=2, seconds=1)
    (told,) = desk.shelf.notices("visitors_car_in_the_way")
    assert (told.to_id, told.facts["tried"], told.sms) == (HOST.id, 1, "move_visitors_car")
    await desk.sleep(minutes=3)
    assert await open_tasks(desk) == {"move_visitor", "call_owner"}
    await desk.refused(OWNER, "complete", "not_a_candidate", task_id=f"{desk.number}.1", outcome="coming", form={})
    await desk.sleep(minutes=10)
    assert desk.shelf.state.stage == "guard_on_site"
    assert desk.shelf.notices("car_in_the_way") == []


async def test_the_host_answers_or_says_that_it_is_no_visitor_of_theirs(desk: Desk) -> None:
    await file(desk, VISITORS)
    await end(desk, HOST, "move_visitor", "coming", minutes="10")
    assert (await desk.state()).stage == "acknowledged"
    await file(desk, VISITORS)
    await end(desk, HOST, "move_visitor", "not_my_visitor")
    assert (await desk.state()).stage == "guard_on_site"
    assert [event.audience for event in desk.shelf.events if event.kind == "not_my_visitor"] == ["staff"]
    await file(desk, VISITORS.model_copy(update={"vetted": False}))
    await end(desk, CLERK, "vet", "passed")
    assert await open_tasks(desk) == {"move_visitor"}


async def test_a_fire_lane_sends_the_guard_in_parallel(desk: Desk) -> None:
    await file(desk, KNOWN.model_copy(update={"obstacle": Obstacle.FIRE_LANE}))
    await desk.eventually(lambda: desk.shelf.batches)
    assert await open_tasks(desk) == {"move", "on_site"}
    await end(desk, GUARD, "on_site", "going")
    state = await desk.state()
    on_site = state.task_of("on_site")
    assert on_site is not None
    assert (state.stage, on_site.holder) == ("guard_on_site", GUARD.id)
    going = {"task_id": on_site.id, "outcome": "going", "form": {}}
    await desk.refused(GUARD, "complete", "already_on_the_way", **going)


async def test_an_unknown_car_looks_the_same_at_first(desk: Desk) -> None:
    await file(desk, UNKNOWN)
    state = await desk.state()
    assert (state.stage, {task.kind for task in state.tasks.values()}) == ("requested", {"on_site"})
    await desk.on_task(GUARD, "claim")
    state = await desk.state()
    assert (state.stage, state.assignee) == ("guard_on_site", GUARD.id)
    on_site = state.task_of("on_site")
    assert on_site is not None
    assert on_site.holder == GUARD.id
    await end(desk, GUARD, "on_site", "gone")
    await desk.handle.result()


async def test_a_promise_that_is_not_kept(desk: Desk) -> None:
    await file(desk)
    await end(desk, USER, "move", "coming", minutes="5")
    reminders = desk.shelf.notices("reminder")
    promised = desk.shelf.state.move_car
    assert promised is not None
    assert promised.promised is not None
    assert [(notice.not_before - promised.promised).seconds for notice in reminders if notice.not_before] == [30 * 60]
    await end(desk, OWNER, "confirm_moved", "still_there")
    assert (await desk.state()).stage == "guard_on_site"
    await end(desk, OWNER, "confirm_moved", "moved")
    await desk.handle.result()


async def test_no_word_for_two_hours_after_the_promise_closes_it(desk: Desk) -> None:
    await file(desk)
    await end(desk, USER, "move", "coming", minutes="20")
    await desk.sleep(hours=2, minutes=19)
    assert desk.shelf.state.stage == "acknowledged"
    await desk.sleep(minutes=2)
    assert desk.shelf.state.stage == "closed"


async def test_the_gate_has_seen_the_car_leave(desk: Desk) -> None:
    await file(desk)
    fact = Fact(id="evt_1", at=await desk.now())
    await desk.handle.signal("plate_left", fact)
    await desk.eventually(lambda: "unproved_fact" in desk.shelf.kinds)
    assert (await desk.state()).stage == "requested"
    await desk.handle.signal("plate_left", fact.sealed(KEY, desk.number, "plate_left"))
    await desk.handle.result()
    assert desk.shelf.stages == ["moved", "closed"]


async def test_more_wait_for_the_same_car(desk: Desk) -> None:
    await file(desk)
    await desk.refused(OWNER, "join", "forbidden", resident=NEIGHBOUR.id)
    await desk.send(SYSTEM, "join", resident=NEIGHBOUR.id)
    await desk.refused(SYSTEM, "join", "joined_already", resident=NEIGHBOUR.id)
    await desk.send(OWNER, "cancel")
    state = await desk.state()
    assert (state.stage, state.waiting_residents) == ("requested", (NEIGHBOUR.id,))
    await end(desk, USER, "move", "coming", minutes="5")
    assert [notice.to_id for notice in desk.shelf.notices("minutes_promised")] == [NEIGHBOUR.id]
    await desk.send(SYSTEM, "join", resident=OWNER.id)
    told = [notice.to_id for notice in desk.shelf.notices("minutes_promised")]
    assert told == [NEIGHBOUR.id, OWNER.id], "who joins after the promise hears of it too"
    await end(desk, OWNER, "confirm_moved", "moved")
    await desk.handle.result()


async def test_the_last_who_waits_may_call_it_off(desk: Desk) -> None:
    await file(desk)
    await desk.send(OWNER, "cancel")
    await desk.handle.result()
    assert desk.shelf.state.stage == "cancelled"


async def test_who_asks_often_is_looked_at_first(desk: Desk) -> None:
    await file(desk, KNOWN.model_copy(update={"vetted": False}))
    assert await open_tasks(desk) == {"vet"}
    await end(desk, CLERK, "vet", "passed")
    assert await open_tasks(desk) == {"move"}
    await desk.send(OWNER, "cancel")
    await file(desk, KNOWN.model_copy(update={"vetted": False}))
    await end(desk, CLERK, "vet", "turned_down", reason="当天多次无故请求")
    assert (await desk.state()).stage == "cancelled"


async def test_a_clerk_may_take_their_time_and_only_then_the_minutes_of_the_cars_user_run(desk: Desk) -> None:
    await file(desk, KNOWN.model_copy(update={"vetted": False}))
    await desk.sleep(minutes=9)
    assert await open_tasks(desk) == {"vet"}
    await end(desk, CLERK, "vet", "passed")
    assert [notice.to_id for notice in desk.shelf.notices("car_in_the_way")] == [USER.id]
    await _just_before(desk, minutes=5)
    assert await open_tasks(desk) == {"move"}
    await desk.sleep(seconds=2 * A_MOMENT)
    assert await open_tasks(desk) == {"move", "call_owner"}


async def test_a_car_that_leaves_while_the_clerk_looks_has_moved(desk: Desk) -> None:
    await file(desk, KNOWN.model_copy(update={"vetted": False}))
    fact = Fact(id="gate_2:991", at=(await desk.state()).submitted_at, body={})
    await desk.handle.signal("plate_left", fact.sealed(KEY, desk.number, "plate_left"))
    await desk.handle.result()
    assert desk.shelf.stages == ["moved", "closed"]


async def test_nobody_calls_the_user_of_a_car_that_nobody_knows(desk: Desk) -> None:
    await file(desk, UNKNOWN)
    await desk.sleep(minutes=6)
    assert await open_tasks(desk) == {"on_site"}
    assert not {"second_channel", "third_channel", "guard_calls"} & set(desk.shelf.kinds)


async def test_a_guard_on_patrol_asks(desk: Desk) -> None:
    await file(desk, KNOWN.model_copy(update={"requesters": ()}), reporter=Reporter(kind="staff", id=GUARD.id))
    await end(desk, USER, "move", "coming", minutes="5")
    await end(desk, GUARD2, "confirm_moved", "moved")
    await desk.handle.result()


async def test_free_words_reach_staff_alone(desk: Desk) -> None:
    await file(desk)
    await desk.send(OWNER, "comment", text="我是3栋的老王")
    await desk.send(USER, "comment", text="我在1栋")
    assert [event.audience for event in desk.shelf.events if event.kind == "commented"] == ["staff", "staff"]


async def test_it_goes_on_after_a_crash_at_any_minute(forgetful_desk: Desk) -> None:
    """Every rung is climbed by a worker that remembers nothing of the one before."""
    desk = forgetful_desk
    await file(desk)
    for minutes in (2, 2, 1, 3):
        await desk.sleep(minutes=minutes, seconds=1)
    assert [kind for kind in desk.shelf.kinds if kind in ("second_channel", "third_channel", "guard_calls")] == [
        "second_channel",
        "third_channel",
        "guard_calls",
    ]
    await end(desk, USER, "move", "coming", minutes="20")
    await desk.sleep(minutes=50)
    await end(desk, OWNER, "confirm_moved", "still_there")
    await desk.sleep(minutes=10, seconds=1)
    await desk.sleep(hours=2)
    await end(desk, GUARD, "on_site", "moved")
    await desk.handle.result()
    assert desk.shelf.stages == ["acknowledged", "guard_on_site", "moved", "closed"]


async def by_the_lead(desk: Desk) -> None:
    await desk.send(LEAD, "cancel", reason="误报")


async def coming(desk: Desk) -> None:
    await file(desk)
    await end(desk, USER, "move", "coming", minutes="5")


async def refusing(desk: Desk) -> None:
    await file(desk)
    await end(desk, USER, "move", "cannot")


async def in_silence(desk: Desk) -> None:
    await desk.sleep(hours=2, minutes=6)


async def in_a_fire_lane(desk: Desk) -> None:
    await file(desk, KNOWN.model_copy(update={"obstacle": Obstacle.FIRE_LANE}))
    await desk.eventually(lambda: desk.shelf.batches)


def by(who: Actor, kind: str, outcome: str, **form: Any) -> Callable[[Desk], Awaitable[None]]:
    return lambda desk: end(desk, who, kind, outcome, **form)


def cancelled_by_requester(desk: Desk) -> Awaitable[object]:
    return desk.send(OWNER, "cancel")


EDGES: Final[dict[tuple[str, str], tuple[Callable[[Desk], Awaitable[object]], ...]]] = {
    ("requested", "acknowledged"): (coming,),
    ("requested", "guard_on_site"): (refusing,),
    ("requested", "moved"): (in_a_fire_lane, by(GUARD, "on_site", "gone")),
    ("requested", "cancelled"): (file, cancelled_by_requester),
    ("acknowledged", "moved"): (coming, by(OWNER, "confirm_moved", "moved")),
    ("acknowledged", "guard_on_site"): (coming, by(OWNER, "confirm_moved", "still_there")),
    ("acknowledged", "closed"): (coming, in_silence),
    ("acknowledged", "cancelled"): (coming, cancelled_by_requester),
    ("guard_on_site", "moved"): (refusing, by(GUARD, "on_site", "moved")),
    ("guard_on_site", "referred"): (refusing, by(GUARD, "on_site", "reported", reason="已报警")),
    ("guard_on_site", "cancelled"): (refusing, by_the_lead),
    ("moved", "closed"): (coming, by(OWNER, "confirm_moved", "moved")),
    ("referred", "closed"): (refusing, by(GUARD, "on_site", "reported", reason="已报警")),
}


@pytest.mark.parametrize("edge", EDGES, ids="-".join)
async def test_every_edge_is_walked(desk: Desk, edge: tuple[str, str]) -> None:
    for step in EDGES[edge]:
        await step(desk)
    await desk.eventually(lambda: desk.shelf.state.stage in (edge[1], "closed"))
    assert edge in pairwise(["requested", *desk.shelf.stages])


def test_there_is_no_other_edge() -> None:
    assert set(EDGES) == {(stage, after) for stage, following in MOVE_CAR.edges.items() for after in following}
