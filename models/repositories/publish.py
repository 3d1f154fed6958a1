"""Carrying one step of an order to Postgres: row, timeline, tasks, notices and handled requests, all or nothing.

A batch applies iff the row is older than it. Rows above its `prev_version` come from a step that was committed and then
forgotten by Temporal (`architecture.md` §1.5); they go to `forgotten_steps` before the new ones come.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, insert, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from models.domain.order import Event
from models.domain.step import Batch, Published
from models.repositories.rows_of import (
    closed_task_row,
    event_rows,
    notice_outbox_row,
    notice_rows,
    open_task_row,
    order_columns,
)
from models.tables.notices import NoticeRow
from models.tables.orders import TaskRow, TimelineEvent, WorkOrder
from models.tables.plumbing import HandledRequest, OutboxRow

ORDERS: Final = WorkOrder.metadata.tables["work_orders"]

LATE_SEQ: Final = 1000
"""Timeline events from this `seq` on were added by effects, not by a step; no step ever takes them away."""


class OrderRowMissing(Exception):
    """The order has no row, so its words are gone too: an older backup has been restored, and an operator must act."""


_LOCK = text("SELECT version, issued_at FROM work_orders WHERE number = :number FOR UPDATE")


def publish(conn: Connection, batch: Batch) -> Published:
    """Write one step, in the caller's transaction. A batch that was written already, or overtaken, changes nothing.

    Raises:
        OrderRowMissing: the order has no row.
        sqlalchemy.exc.IntegrityError: the step contradicts the database; repeating it cannot help.
    """
    row = conn.execute(_LOCK, {"number": batch.number}).one_or_none()
    if row is None:
        raise OrderRowMissing(batch.number)
    if (row.issued_at, row.version) >= (batch.issued_at, batch.version):
        return Published(ineligible=_ineligible(conn, batch))
    if row.version < batch.prev_version and not batch.whole:
        return Published(behind=True)
    if row.version > batch.prev_version:
        _forget_above(conn, batch)
    _write_order(conn, batch)
    _write_tasks(conn, batch)
    _write_timeline(conn, batch)
    _write_notices(conn, batch)
    _write_handled(conn, batch)
    return Published(ineligible=_ineligible(conn, batch))


def mark_failing(conn: Connection, number: str, error: str) -> None:
    """Show the operator that this order's steps no longer reach the database."""
    conn.execute(update(ORDERS).where(ORDERS.c.number == number).values(projection_error=error))


def mark_ended(conn: Connection, number: str, now: datetime) -> None:
    """The workflow has returned: from now on Postgres is the truth. The first time it is said counts."""
    conn.execute(_END, {"number": number, "now": now})


_END = text("UPDATE work_orders SET workflow_ended_at = coalesce(workflow_ended_at, :now) WHERE number = :number")


# -- what Temporal has forgotten ---------------------------------------------------------------------------------------

_FORGET: Final = text(
    """
    WITH forgotten_events AS (
        DELETE FROM timeline_events WHERE number = :number AND version > :above AND seq < :late RETURNING *
    ), forgotten_tasks AS (
        DELETE FROM tasks WHERE number = :number AND opened_version > :above RETURNING *
    ), forgotten_notices AS (
        DELETE FROM notices WHERE number = :number AND version > :above AND delivery IN ('pending', 'centre_only')
        RETURNING *
    ), forgotten_outbox AS (
        DELETE FROM outbox WHERE number = :number AND version > :above AND done_at IS NULL
        RETURNING *
    ), forgotten_requests AS (
        DELETE FROM handled_requests WHERE number = :number AND version > :above RETURNING *
    )
    INSERT INTO forgotten_steps (number, version, replaced_by, at, rows)
    SELECT o.number, o.version, :replaced_by, now(), jsonb_build_object(
        'state', o.state,
        'timeline', (SELECT coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.version, e.seq), '[]') FROM forgotten_events e),
        'tasks', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM forgotten_tasks t),
        'notices', (SELECT coalesce(jsonb_agg(to_jsonb(n)), '[]') FROM forgotten_notices n),
        'outbox', (SELECT coalesce(jsonb_agg(to_jsonb(b)), '[]') FROM forgotten_outbox b),
        'handled_requests', (SELECT coalesce(jsonb_agg(to_jsonb(h)), '[]') FROM forgotten_requests h)
    ) FROM work_orders o WHERE o.number = :number
    RETURNING rows -> 'timeline' AS events
    """
).columns(events=JSONB)

