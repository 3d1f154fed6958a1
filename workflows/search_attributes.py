"""What operators search by in the Temporal UI. Stored in the clear, so: kinds, stages and opaque ids only."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes

with workflow.unsafe.imports_passed_through():
    from models.domain.order import OrderState

KIND: Final = SearchAttributeKey.for_keyword("WyKind")
STAGE: Final = SearchAttributeKey.for_keyword("WyStage")
COMMUNITY: Final = SearchAttributeKey.for_keyword("WyCommunity")
ASSIGNEE: Final = SearchAttributeKey.for_keyword("WyAssignee")
DUE_AT: Final = SearchAttributeKey.for_datetime("WyDueAt")
PRIORITY: Final = SearchAttributeKey.for_keyword("WyPriority")

ALL: Final = (KIND, STAGE, COMMUNITY, ASSIGNEE, DUE_AT, PRIORITY)


def at_start(order: OrderState) -> TypedSearchAttributes:
    pairs = [
        SearchAttributePair(KIND, order.kind),
        SearchAttributePair(STAGE, order.stage),
        SearchAttributePair(COMMUNITY, order.community_id),
        SearchAttributePair(PRIORITY, str(order.priority)),
    ]
    due = _due_at(order)
    return TypedSearchAttributes([*pairs, SearchAttributePair(DUE_AT, due)] if due else pairs)


Shown = tuple[str, str | None, datetime | None, str]


def shown(order: OrderState) -> Shown:
    """What changes over an order's life."""
    return order.stage, order.assignee, _due_at(order), str(order.priority)


def updates(before: Shown, after: Shown) -> list[SearchAttributeUpdate[Any]]:
    """Only what differs, so that a step that changes nothing adds no event."""
    keys: tuple[SearchAttributeKey[Any], ...] = (STAGE, ASSIGNEE, DUE_AT, PRIORITY)
    return [
        key.value_unset() if new is None else key.value_set(new)
        for key, old, new in zip(keys, before, after, strict=True)
        if old != new
    ]


def _due_at(order: OrderState) -> datetime | None:
    clock = order.running_clock
    return clock.due_at if clock else None
