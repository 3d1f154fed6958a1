"""One notice, and how it is addressed: to residents, to one of the staff, to a role.

A notice names people and places by id; `words` and names are put in at the moment of delivery, from Postgres.
Complaint texts, phones and descriptions never enter a notice.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from models.domain.duty import BREACH
from models.domain.people import Role
from models.domain.texts import STAFF_BREACH, STAFF_EMERGENCY
from models.domain.told import Told

if TYPE_CHECKING:
    from models.domain.order import Event, OrderState


CALLS_TO_AN_EMERGENCY: Final = frozenset({"new_task", "straight_to_pool", "not_fixed"})
"""Of all that staff are told of an emergency only this sends somebody there, and is worth an SMS."""


class Notice(BaseModel):
    """One message to one person, or to a role of the order's community, whose members are looked up at delivery."""

    model_config = ConfigDict(frozen=True)

    kind: str
    to: Literal["resident", "staff", "role"]
    to_id: str
    """A resident's or staff member's id, or a role's name."""
    template: str | None = None
    """Name of the subscription or service template; None for the message centre alone."""
    sms: str | None = None
    """Name of the SMS by which it goes where WeChat does not take it; None for what is not worth one."""
    facts: dict[str, Any] = {}
    not_before: datetime | None = None
    while_task: str | None = None
    """The notice still holds only while this task is open; checked again when it is delivered."""
    urgent: bool = False


def to_resident(order: OrderState, kind: str, resident: str, **facts: Any) -> Notice:
    lifecycle = order.lifecycle
    sms = lifecycle.must_reach.get(kind)
    if order.priority == "emergency":
        sms = lifecycle.must_reach_in_emergency.get(kind, sms)
    template = lifecycle.templates.get(kind)
    return Notice(kind=kind, to="resident", to_id=resident, template=template, sms=sms, facts=facts)


def to_reporter(order: OrderState, kind: str, **facts: Any) -> list[Notice]:
    """Everybody who waits for it; they read who works for them."""
    if order.assignee is not None:
        facts["staff"] = order.assignee
    return [to_resident(order, kind, resident, **facts) for resident in order.waiting_residents]


def to_staff(order: OrderState, kind: str, staff: str, **facts: Any) -> Notice:
    return _to_whoever_serves(order, kind, "staff", staff, facts)


def to_role(order: OrderState, kind: str, role: Role, **facts: Any) -> Notice:
    return _to_whoever_serves(order, kind, "role", role, facts)


def _to_whoever_serves(
    order: OrderState, kind: str, to: Literal["staff", "role"], to_id: str, facts: dict[str, Any]
) -> Notice:
    urgent = order.priority == "emergency"
    sms = STAFF_BREACH if kind == BREACH else STAFF_EMERGENCY if urgent and kind in CALLS_TO_AN_EMERGENCY else None
    return Notice(kind=kind, to=to, to_id=to_id, template="task", sms=sms, facts=facts, urgent=urgent)


def to_overseer(order: OrderState, kind: str, role: Role, **facts: Any) -> Notice:
    """To the role, or where a complaint is about its holder, to the next above: the others of that role are not asked
    about a colleague, and a lone holder would leave nobody who hears.
    """
    return to_role(order, kind, order.one_rung_up(role), **facts)


def to_whoever_works(order: OrderState, kind: str, **facts: Any) -> list[Notice]:
    """The holders of the open tasks, or the roles in whose pool they lie; never the reporter."""
    told: list[Notice] = []
    for task in order.tasks.values():
        if order.lifecycle.tasks[task.kind].of_reporter:
            continue
        if task.holder is not None:
            told.append(to_staff(order, kind, task.holder, **facts))
        else:
            told += [to_role(order, kind, role, **facts) for role in task.roles]
    return told


def as_the_map_says(order: OrderState, event: Event, told: tuple[Told, ...]) -> list[Notice]:
    return [notice for one in told if one.when(order, event) for notice in _addressed(order, event, one)]


def _addressed(order: OrderState, event: Event, told: Told) -> list[Notice]:
    facts = told.facts(order, event)
    if told.to == "reporter":
        return to_reporter(order, told.kind, **facts)
    if callable(told.to):
        return [to_resident(order, told.kind, resident, **facts) for resident in told.to(order, event)]
    if isinstance(told.to, Role):
        notices = [to_overseer(order, told.kind, told.to, **facts)]
    else:
        notices = [to_staff(order, told.kind, order.assignee, **facts)] if order.assignee else []
    return [notice.model_copy(update={"urgent": False}) for notice in notices] if told.can_wait else notices
