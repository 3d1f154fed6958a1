"""访客 on a real server: passes, walk-ins, who lets whom in, and what the end of a window means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

import pytest

from models.domain.commands import Fact
from models.domain.lifecycles.visitor import VISITOR
from models.domain.people import Actor
from models.domain.rights import allowed
from models.domain.visitors import VisitType
from tests.workflows.cars import end
from tests.workflows.desk import CLERK, GUARD, KEY, LEAD, NEIGHBOUR, OWNER, TECH, Desk
from tests.workflows.visits import FAMILY, invite, walk_in

MOST_EVENTS: Final = 25
"""What a plain visit may cost: a mid-size firm issues 60 000 passes a day (`lifecycles.md` §5)."""


async def open_tasks(desk: Desk) -> set[str]:
    return {task.kind for task in (await desk.state()).tasks.values()}


async def test_invited_arrived_left_in_few_events(desk: Desk) -> None:
    """Without a look at the state in between: this server, unlike a real one, counts queries too."""
    await invite(desk)
    await desk.send(GUARD, "complete", task_id=f"{desk.number}.1", outcome="arrived", form={})
    await desk.send(GUARD, "complete", task_id=f"{desk.number}.2", outcome="left", form={})
    assert await desk.handle.result() == "closed"
    assert desk.shelf.stages == ["arrived", "left", "closed"]
    assert [notice.to_id for notice in desk.shelf.notices("visitor_arrived")] == [OWNER.id]
    assert desk.shelf.ended
    assert await desk.history_length() <= MOST_EVENTS


async def test_only_guards_press_and_nobody_takes_it_first(desk: Desk) -> None:
    await invite(desk)
    task = await desk.task()
    came = {"task_id": task, "outcome": "arrived", "form": {}}
    await desk.refused(TECH, "complete", "not_a_candidate", **came)
    await desk.refused(OWNER, "complete", "not_a_candidate", **came)
    await desk.refused(NEIGHBOUR, "complete", "order_not_found", **came)
    await desk.refused(GUARD, "claim", "nobody_takes_it", task_id=task)
    assert await desk.buttons(GUARD) == {"arrived", "comment"}
    assert await desk.buttons(OWNER) == {"cancel", "comment"}


async def test_nothing_of_a_visit_is_urged_or_amended(desk: Desk) -> None:
    await invite(desk)
    await desk.refused(OWNER, "urge", "nothing_to_urge")
    await desk.refused(CLERK, "urge", "nothing_to_urge")
    await desk.refused(LEAD, "amend", "too_late_to_amend", category="service", reason="写错了")


async def test_a_pass_holds_from_its_first_minute_to_its_last(desk: Desk) -> None:
    await invite(desk, in_hours=2, hours=1)
    came = {"task_id": await desk.task(), "outcome": "arrived", "form": {}}
    await desk.refused(GUARD, "complete", "pass_not_yet", **came)
    state, now = await desk.state(), await desk.now()
    pressed = [[action.outcome for action in allowed(state, GUARD, now + timedelta(hours=h))] for h in (1.9, 2, 3)]
    assert ["arrived" in outcomes for outcomes in pressed] == [False, True, False]
    await desk.sleep(hours=2, minutes=59)
    assert desk.shelf.batches == []
    await desk.sleep(minutes=1)
    await desk.handle.result()
    assert desk.shelf.stages == ["expired"]


async def test_who_came_and_was_not_seen_leaving_is_let_go_at_the_end(desk: Desk) -> None:
    await invite(desk, hours=3)
    await end(desk, GUARD, "arrive", "arrived")
    await desk.sleep(hours=2, minutes=59)
    assert desk.shelf.state.stage == "arrived"
    await desk.sleep(minutes=1)
    await desk.handle.result()
    assert desk.shelf.stages == ["arrived", "closed"]


async def test_several_entries_are_counted_also_without_an_exit(desk: Desk) -> None:
    await invite(desk, entries=3)
    await end(desk, GUARD, "arrive", "arrived")
    await end(desk, GUARD, "arrive", "arrived")
    await end(desk, GUARD, "leave", "left")
    state = await desk.state()
    assert (state.stage, state.visit and state.visit.used) == ("left", 2)
    await end(desk, GUARD, "arrive", "arrived")
    assert await open_tasks(desk) == {"leave"}
    await end(desk, GUARD, "leave", "left")
    await desk.handle.result()
    assert desk.shelf.stages == ["arrived", "left", "arrived", "left", "closed"]


async def test_the_pass_ends_between_two_visits(desk: Desk) -> None:
    await invite(desk, entries=2, hours=2)
    await end(desk, GUARD, "arrive", "arrived")
    await end(desk, GUARD, "leave", "left")
    await desk.sleep(hours=2)
    await desk.handle.result()
    assert desk.shelf.stages == ["arrived", "left", "closed"]


async def test_the_host_takes_the_pass_back_until_the_only_visitor_is_inside(desk: Desk) -> None:
    await invite(desk)
    await desk.refused(NEIGHBOUR, "cancel", "order_not_found")
    await end(desk, GUARD, "arrive", "arrived")
    await desk.refused(OWNER, "cancel", "too_late_to_cancel")
    await desk.refused(LEAD, "cancel", "too_late_to_cancel", reason="误登记")
    assert "cancel" not in await desk.buttons(OWNER)
    await invite(desk, entries=2)
    await end(desk, GUARD, "arrive", "arrived")
    await desk.send(OWNER, "cancel")
    await desk.handle.result()
    assert desk.shelf.stages == ["arrived", "revoked"]


async def test_a_long_stay_waits_for_a_clerk(desk: Desk) -> None:
    await invite(desk, type=VisitType.LONG_STAY, approved=False, entries=99, hours=24 * 60)
    assert await open_tasks(desk) == {"approve_stay"}
    await desk.refused(GUARD, "complete", "not_a_candidate", task_id=await desk.task(), outcome="granted", form={})
    await end(desk, CLERK, "approve_stay", "granted")
    assert await open_tasks(desk) == {"arrive"}
    assert [notice.to_id for notice in desk.shelf.notices("stay_granted")] == [OWNER.id]
    await desk.sleep(days=59)
    await end(desk, GUARD, "arrive", "arrived")
    await desk.sleep(days=1)
    await desk.handle.result()
    await invite(desk, type=VisitType.LONG_STAY, approved=False)
    await end(desk, CLERK, "approve_stay", "not_granted", reason="请先办理登记")
    await desk.handle.result()
    assert desk.shelf.state.stage == "revoked"
    assert [notice.to_id for notice in desk.shelf.notices("stay_not_granted")] == [OWNER.id]


async def test_a_long_stay_that_no_clerk_looks_at_lapses(desk: Desk) -> None:
    await invite(desk, type=VisitType.LONG_STAY, approved=False)
    await desk.sleep(hours=4)
    await desk.handle.result()
    assert desk.shelf.state.stage == "expired"


@pytest.mark.parametrize(("answer", "stage"), [("admitted", "arrived"), ("denied", "denied")])
async def test_any_resident_answers_for_a_walk_in(desk: Desk, answer: str, stage: str) -> None:
    await walk_in(desk)
    assert await open_tasks(desk) == {"admit"}
    assert await desk.buttons(GUARD) == {"comment"}
    await desk.refused(NEIGHBOUR, "complete", "order_not_found", task_id=await desk.task(), outcome=answer, form={})
    await end(desk, FAMILY, "admit", answer)
    state = desk.shelf.state
    assert (state.stage, state.visit and state.visit.used) == (stage, 1 if stage == "arrived" else 0)
    (told,) = [notice.to_id for notice in desk.shelf.notices(f"visitor_{stage}")]
    assert told == OWNER.id, "who answered knows"


async def test_after_five_minutes_the_guard_telephones(desk: Desk) -> None:
    await walk_in(desk)
    await desk.sleep(minutes=4, seconds=50)
    assert await open_tasks(desk) == {"admit"}
    await desk.sleep(seconds=20)
    assert await open_tasks(desk) == {"admit", "call_host"}
    assert desk.shelf.notices("new_task"), "it rings at the guards"
    await end(desk, GUARD, "call_host", "not_reached")
    assert await open_tasks(desk) == {"admit"}
    await end(desk, OWNER, "admit", "admitted")
    assert (await desk.state()).stage == "arrived"


async def test_the_telephone_is_an_answer(desk: Desk) -> None:
    await walk_in(desk)
    await desk.sleep(minutes=5, seconds=1)
    await end(desk, GUARD, "call_host", "denied", reason="不认识此人")
    await desk.handle.result()
    assert desk.shelf.state.stage == "denied"
    assert {notice.to_id for notice in desk.shelf.notices("visitor_denied")} == {OWNER.id, FAMILY.id}


async def test_who_reads_no_messages_is_telephoned_at_once(desk: Desk) -> None:
    await walk_in(desk, reachable=False)
    await desk.eventually(lambda: desk.shelf.batches)
    assert await open_tasks(desk) == {"admit", "call_host"}
    await end(desk, GUARD, "call_host", "admitted")
    assert (await desk.state()).stage == "arrived"


async def test_nobody_answers_for_half_an_hour(desk: Desk) -> None:
    await walk_in(desk)
    await desk.sleep(minutes=30)
    await desk.handle.result()
    assert desk.shelf.state.stage == "expired"


async def test_the_gate_sees_the_car_leave(desk: Desk) -> None:
    await invite(desk)
    leaving = Fact(id="evt_1", at=await desk.now())
    await desk.handle.signal("plate_left", leaving.sealed(KEY, desk.number, "plate_left"))
    await end(desk, GUARD, "arrive", "arrived")
    assert (await desk.state()).stage == "arrived", "who has not come cannot leave"
    await desk.handle.signal("plate_left", leaving)
    await desk.eventually(lambda: "unproved_fact" in desk.shelf.kinds)
    assert (await desk.state()).stage == "arrived"
    await desk.handle.signal("plate_left", leaving.sealed(KEY, desk.number, "plate_left"))
    await desk.handle.result()
    assert desk.shelf.stages == ["arrived", "left", "closed"]


async def test_it_goes_on_after_a_crash(forgetful_desk: Desk) -> None:
    desk = forgetful_desk
    await walk_in(desk, entries=2)
    await desk.sleep(minutes=5, seconds=1)
    await end(desk, GUARD, "call_host", "not_reached")
    await end(desk, OWNER, "admit", "admitted")
    await desk.sleep(hours=1)
    await end(desk, GUARD, "leave", "left")
    await end(desk, GUARD, "arrive", "arrived")
    await desk.sleep(hours=11)
    await desk.handle.result()
    assert desk.shelf.stages == ["arrived", "left", "arrived", "closed"]


def by(who: Actor, kind: str, outcome: str, **form: Any) -> Callable[[Desk], Awaitable[None]]:
    return lambda desk: end(desk, who, kind, outcome, **form)


def again(desk: Desk) -> Awaitable[object]:
    return invite(desk, entries=2)


def called_off(desk: Desk) -> Awaitable[object]:
    return desk.send(OWNER, "cancel")


def by_the_lead(desk: Desk) -> Awaitable[object]:
    return desk.send(LEAD, "cancel", reason="误登记")


async def in_silence(desk: Desk) -> None:
    await desk.sleep(hours=13)


CAME, WENT = by(GUARD, "arrive", "arrived"), by(GUARD, "leave", "left")

EDGES: Final[dict[tuple[str, str], tuple[Callable[[Desk], Awaitable[object]], ...]]] = {
    ("invited", "arrived"): (invite, CAME),
    ("invited", "expired"): (invite, in_silence),
    ("invited", "revoked"): (invite, called_off),
    ("waiting_approval", "arrived"): (walk_in, by(OWNER, "admit", "admitted")),
    ("waiting_approval", "denied"): (walk_in, by(OWNER, "admit", "denied")),
    ("waiting_approval", "expired"): (walk_in, in_silence),
    ("waiting_approval", "revoked"): (walk_in, by_the_lead),
    ("arrived", "left"): (invite, CAME, WENT),
    ("arrived", "closed"): (invite, CAME, in_silence),
    ("arrived", "revoked"): (again, CAME, called_off),
    ("left", "arrived"): (again, CAME, WENT, CAME),
    ("left", "closed"): (again, CAME, WENT, in_silence),
    ("left", "revoked"): (again, CAME, WENT, called_off),
}


@pytest.mark.parametrize("edge", EDGES, ids="-".join)
async def test_every_edge_is_walked(desk: Desk, edge: tuple[str, str]) -> None:
    for step in EDGES[edge]:
        await step(desk)
    await desk.eventually(lambda: desk.shelf.stages[-1:] and desk.shelf.state.stage in (edge[1], *VISITOR.ends))
    first = "waiting_approval" if walk_in in EDGES[edge] else "invited"
    assert edge in pairwise([first, *desk.shelf.stages])


def test_there_is_no_other_edge() -> None:
    assert set(EDGES) == {(stage, after) for stage, following in VISITOR.edges.items() for after in following}
