"""Every order answers its reader: where, who, next and by when, why; in every stage, and without a name."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from models.domain.acts import ACTS
from models.domain.bulletin import Bulletin, bulletin
from models.domain.commands import Urge
from models.domain.following import Following
from models.domain.forms import Window
from models.domain.lifecycles import LIFECYCLES
from models.domain.lifecycles.aftercare import REVIEW_CANCEL
from models.domain.order import Hold, HoldReason, OrderState, Reporter
from models.domain.people import Role
from models.domain.tasks import Task
from tests.domain.samples import NOW, OWNER, STAGES, WORKER, in_stage

LATIN = re.compile(r"[A-Za-z_{}]")
REPORTERS = {
    "resident": Reporter(kind="resident", id=OWNER.id),
    "staff": Reporter(kind="staff", id="stf_guard"),
    "guest": Reporter(kind="guest", filed_by="stf_clerk"),
}


def told(order: OrderState, **more: object) -> Bulletin:
    return bulletin(order, NOW, lambda _: "张师傅", **more)  # type: ignore[arg-type]


def is_full(said: Bulletin) -> None:
    """Four questions are answered, in Chinese, with nothing left to be filled in and no id."""
    for sentence in (said.where, said.who, said.next, said.by_words, said.waiting_for or "无", said.urged or "无"):
        assert sentence
        assert not LATIN.search(sentence), sentence


@pytest.mark.parametrize("reporter", REPORTERS)
@pytest.mark.parametrize(
    ("kind", "stage", "task"),
    [
        (kind, stage, task)
        for kind, lifecycle in LIFECYCLES.items()
        for stage in lifecycle.edges
        for task in (*lifecycle.tasks, None)
    ],
)
def test_every_stage_and_task_of_every_lifecycle_has_a_full_answer(
    kind: str, stage: str, task: str | None, reporter: str
) -> None:
    order = in_stage("submitted").state.model_copy(
        update={"kind": kind, "stage": stage, "tasks": {}, "reporter": REPORTERS[reporter]}
    )
    is_full(told(order))
    if task is None:
        return
    roles = LIFECYCLES[kind].tasks[task].roles
    for holder in (None, WORKER.id, order.reporter.id):
        open_task = Task(id="BX20261122-00017.9", kind=task, holder=holder, roles=roles, opened_at=NOW)
        is_full(told(order.model_copy(update={"tasks": {open_task.id: open_task}})))


@pytest.mark.parametrize("reason", HoldReason)
def test_an_order_on_hold_says_why_and_until_when(reason: HoldReason) -> None:
    order = in_stage("on_hold").state
    until = NOW + timedelta(days=1)
    order.hold = Hold(reason=reason, until=until, stage="in_progress", by=WORKER.id)
    said = told(order)
    is_full(said)
    assert (said.where, said.by, said.late) == ("暂缓处理", until, False)
    assert said.waiting_for
    assert ("回复" in said.next) == (reason is HoldReason.REPORTER)


@pytest.mark.parametrize("stage", STAGES)
def test_a_repair_of_todays_rules_is_told_in_its_own_words(stage: str) -> None:
    order = in_stage(stage).state
    said = told(order)
    is_full(said)
    waits = {"submitted": "等在岗的调度员安排", "dispatched": "等张师傅接单", "accepted": "等张师傅上门"}
    waits |= {
        "quoting": "等您答复",
        "finished": "等您答复",
        "closed": "等您答复",
        "on_hold": "等配件",
        "referred": "等外单位处理",
    }
    assert said.waiting_for == waits.get(stage)


def test_who_has_it_is_the_reader_themselves_when_they_must_answer() -> None:
    order = in_stage("finished").state
    assert told(order).who == "您"
    assert told(order, reporter="报事人").next == "报事人确认是否已修好"
    (task,) = order.tasks.values()
    assert (told(order).by, told(order).by_words[:2]) == (task.gives_up_at, "请于")


def test_what_staff_found_is_confirmed_by_a_lead() -> None:
    order = in_stage("finished", reporter=REPORTERS["staff"]).state
    (task,) = order.tasks.values()
    task.holder, task.roles, task.gives_up_at = None, (Role.LEAD,), None
    said = told(order)
    assert (said.who, said.next) == ("在岗的部门主管", "部门主管确认是否已修好")


def test_a_promise_that_was_broken_is_called_so() -> None:
    order = in_stage("dispatched").state
    clock = order.running_clock
    assert clock is not None
    late = bulletin(order, clock.due_at + timedelta(minutes=1), lambda _: "张师傅")
    assert late.late
    assert "已过" in late.by_words
    clock.ring(clock.due_at)
    assert "已上报上级" in bulletin(order, clock.due_at + timedelta(minutes=1), lambda _: "张师傅").by_words


def test_a_merged_order_waits_for_the_one_it_follows() -> None:
    order = in_stage("dispatched").state
    order.following = Following(primary="BX20261122-00001", since=NOW, by=WORKER.id)
    said = told(order)
    is_full(said)
    assert (said.next, said.waiting_for) == ("合并的工单处理完成后，请您确认", "等合并的工单处理完成")
    asked = in_stage("finished").state
    asked.following = order.following
    assert told(asked).next == "您确认是否已修好"


def test_a_report_of_an_incident_waits_for_the_incident() -> None:
    order = in_stage("submitted").state
    order.following, order.tasks = Following(incident="inc_1", since=NOW, by=WORKER.id), {}
    said = told(order)
    assert (said.where, said.waiting_for) == ("属于大面积故障，统一处理中", "等大面积故障排除")
    assert said.next == "故障排除后，请您确认"


def test_whoever_has_objected_reads_who_looks_at_it() -> None:
    step = in_stage("cancelled")
    assert told(step.state).next == "没有后续步骤"
    step.open(REVIEW_CANCEL, NOW, None, REVIEW_CANCEL.roles)
    said = told(step.state)
    assert said.who == "在岗的部门主管、项目经理"
    assert (said.next, said.waiting_for) == (f"{said.who}复核取消是否妥当", f"等{said.who}复核")


def test_an_agreed_visit_is_what_the_order_waits_for() -> None:
    order = in_stage("accepted").state
    order.appointment = Window(start=NOW + timedelta(hours=3), until=NOW + timedelta(hours=5))
    assert told(order).waiting_for == "等约定的上门时间"


def test_the_owner_sees_what_urging_did() -> None:
    step = in_stage("dispatched")
    assert told(step.state).urged is None
    for _ in range(3):
        ACTS["urge"](step, OWNER, Urge(), NOW)
    assert told(step.state, told=2).urged == "已催 3 次，已提醒 2 人，已告知主管，已排到同级工单前面"
    emergency = in_stage("submitted", priority="emergency")
    ACTS["urge"](emergency, OWNER, Urge(), NOW)
    assert told(emergency.state, told=1).urged == "已催 1 次，已提醒 1 人，紧急工单始终最先处理"
