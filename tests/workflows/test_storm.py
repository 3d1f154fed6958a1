"""Anybody presses anything at any time: the order always answers with a typed word and stays whole."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.domain.errors import LEAVES, WuyouError
from models.domain.lifecycles.repair import REPAIR
from models.domain.order import OrderState
from models.domain.people import Actor
from tests.workflows.desk import CLERK, DISPATCHER, GUARD, LEAD, NEIGHBOUR, OWNER, PHONED, TECH, TECH2, Desk

STARS = {"result": 5, "speed": 1, "manner": 5}
FORMS: dict[str, dict[str, Any]] = {
    "assigned": {"staff": TECH.id},
    "rejected": {"reason": "不属于物业范围"},
    "handed_back": {"reason": "没有配件"},
    "finished": {"report": "修好了"},
    "not_fixed": {"reason": "还在漏水"},
    "rated": STARS,
}
OUTCOMES = sorted({outcome for spec in REPAIR.tasks.values() for outcome in spec.outcomes})

people = st.sampled_from([OWNER, DISPATCHER, TECH, TECH2, LEAD, CLERK, GUARD, NEIGHBOUR])
acts = st.sampled_from(["claim", "release", "reassign", "hold", "resume", "urge", "cancel", "comment", "rate"])
presses = st.one_of(
    st.just(("the plain way",)),
    st.tuples(st.just("act"), people, acts),
    st.tuples(st.just("complete"), people, st.sampled_from(OUTCOMES), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([1, 20, 60, 600, 5000])),
)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(presses, min_size=6, max_size=14))
async def test_whatever_is_pressed_the_order_stays_whole(desk: Desk, storm: list[tuple[Any, ...]]) -> None:
    await desk.file()
    for what, *details in storm:
        if not (await desk.state()).open:
            break
        if what == "wait":
            await desk.sleep(minutes=details[0])
        else:
            await press(desk, what, *details)
        await desk.settled()
        whole(await desk.state())
    batches = desk.shelf.batches
    assert all(after.prev_version == before.version for before, after in pairwise(batches))
    for batch in batches:
        whole(batch.state)
    await desk.clear()


async def press(desk: Desk, what: str, *details: Any) -> None:
    """Any refusal will do, as long as it is typed and no bug: anything else fails the test."""
    refusal: WuyouError | None = None
    try:
        match what, details:
            case "act", (who, action):
                await desk.send(who, action, **await body_of(desk, who, action))
            case "complete", (who, outcome, phoned):
                form = FORMS.get(outcome, {})
                await desk.complete(who, outcome, on_behalf=PHONED if phoned else None, **form)
            case _:
                await desk.step_from((await desk.stage()).replace("on_hold", "in_progress"))
    except WuyouError as error:
        refusal = error
    assert refusal is None or (refusal.code in LEAVES and refusal.reason != "unavailable")


async def body_of(desk: Desk, who: Actor, action: str) -> dict[str, Any]:
    task = {"task_id": await desk.task()}
    match action:
        case "reassign":
            return {**task, "staff": TECH2.id, "reason": "师傅请假"}
        case "hold":
            return {**task, "reason": "parts", "until": await desk.now() + timedelta(hours=2)}
        case "cancel":
            return {"reason": "重复报修"}
        case "comment":
            return {"text": "请尽快"}
        case "rate":
            return STARS
        case "urge":
            return {}
    return task


def whole(state: OrderState) -> None:
    assert state.stage in REPAIR.edges
    assert len(state.tasks) in ({1} if state.open else {0, 1} if state.stage in ("closed", "cancelled") else {0})
    assert (state.hold is not None) == (state.stage == "on_hold")
    assert all(clock.stopped_at is not None for clock in state.clocks.values()) == (not state.open)
    task = next(iter(state.tasks.values()), None)
    if task is not None and task.kind in ("accept", "carry_out"):
        assert task.holder == state.assignee
