"""How an order's state becomes rows. Intake, publish and the demo write them from here, so that they cannot differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from models.domain.clocks import ClockName
from models.domain.forms import as_json
from models.domain.order import Event, OrderState
from models.domain.recipients import Notice
from models.domain.tasks import Closed, Task

RANK_EMERGENCY: Final = 1
RANK_START: Final = 2
RANK_OTHER: Final = 3
"""How urgent an outbox row is: the relay takes emergencies first, then starts and what joins them, then the rest."""

RANK_OF_NOTICE: Final = f"CASE WHEN urgent THEN {RANK_EMERGENCY} ELSE {RANK_OTHER} END"
"""In a statement, of a row of `notices`."""

RANK_OF_START: Final = f"CASE priority WHEN 'emergency' THEN {RANK_EMERGENCY} ELSE {RANK_START} END"
"""In a statement, of a row of `work_orders`."""

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def task_due(state: OrderState, task: Task) -> datetime | None:
    """When the promise falls due that this task must keep; None while its clock stands still.

    A reporter's task is due when its silence is taken for an answer, and so is one that rings and keeps no promise.
    """
    spec = state.lifecycle.tasks[task.kind]
    if spec.of_reporter:
        return task.gives_up_at
    if spec.due is not None:
        return spec.due(state)
    name = _clock_of(state, task)
    if name is None and spec.rings:
        return task.gives_up_at
    clock = state.clocks.get(name) if name else None
    if clock is not None and clock.stopped_at is not None:
        # The task's own promise has been kept, as after a hand-back; it must still keep those that follow.
        clock = state.running_clock
    return clock.due_at if clock is not None and clock.running else None


def _clock_of(state: OrderState, task: Task) -> ClockName | None:
    stage = state.hold.stage if state.hold else state.stage
    return state.lifecycle.stage_clocks.get((stage, task.kind), state.lifecycle.tasks[task.kind].clock)


def order_columns(state: OrderState) -> dict[str, Any]:
    """The columns of `work_orders` that every publish writes, apart from the times at which work and order ended."""
    clock = state.running_clock
    rating = state.rating
    return {
        "house_id": state.place.house_id,
        "building_id": state.place.building_id,
        "category": state.category,
        "stage": state.stage,
        "open": state.open,
        "priority": state.priority.value,
        "assignee_id": state.assignee,
        "urged": state.urges.count,
        "next_due_at": clock.due_at if clock else None,
        "rating_result": rating.result if rating else None,
        "rating_speed": rating.speed if rating else None,
        "rating_manner": rating.manner if rating else None,
        "rating_text": rating.text if rating else None,
        "primary_number": state.following.primary if state.following else None,
        "incident_id": state.following.incident if state.following else None,
        "excluded": list(state.excluded),
        "version": state.version,
        "issued_at": state.issued_at,
        "state": as_json(state),
    }


def boxes_of(state: OrderState, task: Task) -> list[str]:
    """The roles in whose boxes a task lies."""
    return [] if state.lifecycle.tasks[task.kind].unboxed else [role.value for role in task.roles]


def open_task_row(state: OrderState, task: Task, version: int) -> dict[str, Any]:
    """`version` is the step's: kept as `opened_version` only by a task that has no row yet."""
    return {
        "id": task.id,
        "number": state.number,
        "community_id": state.community_id,
        "order_kind": state.kind,
        "kind": task.kind,
        "holder_id": task.holder,
        "roles": boxes_of(state, task),
        "also_seen_by": [role.value for role in task.also_seen_by],
        "rank": state.rank,
        "opened_at": task.opened_at,
        "opened_version": version,
        "due_at": task_due(state, task),
        "gives_up_at": task.gives_up_at,
        "closed_at": None,
        "closed_version": None,
        "outcome": None,
        "closed_by": None,
        "form": {},
    }


def closed_task_row(state: OrderState, closed: Closed, version: int) -> dict[str, Any]:
    """`due_at` is left to what the row already says: it shows later whether the promise was kept."""
    return open_task_row(state, closed.task, version) | {
        "due_at": None,
        "closed_at": closed.at,
        "closed_version": version,
        "outcome": closed.outcome,
        "closed_by": closed.by,
        "form": closed.form,
    }


def event_rows(number: str, version: int, events: Iterable[Event]) -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "version": version,
            "seq": seq,
            "kind": event.kind,
            "at": event.at,
            "by_id": event.by,
            "by_kind": event.by_kind,
            "audience": event.audience.value,
            "stage": event.stage,
            "facts": event.facts,
        }
        for seq, event in enumerate(events)
    ]


def notice_rows(number: str, version: int, issued_at: datetime, notices: Sequence[Notice]) -> list[dict[str, Any]]:
    """The ids hold the step's time, so that a step that replaces a forgotten one cannot meet the ids of its notices."""
    if not notices:
        return []
    stamp = base36(int(issued_at.timestamp() * 1000))
    return [
        {
            "id": f"{number}-n{version}-{index}-{stamp}",
            "number": number,
            "version": version,
            "kind": notice.kind,
            "to_kind": notice.to,
            "to_id": notice.to_id,
            "template": notice.template,
            "sms": notice.sms,
            "facts": notice.facts,
            "while_task": notice.while_task,
            "urgent": notice.urgent,
            "created_at": issued_at,
            "not_before": notice.not_before,
            **_delivery(notice, issued_at),
        }
        for index, notice in enumerate(notices)
    ]


def _delivery(notice: Notice, issued_at: datetime) -> dict[str, Any]:
    """What is for one person's message centre alone, and at once, has arrived by being written."""
    if notice.template is None and notice.sms is None and notice.not_before is None and notice.to != "role":
        return {"delivery": "centre_only", "channel": "centre", "delivered_at": issued_at}
    return {"delivery": "pending", "channel": None, "delivered_at": None}


def notice_outbox_row(notice: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The wish to deliver a notice. A second wish for the same notice has an id of its own."""
    return {
        "id": notice["id"],
        "action": "notice",
        "number": notice["number"],
        "version": notice["version"],
        "rank": RANK_EMERGENCY if notice["urgent"] else RANK_OTHER,
        "body": {"notice": notice["id"]},
        "created_at": now,
        "not_before": notice["not_before"] or now,
    }


def base36(value: int) -> str:
    """A whole number ≥ 0 in as few lower-case characters as an id may hold."""
    digits = ""
    while True:
        value, rest = divmod(value, 36)
        digits = _DIGITS[rest] + digits
        if value == 0:
            return digits
