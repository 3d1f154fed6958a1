"""How an order's workflow is started, the same for the relay and for a command that comes before it."""

from __future__ import annotations

from typing import Any, Final

from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from models.domain import words
from models.domain.order import OrderState
from models.domain.order import Priority as Urgency
from workflows import names, search_attributes

URGENT: Final = 1
USUAL: Final = 3
"""Temporal's own default; only matters when a backlog waits for the workers."""


def arguments(order: OrderState, summary: str) -> dict[str, Any]:
    """Keyword arguments of the start: whoever comes first starts the order, the other finds it running.

    `summary` is what the Temporal UI shows, from :func:`summary`.
    """
    return {
        "id": order.number,
        "task_queue": names.ORDERS,
        "id_conflict_policy": WorkflowIDConflictPolicy.USE_EXISTING,
        "id_reuse_policy": WorkflowIDReusePolicy.REJECT_DUPLICATE,
        "search_attributes": search_attributes.at_start(order),
        "static_summary": summary,
        "priority": Priority(
            priority_key=URGENT if order.priority is Urgency.EMERGENCY else USUAL, fairness_key=order.community_id
        ),
    }


def summary(order: OrderState, category: str, building: str | None) -> str:
    """One line for the Temporal UI: category and building by their Chinese names, priority. No room, no people."""
    where = building or (words.SPOTS[order.place.spot] if order.place.spot else "")
    return " · ".join(
        part for part in (words.category(order.kind, category), where, words.PRIORITIES[order.priority]) if part
    )
