"""Who is told what, when something happens to an order. Decided here, written with the stage change, delivered later.

A notice names people and places by id; `words` and names are put in at the moment of delivery, from Postgres.
Complaint texts, phones and descriptions never enter a notice.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from models.domain.forms import Window, as_json
from models.domain.numbers import CHINA
from models.domain.people import Role

if TYPE_CHECKING:
    from models.domain.order import Event, OrderState
    from models.domain.tasks import Task

ROLE_OF_RUNG: Final = {"lead": Role.LEAD, "manager": Role.MANAGER, "quality": Role.QUALITY}

URGES_BEFORE_LEAD: Final = 3
"""The third urge in one stage tells the lead (`lifecycles.md`, "Urge")."""

APPOINTMENT_NOTICE: Final = timedelta(hours=1)
"""The technician is reminded an hour before an agreed visit (`lifecycles.md`, "Notices")."""

VISIT_NOTICE: Final = time(8, 0)
"""The reporter is reminded in the morning of the day of an agreed visit, when quiet hours end."""

PRIORITIES: Final = ("emergency", "high", "normal")
"""The most urgent first."""

LOW_STARS: Final = 2
"""Any star at or below this tells the lead (`lifecycles.md`, "Rate")."""


class Notice(BaseModel):
    """One message to one person, or to a role of the order's community, whose members are looked up at delivery."""

    model_config = ConfigDict(frozen=True)

    kind: str
    to: Literal["resident", "staff", "role"]
    to_id: str
    """A resident's or staff member's id, or a role's name."""
    template: str | None = None
    """Name of the subscription or service template; None for the message centre alone."""
    facts: dict[str, Any] = {}
    not_before: datetime | None = None
    while_task: str | None = None
    """The notice still holds only while this task is open; checked again when it is delivered."""
    urgent: bool = False


def notices_for(order: OrderState, event: Event, entered: bool = False) -> list[Notice]:
    """What an event means for others. `entered`: the event moved the order into `event.stage`."""
    if entered:
        return _on_entering(order, event)
    recorded = _reporter(order, "recorded", outcome=event.kind) if "on_behalf" in event.facts else []
    tell = {
        "task": _task_opened,
        "urged": _urged,
        "commented": _commented,
        "warned": _warned,
        "breached": _breached,
        "reassigned": _taken_away,
        "handed_over": _handed_over,
        "pooled_by_itself": _nobody_dispatches,
        "cancelled": _cancelled,
        "merged": _merged,
        "unmerged": _on_its_own,
        "freed": _on_its_own,
        "called_off": _cancelled,
        "amended": _amended,
        "rated": _rated,
        "fixed": _rated,
        "not_fixed": _not_fixed,
        "replied": _progress_told,
        "discontent": _call_went_badly,
        "second_channel": _next_channel,
        "third_channel": _next_channel,
        "objected": _objected,
        "upheld": _told_of_review,
        "follows_on": _told_of_review,
        "rating_answered": _rating_answered,
        "resumed": _resumed,
        "woke_up": _resumed,
        "agreed": _visit_agreed,
        "other_time": _visit_refused,
        "approved": _quote_answered,
        "declined": _quote_answered,
        "expired": _unanswered,
        "received": _paid,
    }.get(event.kind)
    return recorded + _milestone(order, event) + (tell(order, event) if tell else [])


def _on_entering(order: OrderState, event: Event) -> list[Notice]:
    kind = order.lifecycle.told_on_entering.get(event.stage or "")
    if kind is None or (kind == "held" and (order.hold is None or order.hold.rebooking)):
        return []
    if kind == "quote_made":
        return _quote_made(order)
    return _reporter(order, kind, stage=event.stage)


def _reporter(order: OrderState, kind: str, **facts: Any) -> list[Notice]:
    if order.assignee is not None:
        facts["staff"] = order.assignee
    template = order.lifecycle.templates.get(kind)
    return [
        Notice(kind=kind, to="resident", to_id=resident, template=template, facts=facts)
        for resident in order.waiting_residents
    ]


def _staff(order: OrderState, kind: str, staff: str, **facts: Any) -> Notice:
    return Notice(
        kind=kind, to="staff", to_id=staff, template="task", facts=facts, urgent=order.priority == "emergency"
    )


def _role(order: OrderState, kind: str, role: Role, **facts: Any) -> Notice:
    return Notice(kind=kind, to="role", to_id=role, template="task", facts=facts, urgent=order.priority == "emergency")


