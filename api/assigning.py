"""Who may be given work, asked before a command is sealed: for the dispatcher's list, for a named person, for oneself.

The publish that carries an assignment asks the same questions again, where two at once cannot both be right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api import wording
from api.state import State
from models.domain import words
from models.domain.assignment import Candidate, Why, bars, preference
from models.domain.errors import IllegalTransition, ValidationFailed
from models.domain.order import OrderState, Priority
from models.domain.people import Actor
from models.repositories import staffing

Json = dict[str, Any]

ASSIGNEE: Final = "staff"
"""The field of a form or command that names who gets the work. Other references to staff, such as witnesses, only have
to be somebody who serves the community.
"""

REFUSED: Final[Mapping[Why, str]] = {Why.ABSENT: "assignee_absent", Why.AT_CAP: "assignee_at_cap"}
REFUSED_TO_ONESELF: Final[Mapping[Why, str]] = {Why.ABSENT: "you_are_absent", Why.AT_CAP: "you_are_at_cap"}


async def offered(state: State, order: OrderState) -> list[Json]:
    """Everybody whose roles allow them the work, best first, with what speaks for and against them."""
    emergency = order.priority is Priority.EMERGENCY
    rows = await staffing.of_community(state.direct, await _about(state, order))
    people = [(staffing.candidate(row), row) for row in rows]
    people.sort(key=lambda pair: preference(pair[0], emergency=emergency))
    return [_offer(candidate, row, emergency) for candidate, row in people]


def _offer(candidate: Candidate, row: Mapping[str, Any], emergency: bool) -> Json:
    against = bars(candidate, emergency=emergency)
    return {
        "account": candidate.account,
        "name": row["name"],
        "team": row["team"],
        "open_tasks": candidate.open_orders,
        "cap": candidate.cap,
        "on_duty": candidate.on_duty,
        "skilled": candidate.skilled,
        "absent": candidate.absent,
        "deputy": row["deputy"],
        "assignable": not against,
        "why": _why(candidate),
        "why_not": [words.WHY_NOT[why] for why in against],
    }


def _why(candidate: Candidate) -> list[str]:
    said = [wording.ON_DUTY if candidate.on_duty else wording.OFF_DUTY]
    said += [wording.SKILLED] if candidate.skilled else []
    return [*said, wording.OPEN_TASKS.format(count=candidate.open_orders)]


async def staff_id(state: State, order: OrderState, account: str, name: str, field: str) -> str:
    """The id behind an account that a form names as `name`. Raises ValidationFailed at `field` with the reason."""
    found = await staffing.named(state.direct, [account], await _about(state, order))
    candidate = found.get(account)
    if candidate is None:
        raise ValidationFailed("not_assignable", field=field)
    against = bars(candidate, emergency=order.priority is Priority.EMERGENCY)
    if name != ASSIGNEE:
        against = [why for why in against if why in (Why.LEFT, Why.OUT_OF_SCOPE)]
    if against:
        raise ValidationFailed(REFUSED.get(against[0], "not_assignable"), field=field)
    return candidate.id


async def may_take(state: State, actor: Actor, order: OrderState, task_id: str | None) -> None:
    """Taking work out of the pool is giving it to oneself. Raises IllegalTransition for whoever is away or has enough.

    Whether the task may be taken at all is for the rules to say.
    """
    task = order.tasks.get(task_id or "")
    if actor.kind != "staff" or task is None or task.holder is not None:
        return
    if not order.lifecycle.tasks[task.kind].is_work:
        return
    found = await staffing.these_now(state.direct, [actor.id], await _about(state, order))
    for candidate in found:
        for why in bars(candidate, emergency=order.priority is Priority.EMERGENCY):
            if why in REFUSED_TO_ONESELF:
                raise IllegalTransition(REFUSED_TO_ONESELF[why])


async def _about(state: State, order: OrderState) -> Json:
    policy = await state.catalog.policy(state.direct, order.community_id)
    return staffing.facts_about(order, policy.open_orders_at_most)