_DETACH_PHOTOS = text("UPDATE photos SET number = NULL, used_as = NULL WHERE number = :number AND id = ANY(:photos)")


def _forget_above(conn: Connection, batch: Batch) -> None:
    """A closed task of a forgotten step needs no word here: the sync of tasks opens it again."""
    events = conn.execute(
        _FORGET,
        {
            "number": batch.number,
            "above": batch.prev_version,
            "late": LATE_SEQ,
            "replaced_by": batch.version,
        },
    ).scalar_one()
    photos = [photo for event in events for photo in _photos_in(event["facts"])]
    if photos:
        conn.execute(_DETACH_PHOTOS, {"number": batch.number, "photos": photos})


# -- the order ---------------------------------------------------------------------------------------------------------


def _write_order(conn: Connection, batch: Batch) -> None:
    state = batch.state
    worked = _work_ended_at(batch)
    columns = order_columns(state) | {
        "version": batch.version,
        "issued_at": batch.issued_at,
        "closed_at": None if state.open else state.entered_at,
        "touched_at": func.now(),
        "projection_error": None,
    }
    if worked is not None:
        columns["finished_at"] = worked
    elif state.stage not in state.lifecycle.after_work:
        columns["finished_at"] = None
    elif state.stage == "closed":
        columns["finished_at"] = func.coalesce(ORDERS.c.finished_at, state.entered_at)
    conn.execute(update(ORDERS).where(ORDERS.c.number == batch.number).values(**columns))


def _work_ended_at(batch: Batch) -> datetime | None:
    """When the work itself was done, if this step says so; closing the order comes later."""
    lifecycle = batch.state.lifecycle
    done = lifecycle.after_work - lifecycle.ends
    if batch.state.stage in done:
        return batch.state.entered_at
    return next((event.at for event in reversed(batch.events) if event.stage in done), None)


# -- tasks -------------------------------------------------------------------------------------------------------------

_tasks = upsert(TaskRow)
_KEEP_TASKS = _tasks.on_conflict_do_update(
    index_elements=["id"],
    set_={
        name: _tasks.excluded[name]
        for name in (
            "holder_id",
            "roles",
            "also_seen_by",
            "due_at",
            "gives_up_at",
            "closed_at",
            "closed_version",
            "outcome",
            "closed_by",
            "form",
        )
    },
)
_CLOSE_TASKS = _tasks.on_conflict_do_update(
    index_elements=["id"],
    set_={
        name: _tasks.excluded[name]
        for name in ("holder_id", "closed_at", "closed_version", "outcome", "closed_by", "form")
    },
)
_WITHDRAW_OTHERS = text(
    "UPDATE tasks SET closed_at = :at, closed_version = :version, outcome = 'withdrawn', closed_by = 'system'"
    " WHERE number = :number AND closed_at IS NULL AND id <> ALL(:open)"
)


def _write_tasks(conn: Connection, batch: Batch) -> None:
    """Afterwards the open rows are exactly the open tasks of the state, whatever the rows said before."""
    state = batch.state
    if state.tasks:
        conn.execute(_KEEP_TASKS, [open_task_row(state, task, batch.version) for task in state.tasks.values()])
    if batch.closed:
        conn.execute(_CLOSE_TASKS, [closed_task_row(state, closed, batch.version) for closed in batch.closed])
    conn.execute(
        _WITHDRAW_OTHERS,
        {"number": batch.number, "at": batch.issued_at, "version": batch.version, "open": list(state.tasks)},
    )


# -- what happened, who is told, what was asked ------------------------------------------------------------------------

