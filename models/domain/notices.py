"""Who is told what, when something happens to an order. Decided here, written with the stage change, delivered later.

What every lifecycle tells stands here; what one of them tells beside it stands in its map (`told_of`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from models.domain.people import Role
from models.domain.recipients import (
    Notice,
    as_the_map_says,
    to_overseer,
    to_reporter,
    to_role,
    to_staff,
    to_whoever_works,
)
from models.domain.task_notices import asked_again, task_handed_over, task_opened, visit_reminders

if TYPE_CHECKING:
    from models.domain.order import Event, OrderState

URGES_BEFORE_LEAD: Final = 3
"""The third urge in one stage tells the lead (`lifecycles.md`, "Urge")."""

PRIORITIES: Final = ("emergency", "high", "normal")
"""The most urgent first."""


def notices_for(order: OrderState, event: Event, entered: bool = False) -> list[Notice]:
    """What an event means for others. `entered`: the event moved the order into `event.stage`."""
    if entered:
        return _on_entering(order, event)
    told = to_reporter(order, "recorded", outcome=event.kind) if "on_behalf" in event.facts else []
    told += _milestone(order, event)
    everywhere = _EVERYWHERE.get(event.kind)
    told += everywhere(order, event) if everywhere else []
    return told + as_the_map_says(order, event, order.lifecycle.told_of.get(event.kind, ()))


def _on_entering(order: OrderState, event: Event) -> list[Notice]:
    stage = event.stage or ""
    told = as_the_map_says(order, event, order.lifecycle.also_told_on_entering.get(stage, ()))
    kind = order.lifecycle.told_of_entering(stage, order.reopened)
    if kind is None or (kind == "held" and (order.hold is None or order.hold.rebooking)):
        return told
    return told + to_reporter(order, kind, stage=stage, **_known_by_now(order, kind))


def _known_by_now(order: OrderState, kind: str) -> dict[str, Any]:
    """What the sentence says of this moment, whenever it is read."""
    if kind == "held" and order.hold is not None:
        return {"because": order.hold.reason}
    return {"rated": True} if kind == "closed" and order.rating is not None else {}


def _visit_agreed(order: OrderState, event: Event) -> list[Notice]:
    work = order.task_of(order.lifecycle.work_task)
    if work is None or work.holder is None or order.proposed is None:
        return []
    return visit_reminders(order, work, order.proposed, event.at)


def _unanswered(order: OrderState, event: Event) -> list[Notice]:
    spec = order.lifecycle.tasks.get(event.facts.get("task_kind", ""))
    return as_the_map_says(order, event, spec.unanswered) if spec else []


def _urged(order: OrderState, event: Event) -> list[Notice]:
    told = to_whoever_works(order, "urged", count=order.urges.count)
    if order.urges.here == URGES_BEFORE_LEAD:
        told.append(to_overseer(order, "urged_often", Role.LEAD, count=order.urges.count))
    return told


def _joined(order: OrderState, event: Event) -> list[Notice]:
    """Whoever joins hears what the others were told when this stage began."""
    kind = order.lifecycle.told_of_entering(order.stage, order.reopened)
    told = to_reporter(order, kind, stage=order.stage) if kind else []
    return [notice for notice in told if notice.to_id == order.waiting_residents[-1]]


def _commented(order: OrderState, event: Event) -> list[Notice]:
    if event.by_kind == "resident":
        return to_whoever_works(order, "reporter_replied")
    return to_reporter(order, "replied") if event.audience == "reporter" else []


def _warned(order: OrderState, event: Event) -> list[Notice]:
    return to_whoever_works(order, "warned", clock=event.facts["clock"])


def _breached(order: OrderState, event: Event) -> list[Notice]:
    return [to_overseer(order, "breached", Role(event.facts["rung"]), clock=event.facts["clock"])]


def _milestone(order: OrderState, event: Event) -> list[Notice]:
    said = next((day for day in order.lifecycle.milestones if day.kind == event.kind), None)
    if said is None:
        return []
    roles = (*said.tells, *((order.one_rung_up(said.moves_to),) if said.moves_to else ()))
    told = [to_role(order, event.kind, role, days=event.facts["days"]) for role in dict.fromkeys(roles)]
    return told + asked_again(order, event)


def _taken_away(order: OrderState, event: Event) -> list[Notice]:
    former = event.facts.get("from")
    return [to_staff(order, "taken_away", former)] if former else []


def _nobody_dispatches(order: OrderState, event: Event) -> list[Notice]:
    """An emergency without a dispatcher on duty (`lifecycles.md`, "Quiet hours"); technicians hear of their task."""
    return [to_role(order, "straight_to_pool", role) for role in (Role.LEAD, Role.GUARD)]


def _cancelled(order: OrderState, event: Event) -> list[Notice]:
    told = [to_staff(order, "order_cancelled", order.assignee)] if order.assignee not in (None, event.by) else []
    return told if event.by_kind == "resident" else told + to_reporter(order, "cancelled")


def _merged(order: OrderState, event: Event) -> list[Notice]:
    """Whoever was on their way need not go."""
    holders = {task.holder for task in order.tasks.values() if not order.lifecycle.tasks[task.kind].of_reporter}
    away = [to_staff(order, "merged_away", holder) for holder in sorted(filter(None, holders)) if holder != event.by]
    return away + to_reporter(order, "merged")


def _on_its_own(order: OrderState, event: Event) -> list[Notice]:
    return to_reporter(order, event.kind)


def _amended(order: OrderState, event: Event) -> list[Notice]:
    """Whoever works may be on the way to the wrong door; the reporter hears that others come first, and why."""
    told = [
        notice
        for notice in to_whoever_works(order, "amended")
        if notice.to_id != event.by and (notice.to == "staff" or order.priority == "emergency")
    ]
    before, after = event.facts.get("priority", (None, None))
    lowered = after is not None and PRIORITIES.index(after) > PRIORITIES.index(before)
    return told + (to_reporter(order, "lowered") if lowered else [])


def _resumed(order: OrderState, event: Event) -> list[Notice]:
    return to_reporter(order, "resumed") + [
        to_staff(order, "resumed", task.holder)
        for task in order.tasks.values()
        if order.lifecycle.tasks[task.kind].may_be_held and task.holder
    ]


_EVERYWHERE: Final = {
    "task": task_opened,
    "urged": _urged,
    "joined": _joined,
    "commented": _commented,
    "warned": _warned,
    "breached": _breached,
    "reassigned": _taken_away,
    "handed_over": task_handed_over,
    "pooled_by_itself": _nobody_dispatches,
    "cancelled": _cancelled,
    "called_off": _cancelled,
    "merged": _merged,
    "unmerged": _on_its_own,
    "freed": _on_its_own,
    "amended": _amended,
    "resumed": _resumed,
    "woke_up": _resumed,
    "agreed": _visit_agreed,
    "expired": _unanswered,
}
