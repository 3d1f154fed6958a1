"""Who is told of a new task: whoever has it, whoever may take it, the residents who are asked, and both sides of a
visit on its day.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from models.domain.forms import Window, as_json
from models.domain.numbers import CHINA
from models.domain.recipients import Notice, to_reporter, to_resident, to_role, to_staff

if TYPE_CHECKING:
    from models.domain.order import Event, OrderState
    from models.domain.tasks import Task

APPOINTMENT_NOTICE: Final = timedelta(hours=1)
"""The technician is reminded an hour before an agreed visit (`lifecycles.md`, "Notices")."""

VISIT_NOTICE: Final = time(8, 0)
"""The reporter is reminded in the morning of the day of an agreed visit, when quiet hours end."""


def task_opened(order: OrderState, event: Event) -> list[Notice]:
    task = order.tasks[event.facts["task"]]
    spec = order.lifecycle.tasks[task.kind]
    facts = {"task": task.id, "task_kind": task.kind}
    if spec.next_channels:
        return by_channel(order, task, 0)
    if spec.of_reporter and task.roles:
        return [to_role(order, "new_task", role, **facts) for role in task.roles]
    if spec.of_reporter:
        return _asked(order, task, facts)
    if task.holder is not None:
        return _holders_task(order, task, event, facts)
    told = _rung_when_due(order, task, facts)
    if spec.rings or (order.priority == "emergency" and not spec.beside):
        # It has just appeared in the inbox of everybody who may take it; only an emergency rings as well.
        told += [to_role(order, "new_task", role, **facts) for role in task.roles]
    return _while_open(task, told)


def task_handed_over(order: OrderState, event: Event) -> list[Notice]:
    """Work opens a new task for the deputy, who hears of that one; any other task changes hands as it is."""
    task = order.tasks[event.facts["task"]]
    if order.lifecycle.tasks[task.kind].is_work or "staff" not in event.facts:
        return []
    facts = {"task": task.id, "task_kind": task.kind}
    return _while_open(task, [to_staff(order, "new_task", event.facts["staff"], **facts)])


def asked_again(order: OrderState, event: Event) -> list[Notice]:
    """A milestone at which those who have not answered are tried by their next channel."""
    return [
        notice
        for task in order.tasks.values()
        for tried, channel in enumerate(order.lifecycle.tasks[task.kind].next_channels, start=1)
        if channel == event.kind
        for notice in by_channel(order, task, tried)
    ]


def by_channel(order: OrderState, task: Task, tried: int) -> list[Notice]:
    """Each by a channel by which that person has not been told of it; `tried` says that it is one more attempt."""
    kind = str(order.lifecycle.tasks[task.kind].notice)
    facts = {"task": task.id, "task_kind": task.kind, "tried": tried}
    told = [
        to_resident(order, kind, resident, **facts).model_copy(update={"urgent": True})
        for resident in task.people[: 1 if tried == 0 else None]
    ]
    return _while_open(task, told)


def visit_reminders(order: OrderState, task: Task, visit: Window, now: datetime) -> list[Notice]:
    """Both sides, on the day. They hold while this work is open and this very visit is the one agreed on."""
    facts = {"task": task.id, "task_kind": task.kind, "visit": as_json(visit)}
    morning = datetime.combine(visit.start.astimezone(CHINA).date(), VISIT_NOTICE, CHINA)
    soon = to_staff(order, "appointment_soon", str(task.holder), **facts)
    told = [soon.model_copy(update={"not_before": visit.start - APPOINTMENT_NOTICE})]
    told += [
        notice.model_copy(update={"not_before": min(morning, visit.start)})
        for notice in to_reporter(order, "visit_today", **facts)
    ]
    return _while_open(task, [notice for notice in told if notice.not_before is not None and notice.not_before > now])


def _while_open(task: Task, told: list[Notice]) -> list[Notice]:
    return [notice.model_copy(update={"while_task": task.id}) for notice in told]


def _rung_when_due(order: OrderState, task: Task, facts: dict[str, Any]) -> list[Notice]:
    """A task with a time of its own, such as asking another firm whether it has come, rings when that time is there."""
    due = order.lifecycle.tasks[task.kind].due
    at = due(order) if due else None
    if at is None:
        return []
    return [to_role(order, "task_due", role, **facts).model_copy(update={"not_before": at}) for role in task.roles]


def _asked(order: OrderState, task: Task, facts: dict[str, Any]) -> list[Notice]:
    """Each resident whose task it is: at once where the map says so, and again while they are silent, counted from when
    the patience with them began, which may lie ahead.
    """
    spec = order.lifecycle.tasks[task.kind]
    if order.assignee is not None:
        facts = facts | {"staff": order.assignee}
    facts = facts | spec.notice_says(order)
    since = task.opened_at
    if task.gives_up_at is not None and spec.gives_up_after is not None:
        since = task.gives_up_at - spec.gives_up_after
    told = []
    for resident in (task.holder,) if task.holder else task.people:
        if spec.notice is not None:
            told.append(to_resident(order, spec.notice, resident, **facts))
        template = "your_turn" if spec.must_reach else None
        again = Notice(kind="reminder", to="resident", to_id=resident, template=template, facts=facts)
        told += [
            again.model_copy(update={"not_before": since + after, "sms": None if place else spec.must_reach})
            for place, after in enumerate(spec.reminders)
        ]
    return _while_open(task, told)


def _holders_task(order: OrderState, task: Task, event: Event, facts: dict[str, Any]) -> list[Notice]:
    """Whoever opened it by their own act is looking at it, and of work that failed they hear otherwise."""
    told = []
    if task.holder != event.by and event.facts["cause"] != "not_fixed":
        told.append(to_staff(order, "new_task", str(task.holder), **facts))
    if order.stage == "accepted" and order.appointment is not None and order.appointment_agreed:
        told += visit_reminders(order, task, order.appointment, event.at)
    return _while_open(task, told)