USED_AS: Final = {"finished": "after", "commented": "comment", "not_fixed": "not_fixed"}
"""Event → what its photos are for. Photos of a clerk's record for a reporter are `on_behalf`."""

_ATTACH_PHOTOS = text(
    "UPDATE photos SET number = :number, audience = :audience, used_as = :used_as"
    " WHERE id = ANY(:photos) AND (number IS NULL OR number = :number)"
)


def _photos_in(facts: dict[str, Any]) -> list[str]:
    return [*facts.get("photo_ids", ()), *facts.get("on_behalf", {}).get("photo_ids", ())]


def _write_timeline(conn: Connection, batch: Batch) -> None:
    if batch.events:
        conn.execute(insert(TimelineEvent), event_rows(batch.number, batch.version, batch.events))
    for event in batch.events:
        if _photos_in(event.facts):
            _attach_photos(conn, batch.number, event)


def _attach_photos(conn: Connection, number: str, event: Event) -> None:
    """The gateway has checked whose they are; here they become the order's."""
    used_as = "on_behalf" if "on_behalf" in event.facts else USED_AS.get(event.kind, "report")
    conn.execute(
        _ATTACH_PHOTOS,
        {
            "number": number,
            "audience": event.audience.value,
            "used_as": used_as,
            "photos": _photos_in(event.facts),
        },
    )


_WITHDRAW_STALE: Final = text(
    """
    WITH stale AS (
        UPDATE notices SET delivery = 'withdrawn', delivered_at = :at
        WHERE number = :number AND while_task = ANY(:closed) AND delivery = 'pending'
        RETURNING id
    )
    UPDATE outbox SET done_at = :at WHERE number = :number AND done_at IS NULL AND body ->> 'notice' IN (
        SELECT id FROM stale)
    """
)


def _write_notices(conn: Connection, batch: Batch) -> None:
    """What holds only while a task is open goes with it, so that nobody is reminded of what is done."""
    if batch.closed:
        closed = [closed.task.id for closed in batch.closed]
        conn.execute(_WITHDRAW_STALE, {"number": batch.number, "closed": closed, "at": batch.issued_at})
    if batch.notices:
        rows = notice_rows(batch.number, batch.version, batch.issued_at, batch.notices)
        conn.execute(insert(NoticeRow), rows)
        waiting = [notice_outbox_row(row, batch.issued_at) for row in rows if row["delivery"] == "pending"]
        if waiting:
            conn.execute(insert(OutboxRow), waiting)


_KEEP_REQUESTS = upsert(HandledRequest).on_conflict_do_nothing()


def _write_handled(conn: Connection, batch: Batch) -> None:
    if batch.handled:
        conn.execute(
            _KEEP_REQUESTS,
            [
                {
                    "update_id": handled.update_id,
                    "digest": handled.digest,
                    "number": batch.number,
                    "version": batch.version,
                    "at": batch.issued_at,
                    "answer": None,
                }
                for handled in batch.handled
            ],
        )


# -- people ------------------------------------------------------------------------------------------------------------

_STAFF = text("SELECT id, active, roles FROM staff WHERE id = ANY(:ids) ORDER BY id FOR SHARE")


def _ineligible(conn: Connection, batch: Batch) -> list[str]:
    """Holders who have left, or have lost every role that the task asks for, since the step was made.

    FOR SHARE makes somebody's leaving wait for this step, or this step see it. Residents have no row in `staff`.
    """
    tasks = [task for task in batch.state.tasks.values() if task.holder is not None]
    ids = {person for person in (batch.state.assignee, *(task.holder for task in tasks)) if person is not None}
    if not ids:
        return []
    staff = {row.id: row for row in conn.execute(_STAFF, {"ids": sorted(ids)})}
    gone = {person.id for person in staff.values() if not person.active}
    for task in tasks:
        person = staff.get(task.holder or "")
        if person is not None and task.roles and not set(person.roles) & {role.value for role in task.roles}:
            gone.add(person.id)
    return sorted(gone)
