"""Whether those to whom a step gives work may have it, decided where two steps at once cannot both say yes.

The gateway has refused what it could see. What remains are races: an absence recorded, or another order assigned,
between that look and this publish.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from models.domain.assignment import Why, bars
from models.domain.order import OrderState, Priority
from models.domain.step import Batch
from models.repositories import policies, staffing

RETURNS_WORK: Final = "not_fixed"
"""The event that sends work back to whoever did it: a failed repair is not refused for want of room."""

RACED: Final = (Why.ABSENT, Why.AT_CAP)
"""What can change between the gateway's look and the publish; leaving and roles are seen by every publish."""


def barred(conn: Connection, batch: Batch, held_before: Sequence[str]) -> dict[str, str]:
    """Staff who get the order's work by this step and may not have it, each with the reason.

    Locks them until the transaction ends. A whole state published anew gives nobody anything.
    """
    given = _given(batch, held_before)
    if not given:
        return {}
    staffing.lock(conn, given)
    state = batch.state
    cap = policies.policy_of(conn, state.community_id).open_orders_at_most
    found = {}
    for person in staffing.these(conn, given, staffing.facts_about(state, cap)):
        said = bars(person, emergency=state.priority is Priority.EMERGENCY or _returned(batch))
        why = next((reason for reason in said if reason in RACED), None)
        if why is not None:
            found[person.id] = why.value
    return found


def working(order: OrderState) -> list[str]:
    """Who holds work on it, each once."""
    tasks = order.lifecycle.tasks
    return sorted({task.holder for task in order.tasks.values() if task.holder and tasks[task.kind].is_work})


def _given(batch: Batch, held_before: Sequence[str]) -> list[str]:
    return [] if batch.whole else sorted(set(working(batch.state)) - set(held_before))


def _returned(batch: Batch) -> bool:
    return any(event.kind == RETURNS_WORK for event in batch.events)