def _overseer(order: OrderState, kind: str, role: Role, **facts: Any) -> Notice:
    """To the role, or where a complaint is about its holder, to the next above: the others of that role are not asked
    about a colleague, and a lone holder would leave nobody who hears.
    """
    return _role(order, kind, order.one_rung_up(role), **facts)


def _whoever_works(order: OrderState, kind: str, **facts: Any) -> list[Notice]:
    """The holders of the open tasks, or the roles in whose pool they lie; never the reporter."""
    told: list[Notice] = []
    for task in order.tasks.values():
        if order.lifecycle.tasks[task.kind].of_reporter:
            continue
        if task.holder is not None:
            told.append(_staff(order, kind, task.holder, **facts))
        else:
            told += [_role(order, kind, role, **facts) for role in task.roles]
    return told


def _task_opened(order: OrderState, event: Event) -> list[Notice]:
    task = order.tasks[event.facts["task"]]
    spec = order.lifecycle.tasks[task.kind]
    facts = {"task": task.id, "task_kind": task.kind}
    if task.kind == "move":
        return _car_in_the_way(order, task, 0)
    if spec.of_reporter and task.roles:
        return [_role(order, "new_task", role, **facts) for role in task.roles]
    if spec.of_reporter:
        return _asked(order, task, facts)
    if task.holder is not None:
        return _holders_task(order, task, event, facts)
    told = _rung_when_due(order, task, facts)
    if spec.rings or (order.priority == "emergency" and not spec.beside):
        # It has just appeared in the inbox of everybody who may take it; only an emergency rings as well.
        told += [_role(order, "new_task", role, **facts) for role in task.roles]
    return [notice.model_copy(update={"while_task": task.id}) for notice in told]


def _rung_when_due(order: OrderState, task: Task, facts: dict[str, Any]) -> list[Notice]:
    """A task with a time of its own, such as asking another firm whether it has come, rings when that time is there."""
    due = order.lifecycle.tasks[task.kind].due
    at = due(order) if due else None
    if at is None:
        return []
    return [_role(order, "task_due", role, **facts).model_copy(update={"not_before": at}) for role in task.roles]


def _asked(order: OrderState, task: Task, facts: dict[str, Any]) -> list[Notice]:
    """Each resident whose task it is: at once where the map says so, and again while they are silent, counted from when
    the patience with them began, which may lie ahead.
    """
    spec = order.lifecycle.tasks[task.kind]
    if order.assignee is not None:
        facts = facts | {"staff": order.assignee}
    if task.kind == "agree_appointment" and order.proposed is not None:
        facts = facts | {"visit": as_json(order.proposed)}
    if task.kind == "approve_quote" and order.quote is not None:
        facts = facts | {"total": order.quote.total}
    since = task.opened_at
    if task.gives_up_at is not None and spec.gives_up_after is not None:
        since = task.gives_up_at - spec.gives_up_after
    told = []
    for resident in (task.holder,) if task.holder else task.people:
        asked = Notice(kind="reminder", to="resident", to_id=resident, facts=facts, while_task=task.id)
        if spec.notice is not None:
            template = order.lifecycle.templates.get(spec.notice)
            told.append(asked.model_copy(update={"kind": spec.notice, "template": template}))
        template = "your_turn" if spec.must_reach else None
        told += [
            asked.model_copy(update={"template": template, "not_before": since + after}) for after in spec.reminders
        ]
    return told


def _car_in_the_way(order: OrderState, task: Task, tried: int) -> list[Notice]:
    """First the registrant; with each further channel also the household (`lifecycles.md` §4). Never who asked.

    Each goes by the next channel of that person; the household comes in one step later, by its first.
    """
    template = order.lifecycle.templates["car_in_the_way"]
    told = task.people[: 1 if tried == 0 else None]
    return [
        Notice(
            kind="car_in_the_way",
            to="resident",
            to_id=resident,
            template=template,
            facts={"task": task.id, "task_kind": task.kind, "tried": tried, "skips": tried - (place > 0)},
            while_task=task.id,
            urgent=True,
        )
        for place, resident in enumerate(told)
    ]


def _next_channel(order: OrderState, event: Event) -> list[Notice]:
    task = order.task_of("move")
    tried = {"second_channel": 1, "third_channel": 2}[event.kind]
    return _car_in_the_way(order, task, tried) if task else []


