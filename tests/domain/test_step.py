"""One step in the making: the map is kept, nothing is done by halves, ids never repeat."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from models.domain import commands as c
from models.domain.acts import ACTS, move_away, ring_clocks
from models.domain.clocks import ClockName
from models.domain.errors import IllegalTransition
from models.domain.lifecycles.repair import CARRY_OUT, REPAIR
from models.domain.order import OrderState
from models.domain.people import Role
from models.domain.step import Step
from tests.domain.samples import FORMS, NOW, OWNER, STAGES, WORKER, filed, in_stage


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_entered_only_as_the_map_shows(stage: str) -> None:
    for other in STAGES:
        step = in_stage(stage)
        before = step.state.model_copy(deep=True)
        if other in REPAIR.edges[stage]:
            step.enter(other, NOW)
            assert (step.state.stage, step.events[-1].stage) == (other, other)
        else:
            with pytest.raises(IllegalTransition):
                step.enter(other, NOW)
            assert step.state == before
            assert not step


def breaks_half_way(step: Step) -> None:
    with step.atomically():
        ACTS["urge"](step, OWNER, c.Urge(), NOW)
        ACTS["cancel"](step, OWNER, c.Cancel(), NOW)
        raise KeyError


def test_an_error_half_way_leaves_everything_as_it_was() -> None:
    step = in_stage("in_progress")
    ACTS["comment"](step, OWNER, c.Comment(text="第一句"), NOW)
    before, kept = step.state.model_copy(deep=True), len(step.events)
    with pytest.raises(KeyError):
        breaks_half_way(step)
    assert step.state == before
    assert (len(step.events), step.closed) == (kept, [])
    assert {notice.kind for notice in step.notices} == {"reporter_replied"}


def test_a_batch_is_cut_off_from_what_comes_later() -> None:
    step = in_stage("submitted")
    ACTS["urge"](step, OWNER, c.Urge(), NOW)
    batch = step.batch(NOW)
    ACTS["comment"](step, OWNER, c.Comment(text="请尽快"), NOW + timedelta(minutes=1))
    later = step.batch(NOW + timedelta(minutes=1))
    assert (batch.version, later.prev_version) == (later.prev_version, batch.version)
    assert [event.kind for event in batch.events] == ["urged"]
    assert [event.kind for event in later.events] == ["commented"]
    assert not step


def test_task_ids_never_repeat() -> None:
    step = in_stage("in_progress")
    ids = []
    for _ in range(3):
        (task,) = step.state.tasks.values()
        ids.append(task.id)
        step.close(task, "handed_back", WORKER, NOW)
        step.open(CARRY_OUT, NOW, WORKER.id, CARRY_OUT.roles)
    serials = [int(number.rpartition(".")[2]) for number in ids]
    assert all(before < after for before, after in pairwise(serials))


@pytest.mark.parametrize("stage", STAGES)
def test_a_state_survives_its_journey_as_json(stage: str) -> None:
    state = in_stage(stage).state
    assert OrderState.model_validate_json(state.model_dump_json()) == state


def test_looking_at_the_clocks_twice_says_nothing_new() -> None:
    step = in_stage("dispatched")
    at = NOW + timedelta(hours=5)
    ring_clocks(step, at)
    assert [event.facts["clock"] for event in step.events] == ["accept", "arrive"]
    ring_clocks(step, at)
    assert len(step.events) == 2


def test_the_first_state_waits_for_a_dispatcher() -> None:
    order = filed()
    (task,) = order.tasks.values()
    assert (order.stage, order.version, task.id, task.kind) == ("submitted", 1, f"{order.number}.1", "dispatch")
    assert {clock.due_at - order.submitted_at for clock in order.clocks.values()} == {
        order.levels[ClockName.ACCEPT].limit,
        order.levels[ClockName.ARRIVE].limit,
        order.levels[ClockName.FINISH].limit,
    }


def test_only_work_is_handed_back_when_somebody_leaves() -> None:
    working = in_stage("on_hold")
    (moved,) = move_away(working, [WORKER.id], NOW).values()
    assert moved.outcome == "handed_back"
    assert (working.state.hold, working.state.tasks) == (None, {})
    asked = in_stage("finished")
    assert move_away(asked, [WORKER.id], NOW) == {}
    assert len(asked.state.tasks) == 1


def test_low_stars_reach_the_lead_however_they_were_given() -> None:
    low = {**FORMS["rated"], "manner": 2}
    for stage, outcome, form in (("finished", "fixed", {"rating": low}), ("closed", "rated", low)):
        step = in_stage(stage)
        (task,) = step.state.tasks
        ACTS["complete"](step, OWNER, c.Complete(task_id=task, outcome=outcome, form=form), NOW)
        assert [(notice.kind, notice.to_id) for notice in step.notices] == [("low_rating", "lead")]


@pytest.mark.parametrize(("late", "shown_to"), [(ClockName.ACCEPT, (Role.DISPATCHER,)), (ClockName.FINISH, ())])
def test_only_the_promise_of_a_task_shows_it_to_others(late: ClockName, shown_to: tuple[Role, ...]) -> None:
    step = in_stage("dispatched")
    step.state.clocks = {late: step.state.clocks[late]}
    ring_clocks(step, step.state.clocks[late].due_at)
    assert step.events[-1].kind == "breached"
    (task,) = step.state.tasks.values()
    assert task.also_seen_by == shown_to
