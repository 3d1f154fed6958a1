"""Every action by every kind of person in every stage: what is offered is allowed, and nothing else is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.domain import commands as c
from models.domain import words
from models.domain.acts import ACTS
from models.domain.errors import LEAVES, Forbidden, NotFound, RateLimited, Refusal
from models.domain.following import Following
from models.domain.forms import OnBehalf, OnBehalfChannel, Stated
from models.domain.order import Urges
from models.domain.people import Actor, Role
from models.domain.rights import CHECKS, Action, allowed, claimable, outcomes_now, outcomes_on_behalf
from models.domain.step import Step
from tests.domain.samples import (
    ACTORS,
    CLERK,
    IN_SCOPE,
    LEAD,
    NOW,
    OUT_OF_SCOPE,
    OWNER,
    STAGES,
    WORKER,
    ask,
    every_action,
    filled,
    in_stage,
)

PRESSED = {
    "submitted": {
        "dispatcher": {
            "claim",
            "assigned",
            "pool",
            "referred",
            "rejected",
            "merged",
            "cancel",
            "amend",
            "merge",
            "comment",
        },
        "reporter": {"urge", "cancel", "comment"},
        "clerk": {"urge", "cancel", "amend", "merge", "comment"},
        "technician": {"comment"},
    },
    "dispatched": {
        "worker": {"accepted", "handed_back", "comment"},
        "dispatcher": {"reassign", "cancel", "amend", "merge", "comment"},
        "reporter": {"urge", "cancel", "comment"},
        "technician": {"comment"},
    },
    "accepted": {
        "worker": {"proposed", "arrived", "no_access", "out_of_scope", "handed_back", "hold", "comment"},
        "dispatcher": {"reassign", "hold", "cancel", "amend", "merge", "comment"},
        "reporter": {"urge", "cancel", "comment"},
        "lead": {"reassign", "hold", "cancel", "amend", "merge", "comment"},
    },
    "in_progress": {
        "worker": {"needs_quote", "finished", "no_access", "out_of_scope", "handed_back", "hold", "comment"},
        "dispatcher": {"hold", "cancel", "amend", "merge", "comment"},
        "reporter": {"urge", "comment"},
        "lead": {"reassign", "hold", "cancel", "amend", "merge", "comment"},
    },
    "quoting": {
        "reporter": {"approved", "declined", "comment"},
        "worker": {"comment"},
        "dispatcher": {"cancel", "amend", "comment"},
        "lead": {"cancel", "amend", "comment"},
    },
    "on_hold": {
        "worker": {"resume", "handed_back", "comment"},
        "dispatcher": {"resume", "cancel", "amend", "comment"},
        "reporter": {"comment"},
        "lead": {"reassign", "resume", "cancel", "amend", "comment"},
    },
    "referred": {
        "dispatcher": {"claim", "done", "postponed", "taken_back", "cancel", "amend", "comment"},
        "reporter": {"urge", "cancel", "comment"},
        "technician": {"comment"},
    },
    "finished": {
        "reporter": {"fixed", "not_fixed", "comment"},
        "worker": {"comment"},
        "lead": {"comment"},
        "clerk": {"comment"},
    },
    "closed": {"reporter": {"rate", "rated", "comment"}, "clerk": {"comment"}},
    "cancelled": {"reporter": {"comment"}, "dispatcher": {"comment"}},
    "rejected": {"reporter": {"comment"}, "dispatcher": {"comment"}},
}
"""The buttons of `lifecycles.md`, written down once more by hand."""


def refusal_of(step: Step, actor: Actor, name: str, command: c.Command) -> Refusal | None:
    try:
        CHECKS[name](step.state, actor, command, NOW)
    except Refusal as refusal:
        return refusal
    return None


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("who", ACTORS)
def test_what_is_offered_is_what_is_allowed(stage: str, who: str) -> None:
    step, actor = in_stage(stage), ACTORS[who]
    offered = allowed(step.state, actor, NOW)
    for action in every_action(step.state):
        refusal = refusal_of(step, actor, action.action, filled(action))
        assert (action in offered) == (refusal is None), action


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("who", ["reporter", "neighbour", "worker", "dispatcher", "lead", "guard", "system"])
def test_a_refusal_has_a_code_and_words_and_changes_nothing(stage: str, who: str) -> None:
    step, actor = in_stage(stage), ACTORS[who]
    before = step.state.model_copy(deep=True)
    for action in every_action(step.state):
        refusal = refusal_of(step, actor, action.action, filled(action))
        assert step.state == before
        assert not step
        if refusal is not None:
            assert LEAVES[refusal.code] is type(refusal)
            assert refusal.reason in words.REFUSALS, refusal.reason
            assert refusal.detail


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("who", ["reporter", "worker", "dispatcher", "clerk", "lead", "manager", "system"])
def test_what_is_allowed_can_be_carried_out(stage: str, who: str) -> None:
    """No act stumbles over what its check has let through, and each leaves something to publish."""
    for action in allowed(in_stage(stage).state, ACTORS[who], NOW):
        step = in_stage(stage)
        ACTS[action.action](step, ACTORS[who], filled(action), NOW)
        assert step


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("who", [*OUT_OF_SCOPE, "neighbour"])
def test_outside_the_scope_there_is_no_such_order(stage: str, who: str) -> None:
    step = in_stage(stage)
    assert allowed(step.state, ACTORS[who], NOW) == []
    for action in every_action(step.state):
        assert isinstance(refusal_of(step, ACTORS[who], action.action, filled(action)), NotFound)


@pytest.mark.parametrize(("stage", "who"), [(stage, who) for stage, people in PRESSED.items() for who in people])
def test_the_buttons_of_each_stage(stage: str, who: str) -> None:
    offered = allowed(in_stage(stage).state, ACTORS[who], NOW)
    assert {action.outcome or action.action for action in offered} == PRESSED[stage][who]


@pytest.mark.parametrize("who", ACTORS)
def test_who_takes_an_order_out_of_its_group(who: str) -> None:
    order = in_stage("dispatched").state
    order.following = Following(primary="BX20261122-00001", since=NOW, by=CLERK.id)
    offered = {action.action for action in allowed(order, ACTORS[who], NOW)}
    assert ("unmerge" in offered) == (who in {"clerk", "dispatcher", "lead", "manager", "system"})
    assert "merge" not in offered


@pytest.mark.parametrize(("finished", "assigned", "may"), [(0, 0, True), (1, 0, False), (0, 1, False), (1, 1, False)])
def test_nobody_answers_the_stars_for_their_own_work(finished: int, assigned: int, may: bool) -> None:
    """Neither whoever did it, nor whoever it lay with."""
    order = in_stage("closed").state
    order.rating = Stated(result=2, speed=3, manner=4)
    order.done_by["carry_out"], order.assignee = (WORKER.id, LEAD.id)[finished], (WORKER.id, LEAD.id)[assigned]
    assert (Action(action="reply_to_rating") in allowed(order, LEAD, NOW)) is may


@pytest.mark.parametrize("who", ["clerk", "lead", "manager"])
def test_the_office_completes_a_reporters_task_on_their_behalf(who: str) -> None:
    step = in_stage("finished")
    (task,) = step.state.tasks.values()
    assert outcomes_on_behalf(step.state, ACTORS[who], task, NOW) == ["fixed", "not_fixed"]
    assert outcomes_now(step.state, ACTORS[who], task, NOW) == []
    behalf = OnBehalf(channel=OnBehalfChannel.PHONE, note="业主来电")
    command = c.Complete(task_id=task.id, outcome="fixed", on_behalf=behalf)
    assert refusal_of(step, ACTORS[who], "complete", command) is None
    assert outcomes_on_behalf(step.state, WORKER, task, NOW) == []


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("who", ACTORS)
def test_what_is_offered_for_a_reporter_who_phones_is_what_is_allowed(stage: str, who: str) -> None:
    """A signed sheet is typed in, so it is no reason to offer nothing."""
    step, actor = in_stage(stage), ACTORS[who]
    behalf = OnBehalf(channel=OnBehalfChannel.PAPER, note="签字单见照片", photo_ids=("pho_1",))
    for action in every_action(step.state):
        if action.action == "complete" and action.task_id is not None:
            command = filled(action).model_copy(update={"on_behalf": behalf})
            offered = outcomes_on_behalf(step.state, actor, step.state.tasks[action.task_id], NOW)
            assert (action.outcome in offered) == (refusal_of(step, actor, "complete", command) is None), action


def test_a_call_back_is_offered_to_nobody_who_did_the_work() -> None:
    step = in_stage("closed")
    call_back = step.state.tasks[ask(step, "call_back")]
    other = IN_SCOPE["clerk"]
    worked = other.model_copy(update={"id": WORKER.id})
    step.state.remember_worker(WORKER.id)
    assert claimable(step.state, other, call_back, NOW)
    assert outcomes_now(step.state, other, call_back, NOW)
    assert not claimable(step.state, worked, call_back, NOW)
    assert outcomes_now(step.state, worked, call_back, NOW) == []


def test_nothing_of_the_workers_is_done_on_behalf() -> None:
    step = in_stage("in_progress")
    (task,) = step.state.tasks.values()
    behalf = OnBehalf(channel=OnBehalfChannel.PHONE, note="师傅来电")
    command = c.Complete(task_id=task.id, outcome="arrived", on_behalf=behalf)
    refusal = refusal_of(step, CLERK, "complete", command)
    assert refusal is not None
    assert refusal.reason == "not_a_reporters_task"


def test_a_waiting_urge_says_how_long() -> None:
    step = in_stage("submitted")
    step.state.urges = Urges(count=1, here=1, last_at=NOW - timedelta(minutes=4))
    refusal = refusal_of(step, OWNER, "urge", c.Urge())
    assert isinstance(refusal, RateLimited)
    assert refusal.retry_after == 61
    assert "61" in refusal.detail
    step.state.urges = Urges(count=1, here=1, last_at=NOW - timedelta(minutes=5))
    assert refusal_of(step, OWNER, "urge", c.Urge()) is None


def test_a_firm_wide_role_reaches_every_community() -> None:
    everywhere = LEAD.model_copy(update={"communities": ("*",), "roles": (Role.MANAGER,)})
    assert refusal_of(in_stage("submitted"), everywhere, "cancel", c.Cancel(reason="重复报修")) is None
    nowhere = everywhere.model_copy(update={"communities": ()})
    assert isinstance(refusal_of(in_stage("submitted"), nowhere, "comment", c.Comment(text="好")), NotFound)


def test_a_role_that_is_not_asked_for_may_nothing_but_comment() -> None:
    guard = ACTORS["guard"]
    for stage in STAGES:
        assert {action.action for action in allowed(in_stage(stage).state, guard, NOW)} == {"comment"}
    assert isinstance(refusal_of(in_stage("submitted"), guard, "cancel", c.Cancel(reason="重复")), Forbidden)