def _holders_task(order: OrderState, task: Task, event: Event, facts: dict[str, Any]) -> list[Notice]:
    """Whoever opened it by their own act is looking at it, and of work that failed they hear otherwise."""
    told = []
    if task.holder != event.by and event.facts["cause"] != "not_fixed":
        told.append(_staff(order, "new_task", str(task.holder), **facts))
    if order.stage == "accepted" and order.appointment is not None and order.appointment_agreed:
        told += _visit_reminders(order, task, order.appointment, event.at)
    return [notice.model_copy(update={"while_task": task.id}) for notice in told]


def _visit_reminders(order: OrderState, task: Task, visit: Window, now: datetime) -> list[Notice]:
    """Both sides, on the day. They hold while this work is open and this very visit is the one agreed on."""
    facts = {"task": task.id, "task_kind": task.kind, "visit": as_json(visit)}
    morning = datetime.combine(visit.start.astimezone(CHINA).date(), VISIT_NOTICE, CHINA)
    soon = _staff(order, "appointment_soon", str(task.holder), **facts)
    told = [soon.model_copy(update={"not_before": visit.start - APPOINTMENT_NOTICE})]
    told += [
        notice.model_copy(update={"not_before": min(morning, visit.start)})
        for notice in _reporter(order, "visit_today", **facts)
    ]
    return [
        notice.model_copy(update={"while_task": task.id})
        for notice in told
        if notice.not_before is not None and notice.not_before > now
    ]


def _visit_agreed(order: OrderState, event: Event) -> list[Notice]:
    work = order.task_of("carry_out")
    if work is None or work.holder is None or order.proposed is None:
        return []
    visit = as_json(order.proposed)
    told = [_staff(order, "visit_agreed", work.holder, visit=visit)]
    return told + _visit_reminders(order, work, order.proposed, event.at)


def _visit_refused(order: OrderState, event: Event) -> list[Notice]:
    return [_staff(order, "visit_refused", order.assignee, visit=event.facts["appointment"])] if order.assignee else []


def _quote_made(order: OrderState) -> list[Notice]:
    """Whoever is not asked still learns what it may cost: the reporter, and always the owner."""
    quote = order.quote
    if quote is None:
        return []
    facts = {"total": quote.total}
    told = [person for person in _who_may_pay(order) if person != quote.asked]
    return [Notice(kind="quote_made", to="resident", to_id=person, facts=facts) for person in told]


def _who_may_pay(order: OrderState) -> list[str]:
    reporter = order.reporter.id if order.reporter.kind == "resident" else None
    owner = order.quote.owner if order.quote is not None else None
    return [person for person in dict.fromkeys((reporter, owner)) if person is not None]


def _quote_answered(order: OrderState, event: Event) -> list[Notice]:
    if order.quote is None:
        return []
    facts = {"total": order.quote.total, "outcome": event.kind}
    told = [_staff(order, "quote_answered", order.assignee, **facts)] if order.assignee else []
    others = [person for person in _who_may_pay(order) if person != event.by]
    return told + [Notice(kind="quote_answered", to="resident", to_id=person, facts=facts) for person in others]


def _unanswered(order: OrderState, event: Event) -> list[Notice]:
    kind = event.facts.get("task_kind")
    if kind == "approve_quote":
        return _quote_answered(order, event)
    if kind == "agree_appointment" and order.assignee:
        return [_staff(order, "visit_unanswered", order.assignee)]
    return [_role(order, "unsettled", Role.FINANCE)] if kind == "settle" else []


def _paid(order: OrderState, event: Event) -> list[Notice]:
    facts = {"amount": event.facts["amount"]}
    return [Notice(kind="paid", to="resident", to_id=person, facts=facts) for person in _who_may_pay(order)]


def _not_fixed(order: OrderState, event: Event) -> list[Notice]:
    """Told before the order is counted as reopened: the first time the technician goes again, then the lead decides."""
    told = [_staff(order, "not_fixed", order.assignee)] if order.assignee else []
    return told + ([_role(order, "not_fixed", Role.LEAD)] if order.reopened else [])


def _urged(order: OrderState, event: Event) -> list[Notice]:
    told = _whoever_works(order, "urged", count=order.urges.count)
    if order.urges.here == URGES_BEFORE_LEAD:
        told.append(_overseer(order, "urged_often", Role.LEAD, count=order.urges.count))
    return told


