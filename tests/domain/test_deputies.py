"""A deputy acts on the absentee's tasks, in the absentee's right and no further; nothing moves."""

from __future__ import annotations

import pytest

from models.domain import commands as c
from models.domain.acts import ACTS
from models.domain.errors import Forbidden, FourEyes, NotFound, TaskHeldByOther
from models.domain.order import Reporter
from models.domain.people import SYSTEM, Absentee, Actor, Role
from models.domain.places import Place
from models.domain.rights import CHECKS, allowed, by_whose_right, within_reach
from tests.domain.samples import CLERK, HERE, LEAD, NOW, WORKER, in_stage


def deputy(name: str, *roles: Role, of: Actor) -> Actor:
    absentee = Absentee(id=of.id, roles=of.roles)
    return Actor(kind="staff", id=f"stf_{name}", roles=roles, communities=(HERE,), deputises=(absentee,))


FOR_WORKER = deputy("second", Role.TECHNICIAN, of=WORKER)
FOR_LEAD = deputy("third", Role.CLERK, of=LEAD)


def test_the_deputy_does_the_work_and_the_record_says_who_did_it() -> None:
    """Pitfall "finished by another than the claimer"."""
    step = in_stage("in_progress")
    (task,) = step.state.tasks
    finished = c.Complete(task_id=task, outcome="finished", form={"report": "换了垫圈", "photo_ids": []})
    with pytest.raises(TaskHeldByOther):
        CHECKS["complete"](step.state, deputy("other", Role.TECHNICIAN, of=LEAD), finished, NOW)
    CHECKS["complete"](step.state, FOR_WORKER, finished, NOW)
    moved = ACTS["complete"](step, FOR_WORKER, finished, NOW)
    assert moved is not None
    assert moved.closed.task.holder == WORKER.id
    assert moved.by == FOR_WORKER.id == step.state.done_by["carry_out"]
    assert step.state.assignee == WORKER.id, "nothing moves"


def test_the_deputy_has_the_absentees_buttons_on_the_absentees_task() -> None:
    step = in_stage("in_progress")
    theirs = {action.model_dump_json() for action in allowed(step.state, WORKER, NOW)}
    assert {action.model_dump_json() for action in allowed(step.state, FOR_WORKER, NOW)} == theirs


def test_a_deputy_may_not_cancel_the_absentees_order() -> None:
    dispatcher = deputy("second", Role.DISPATCHER, of=WORKER)
    with pytest.raises(FourEyes):
        CHECKS["cancel"](in_stage("accepted").state, dispatcher, c.Cancel(reason="重复报修"), NOW)


def test_pool_tasks_of_the_absentees_role_are_the_deputys_too_but_not_work() -> None:
    found = in_stage("finished", reporter=Reporter(kind="staff", id=CLERK.id)).state
    (task,) = found.tasks.values()
    task.holder, task.roles = None, (Role.LEAD,)
    fixed = c.Complete(task_id=task.id, outcome="fixed")
    CHECKS["complete"](found, FOR_LEAD, fixed, NOW)
    with pytest.raises(Forbidden):
        CHECKS["complete"](found, CLERK, fixed, NOW)
    pooled = in_stage("dispatched").state
    (work,) = pooled.tasks.values()
    work.holder = None
    clerk = deputy("third", Role.CLERK, of=WORKER)
    assert by_whose_right(work, pooled.lifecycle.tasks["accept"], clerk) == ()


@pytest.mark.parametrize("door", ["the deputy did it", "the absentee did it"])
def test_being_a_deputy_is_no_way_around_four_eyes(door: str) -> None:
    """Neither for a deputy who did the earlier act, nor for the right of an absentee who did."""
    state = in_stage("finished", reporter=Reporter(kind="staff", id=CLERK.id)).state
    (task,) = state.tasks.values()
    task.holder, task.roles = None, (Role.LEAD,)
    state.done_by["carry_out"] = FOR_LEAD.id if door == "the deputy did it" else LEAD.id
    with pytest.raises(FourEyes):
        CHECKS["complete"](state, FOR_LEAD, c.Complete(task_id=task.id, outcome="fixed"), NOW)
    task.holder = LEAD.id
    with pytest.raises(FourEyes):
        CHECKS["complete"](state, FOR_LEAD, c.Complete(task_id=task.id, outcome="fixed"), NOW)
    assert not [action for action in allowed(state, FOR_LEAD, NOW) if action.outcome]


def test_on_behalf_is_no_way_around_four_eyes_either() -> None:
    state = in_stage("finished").state
    (task,) = state.tasks.values()
    state.done_by["carry_out"] = CLERK.id
    phoned = c.Complete.model_validate(
        {"task_id": task.id, "outcome": "fixed", "on_behalf": {"channel": "phone", "note": "业主来电"}}
    )
    with pytest.raises(FourEyes):
        CHECKS["complete"](state, CLERK, phoned, NOW)


def test_a_building_outside_the_scope_does_not_exist_unless_the_work_lies_with_one() -> None:
    state = in_stage("accepted", place=Place(house_id="hse_1", building_id="bld_1")).state
    scope = {"communities": (HERE,), "narrowed": (HERE,), "buildings": ("bld_2",)}
    with pytest.raises(NotFound):
        within_reach(state, LEAD.model_copy(update=scope))
    within_reach(state, LEAD.model_copy(update={**scope, "buildings": ("bld_1",)}))
    within_reach(state, WORKER.model_copy(update=scope))
    within_reach(in_stage("accepted").state, LEAD.model_copy(update=scope))


def test_only_the_system_hands_over_and_only_what_the_leaver_still_holds() -> None:
    step = in_stage("in_progress")
    (task,) = step.state.tasks
    command = c.HandOver(task_id=task, holder=WORKER.id)
    with pytest.raises(Forbidden):
        CHECKS["hand_over"](step.state, LEAD, command, NOW)
    with pytest.raises(TaskHeldByOther):
        CHECKS["hand_over"](step.state, SYSTEM, c.HandOver(task_id=task, holder="stf_other"), NOW)
    CHECKS["hand_over"](step.state, SYSTEM, command, NOW)
    moved = ACTS["hand_over"](step, SYSTEM, command, NOW)
    assert moved is not None
    assert (moved.outcome, moved.form) == ("reassigned", {"staff": None})


def test_a_task_that_is_no_work_changes_hands_unless_four_eyes_keep_the_deputy_away() -> None:
    for earlier, now_holds in (("stf_other", "stf_deputy"), ("stf_deputy", None)):
        step = in_stage("finished", reporter=Reporter(kind="staff", id=CLERK.id))
        (task,) = step.state.tasks.values()
        task.holder, task.roles = LEAD.id, (Role.LEAD,)
        step.state.done_by["carry_out"] = earlier
        ACTS["hand_over"](step, SYSTEM, c.HandOver(task_id=task.id, holder=LEAD.id, staff="stf_deputy"), NOW)
        assert step.state.tasks[task.id].holder == now_holds
