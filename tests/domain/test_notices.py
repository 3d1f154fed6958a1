"""Who is told at which event; and that no notice ever carries a name, a number or a sentence of somebody's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models.domain import commands as c
from models.domain import notice_words, notices, recipients, task_notices
from models.domain.acts import ACTS, resume, ring_clocks
from models.domain.forms import Stated
from models.domain.group_news import for_followers
from models.domain.lifecycles import LIFECYCLES
from models.domain.lifecycles.repair import ACCEPT, CARRY_OUT, RATE, REPAIR
from models.domain.order import Reporter
from models.domain.people import SYSTEM
from models.domain.rights import allowed
from models.domain.step import Step
from models.domain.templates import TEMPLATES
from models.domain.texts import TEXTS
from tests.domain.samples import ACTORS, CLERK, DISPATCHER, LEAD, NOW, OWNER, STAGES, WORKER, filled, in_stage

SECRET = "13800138000 王小明"


def told(step: Step) -> list[tuple[str, str]]:
    return [(notice.kind, notice.to_id) for notice in step.notices]


@pytest.mark.parametrize(
    ("stage", "following", "kind"),
    [
        ("submitted", "dispatched", "dispatched"),
        ("dispatched", "accepted", "accepted"),
        ("accepted", "in_progress", None),
        ("in_progress", "finished", "finished"),
        ("finished", "closed", "closed"),
        ("finished", "in_progress", None),
        ("submitted", "rejected", "rejected"),
        ("accepted", "submitted", None),
    ],
)
def test_what_the_reporter_is_told_on_the_way(stage: str, following: str, kind: str | None) -> None:
    step = in_stage(stage)
    step.enter(following, NOW)
    assert told(step) == ([(kind, OWNER.id)] if kind else [])
    assert [notice.template for notice in step.notices] == ([REPAIR.templates.get(kind)] if kind else [])


@pytest.mark.parametrize("reporter", [Reporter(kind="guest"), Reporter(kind="staff", id=CLERK.id)])
def test_who_has_no_account_is_not_told(reporter: Reporter) -> None:
    step = in_stage("dispatched", reporter=reporter)
    step.enter("accepted", NOW)
    assert told(step) == []


@pytest.mark.parametrize(("priority", "pool"), [("normal", []), ("emergency", [("new_task", "technician")])])
def test_new_work_is_told_to_its_holder_and_an_emergency_to_its_pool(
    priority: Any, pool: list[tuple[str, str]]
) -> None:
    step = in_stage("submitted", priority=priority)
    step.open(ACCEPT, NOW, WORKER.id, ACCEPT.roles)
    step.open(CARRY_OUT, NOW, None, CARRY_OUT.roles)
    assert told(step) == [("new_task", WORKER.id), *pool]
    assert all(notice.while_task in step.state.tasks for notice in step.notices)


def test_a_rating_is_asked_for_twice_while_it_is_open() -> None:
    step = in_stage("cancelled")
    task = step.open(RATE, NOW, OWNER.id, ())
    assert [(notice.not_before, notice.while_task) for notice in step.notices] == [
        (NOW + after, task.id) for after in RATE.reminders
    ]


def test_a_hold_and_its_end_are_told() -> None:
    step = in_stage("in_progress")
    (task,) = step.state.tasks
    held = filled(next(a for a in allowed(step.state, WORKER, NOW) if a.action == "hold"))
    ACTS["hold"](step, WORKER, held, NOW)
    assert told(step) == [("held", OWNER.id)]
    assert step.notices[0].facts["because"] == "parts", "read after the hold, it still says why"
    step.notices.clear()
    resume(step, SYSTEM, None, NOW)
    assert told(step) == [("resumed", OWNER.id), ("resumed", WORKER.id)]
    assert task in step.state.tasks


def test_whoever_has_rated_is_not_asked_for_stars_again() -> None:
    silent, rated = in_stage("finished"), in_stage("finished")
    rated.state.rating = Stated(result=5, speed=5, manner=5)
    for step in (silent, rated):
        step.enter("closed", NOW)
    assert [("rated" in step.notices[0].facts) for step in (silent, rated)] == [False, True]


def test_a_cancellation_is_told_to_everybody_but_its_author() -> None:
    by_owner, by_lead = in_stage("accepted"), in_stage("accepted")
    ACTS["cancel"](by_owner, OWNER, c.Cancel(), NOW)
    ACTS["cancel"](by_lead, LEAD, c.Cancel(reason="重复报修"), NOW)
    assert told(by_owner) == [("order_cancelled", WORKER.id)]
    assert told(by_lead) == [("order_cancelled", WORKER.id), ("cancelled", OWNER.id)]


def test_a_breach_is_told_up_the_ladder_and_an_emergency_is_urgent() -> None:
    step = in_stage("accepted", priority="emergency")
    ring_clocks(step, NOW)
    assert ("breached", "quality") in told(step)
    assert all(notice.urgent for notice in step.notices)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("who", ["reporter", "worker", "dispatcher", "clerk", "lead"])
def test_no_notice_carries_what_somebody_wrote(stage: str, who: str) -> None:
    """Only ids, kinds and counts: names and places are put in when it is delivered."""
    for action in allowed(in_stage(stage).state, ACTORS[who], NOW):
        step, command = in_stage(stage), filled(action)
        said = {field: SECRET for field in ("text", "reason", "note") if hasattr(command, field)}
        if action.action in ("hold",):
            said.pop("reason")
        command = command.model_copy(update=said)
        if isinstance(command, c.Complete):
            command = command.model_copy(update={"form": {k: SECRET if k in ("reason", "report") else v
                                                          for k, v in command.form.items()}})  # fmt: skip
        ACTS[action.action](step, ACTORS[who], command, NOW)
        for notice in step.notices:
            assert SECRET not in notice.model_dump_json()
            assert set(notice.facts) <= {"task", "task_kind", "stage", "staff", "count", "clock", "because"}


def test_every_notice_has_words_and_every_template_exists() -> None:
    kinds = set(REPAIR.told_on_entering.values()) | set(REPAIR.templates)
    kinds |= {"reminder", "replied", "resumed", "new_task", "urged", "urged_often", "reporter_replied", "warned"}
    kinds |= {"breached", "taken_away", "order_cancelled", "low_rating", "amended", "lowered"}
    assert kinds <= set(notice_words.TITLES)
    assert kinds <= set(notice_words.SENTENCES)
    assert set(REPAIR.templates.values()) | {"task"} <= set(TEMPLATES)


def test_an_sms_is_for_what_must_reach_somebody_and_for_nothing_else() -> None:
    """It costs money (`lifecycles.md`, "Notices")."""
    by_map = {kind: sms for each in LIFECYCLES.values() for kind, sms in each.must_reach.items()}
    in_emergency = {kind: sms for each in LIFECYCLES.values() for kind, sms in each.must_reach_in_emergency.items()}
    by_task = {spec.kind: spec.must_reach for each in LIFECYCLES.values() for spec in each.tasks.values()}
    assert by_map == {
        "no_access": "no_access",
        "car_in_the_way": "move_car",
        "visitors_car_in_the_way": "move_visitors_car",
        "walk_in_waits": "walk_in",
    }
    assert in_emergency == {"accepted": "emergency_accepted"}
    assert {kind for kind, sms in by_task.items() if sms} == {"approve_quote"}
    assert {*by_map.values(), *in_emergency.values(), "quote_open", "staff_emergency", "staff_breach"} == set(TEXTS)


@pytest.mark.parametrize(("priority", "sms"), [("normal", None), ("high", None), ("emergency", "emergency_accepted")])
def test_that_somebody_comes_is_texted_in_an_emergency(priority: Any, sms: str | None) -> None:
    step = in_stage("dispatched", priority=priority)
    step.enter("accepted", NOW)
    assert [notice.sms for notice in step.notices] == [sms]


def test_an_open_quote_is_texted_once_after_a_day() -> None:
    step = in_stage("in_progress")
    step.open(REPAIR.tasks["approve_quote"], NOW, OWNER.id, ())
    texted = [(notice.kind, notice.not_before) for notice in step.notices if notice.sms == "quote_open"]
    assert texted == [("reminder", NOW + timedelta(hours=24))]
    assert {notice.sms for notice in step.notices} == {"quote_open", None}


@pytest.mark.parametrize(("priority", "texted"), [("normal", {"breached"}), ("emergency", {"breached", "new_task"})])
def test_staff_are_texted_of_work_in_an_emergency_and_of_a_breach(priority: Any, texted: set[str]) -> None:
    step = in_stage("submitted", priority=priority)
    step.open(ACCEPT, NOW, None, ACCEPT.roles)
    ring_clocks(step, NOW)
    ACTS["urge"](step, OWNER, c.Urge(), NOW)
    assert {notice.kind for notice in step.notices} >= {"breached", "urged"}
    assert {notice.kind for notice in step.notices if notice.sms} == texted


def test_a_reassignment_stops_whoever_was_driving() -> None:
    step = in_stage("accepted")
    (task,) = step.state.tasks
    ACTS["reassign"](step, DISPATCHER, c.Reassign(task_id=task, staff="stf_other", reason="师傅请假"), NOW)
    assert told(step) == [("taken_away", WORKER.id)]


def test_who_is_told_of_a_task_stands_in_its_map() -> None:
    """A new lifecycle adds nothing to the modules that read the maps."""
    read = "".join(Path(module.__file__ or "").read_text() for module in (notices, task_notices, recipients))
    kinds = {kind for lifecycle in LIFECYCLES.values() for kind in lifecycle.tasks}
    assert [kind for kind in sorted(kinds) if f'"{kind}"' in read] == []


def test_a_group_does_not_hear_what_one_home_is_quoted() -> None:
    step = in_stage("in_progress")
    step.enter("quoting", NOW)
    assert for_followers(step.state, step.events[-1]) is None