def _commented(order: OrderState, event: Event) -> list[Notice]:
    if event.by_kind == "resident":
        return _whoever_works(order, "reporter_replied")
    return _reporter(order, "replied") if event.audience == "reporter" else []


def _warned(order: OrderState, event: Event) -> list[Notice]:
    return _whoever_works(order, "warned", clock=event.facts["clock"])


def _breached(order: OrderState, event: Event) -> list[Notice]:
    return [_overseer(order, "breached", ROLE_OF_RUNG[event.facts["rung"]], clock=event.facts["clock"])]


def _progress_told(order: OrderState, event: Event) -> list[Notice]:
    return _reporter(order, "progress_told")


def _call_went_badly(order: OrderState, event: Event) -> list[Notice]:
    return [_overseer(order, "call_went_badly", Role.LEAD if order.kind == "repair" else Role.MANAGER)]


def _milestone(order: OrderState, event: Event) -> list[Notice]:
    said = next((day for day in order.lifecycle.milestones if day.kind == event.kind), None)
    if said is None:
        return []
    roles = (*said.tells, *((order.one_rung_up(said.moves_to),) if said.moves_to else ()))
    return [_role(order, event.kind, role, days=event.facts["days"]) for role in dict.fromkeys(roles)]


def _taken_away(order: OrderState, event: Event) -> list[Notice]:
    former = event.facts.get("from")
    return [_staff(order, "taken_away", former)] if former else []


def _handed_over(order: OrderState, event: Event) -> list[Notice]:
    """Work opens a new task for the deputy, who hears of that one; any other task changes hands as it is."""
    task = order.tasks[event.facts["task"]]
    if order.lifecycle.tasks[task.kind].is_work or "staff" not in event.facts:
        return []
    facts = {"task": task.id, "task_kind": task.kind}
    return [_staff(order, "new_task", event.facts["staff"], **facts).model_copy(update={"while_task": task.id})]


def _nobody_dispatches(order: OrderState, event: Event) -> list[Notice]:
    """An emergency without a dispatcher on duty (`lifecycles.md`, "Quiet hours"); technicians hear of their task."""
    return [_role(order, "straight_to_pool", role) for role in (Role.LEAD, Role.GUARD)]


def _cancelled(order: OrderState, event: Event) -> list[Notice]:
    told = [_staff(order, "order_cancelled", order.assignee)] if order.assignee not in (None, event.by) else []
    return told if event.by_kind == "resident" else told + _reporter(order, "cancelled")


def _merged(order: OrderState, event: Event) -> list[Notice]:
    """Whoever was on their way need not go."""
    holders = {task.holder for task in order.tasks.values() if not order.lifecycle.tasks[task.kind].of_reporter}
    away = [_staff(order, "merged_away", holder) for holder in sorted(filter(None, holders)) if holder != event.by]
    return away + _reporter(order, "merged")


def _on_its_own(order: OrderState, event: Event) -> list[Notice]:
    return _reporter(order, event.kind)


def _amended(order: OrderState, event: Event) -> list[Notice]:
    """Whoever works may be on the way to the wrong door; the reporter hears that others come first, and why."""
    told = [
        notice
        for notice in _whoever_works(order, "amended")
        if notice.to_id != event.by and (notice.to == "staff" or order.priority == "emergency")
    ]
    before, after = event.facts.get("priority", (None, None))
    lowered = after is not None and PRIORITIES.index(after) > PRIORITIES.index(before)
    return told + (_reporter(order, "lowered") if lowered else [])


def _rated(order: OrderState, event: Event) -> list[Notice]:
    low = order.rating is not None and order.rating.lowest <= LOW_STARS
    return [_role(order, "low_rating", Role.LEAD)] if low else []


def _objected(order: OrderState, event: Event) -> list[Notice]:
    """To a cancellation: a lead decides. A complaint's own objection waits in the box of whoever decides it."""
    return [_role(order, "objected", Role.LEAD)] if order.objection is not None else []


def _told_of_review(order: OrderState, event: Event) -> list[Notice]:
    return _reporter(order, event.kind)


def _rating_answered(order: OrderState, event: Event) -> list[Notice]:
    return _reporter(order, "rating_answered")


def _resumed(order: OrderState, event: Event) -> list[Notice]:
    return _reporter(order, "resumed") + [
        _staff(order, "resumed", task.holder)
        for task in order.tasks.values()
        if order.lifecycle.tasks[task.kind].may_be_held and task.holder
    ]
