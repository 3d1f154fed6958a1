"""Carrying one step of an order to Postgres: row, timeline, tasks, notices and handled requests, all or nothing.

A batch applies iff the row is older than it. Rows above its `prev_version` come from a step that was committed and then
forgotten by Temporal (`architecture.md` §1.5); they go to `forgotten_steps` before the new ones come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, RowMapping, text
from sqlalchemy.dialects.postgresql import JSONB

from models.domain.assignment import Why
from models.domain.order import Event
from models.domain.step import Batch, Published
from models.repositories import accompanying, awaited, contacts, entitled, relabelling, visitors
from models.repositories.direct import Direct, numbered
from models.repositories.prepared import Prepared
from models.repositories.rows_of import (
    closed_task_row,
    event_rows,
    notice_outbox_row,
    notice_rows,
    open_task_row,
    order_columns,
)

LATE_SEQ: Final = 1000
"""Timeline events from this `seq` on were added by effects, not by a step; no step ever takes them away."""


class OrderRowMissing(Exception):
    """The order has no row, so its words are gone too: an older backup has been restored, and an operator must act."""


HELD_BEFORE: Final = """ARRAY(SELECT t.holder_id FROM tasks t
    WHERE t.number = :number AND t.holder_id IS NOT NULL AND t.opened_version < :version
      AND (t.closed_at IS NULL OR t.closed_version >= :version))"""

_LOCK: Final = Prepared(
    "publish_lock",
    f"""
    SELECT version, issued_at, accompanied, {HELD_BEFORE} AS holders
    FROM work_orders WHERE number = :number FOR NO KEY UPDATE
    """,  # noqa: S608 - only constants are put in
)
"""Keeps other steps and decisions about the order out, but not rows that refer to it: a primary and its followers
write notices about each other, and each would wait for the other's lock. Answers also who held its tasks before this
step, for :mod:`models.repositories.entitled`.
"""


def publish(conn: Connection, batch: Batch) -> Published:
    """Write one step, in the caller's transaction. A batch that was written already, or overtaken, changes nothing.

    Raises:
        OrderRowMissing: the order has no row.
        sqlalchemy.exc.IntegrityError: the step contradicts the database; repeating it cannot help.
    """
    row = _LOCK.run(conn, {"number": batch.number, "version": batch.version}).one_or_none()
    if row is None:
        raise OrderRowMissing(batch.number)
    written = (row.issued_at, row.version) >= (batch.issued_at, batch.version)
    if row.version < batch.prev_version and not batch.whole and not written:
        return Published(behind=True)
    barred = entitled.barred(conn, batch, row.holders)
    if written:
        return _answer(batch, conn.execute(_STAFF, {"staff": _named_staff(batch)}).mappings().all(), barred)
    if row.version > batch.prev_version:
        _forget_above(conn, batch)
    staff = _write(conn, batch)
    if row.accompanied:
        accompanying.tell_others(conn, batch)
    if any(event.stage for event in batch.events):
        awaited.wake(conn, batch.state)
    if _goes_beyond(batch):
        _write_beyond(conn, batch)
    return _answer(batch, staff, barred)


async def publish_at_once(db: Direct, batch: Batch) -> Published | None:
    """The same in one statement, for the usual step: nothing was forgotten, nobody gets work that they did not have,
    and no other order hears of it. None for any other step, and for one that is written already; nothing is written
    then.

    Raises as :meth:`Direct.rows`.
    """
    if _goes_beyond(batch):
        return None
    usual = {"at_once": True, "working": entitled.working(batch.state), "wakes": awaited.may_be_awaited(batch.state)}
    rows = await db.rows(_WRITE_AT_ONCE, _values(batch) | usual)
    return _answer(batch, rows, {}) if rows else None


def _goes_beyond(batch: Batch) -> bool:
    """Whether the step writes more than :data:`_WRITE` does. What `_write_beyond` learns must be known here."""
    state = batch.state
    return (
        batch.whole
        or state.following is not None
        or state.visit is not None
        or (state.move_car is not None and state.stage in state.lifecycle.called_off)
        or any(event.kind in ("amended", "left") or bool(_photos_in(event.facts)) for event in batch.events)
    )


def _write_beyond(conn: Connection, batch: Batch) -> None:
    state = batch.state
    if state.move_car is not None and state.stage in state.lifecycle.called_off:
        accompanying.tell_left_behind(conn, batch)
    if state.visit is not None:
        visitors.note(conn, batch)
    if state.following is not None:
        accompanying.pass_on(conn, batch)
    if batch.whole or any(event.kind == "amended" and "place" in event.facts for event in batch.events):
        relabelling.name_place(conn, batch.number, state.place)
    if any(event.kind == "amended" and "contact" in event.facts for event in batch.events):
        contacts.take(conn, batch.number, batch.handled)
    for event in batch.events:
        if _photos_in(event.facts):
            _attach_photos(conn, batch.number, event)
        if event.kind == "left" and batch.state.move_car is not None:
            conn.execute(_LEFT, {"number": batch.number, "resident": event.by, "at": event.at})


_LEFT: Final = text(
    "UPDATE move_car_people SET left_at = :at WHERE number = :number AND resident_id = :resident AND left_at IS NULL"
)
"""One of several who waited for a car has given up; the others have not."""


def mark_failing(conn: Connection, number: str, error: str) -> None:
    """Show the operator that this order's steps no longer reach the database."""
    conn.execute(_FAILING, {"number": number, "error": error})


_FAILING = text("UPDATE work_orders SET projection_error = :error WHERE number = :number")


def mark_ended(conn: Connection, number: str, now: datetime) -> None:
    """The workflow has returned: from now on Postgres is the truth. The first time it is said counts."""
    conn.execute(text(_END), {"number": number, "now": now})


async def mark_ended_at_once(db: Direct, number: str, now: datetime) -> None:
    """The same, without a thread."""
    await db.rows(numbered(_END), {"number": number, "now": now})


_END: Final = "UPDATE work_orders SET workflow_ended_at = coalesce(workflow_ended_at, :now) WHERE number = :number"


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


# -- the step ----------------------------------------------------------------------------------------------------------

_WRITE: Final = f"""
    WITH written AS (
        UPDATE work_orders SET
            house_id = said.house_id, building_id = said.building_id, category = said.category,
            stage = said.stage, open = said.open, priority = said.priority, assignee_id = said.assignee_id,
            urged = said.urged, next_due_at = said.next_due_at, closed_at = said.closed_at,
            finished_at = CASE WHEN :keeps_finish THEN coalesce(work_orders.finished_at, said.finished_at)
                ELSE said.finished_at END,
            rating_result = said.rating_result, rating_speed = said.rating_speed, rating_manner = said.rating_manner,
            rating_text = said.rating_text, primary_number = said.primary_number, incident_id = said.incident_id,
            version = said.version, issued_at = said.issued_at, state = said.state,
            touched_at = now(), projection_error = NULL
        FROM jsonb_populate_record(CAST(NULL AS work_orders), CAST(:order AS jsonb)) AS said
        WHERE work_orders.number = :number AND (NOT CAST(:at_once AS boolean) OR (
            work_orders.version = :prev_version AND work_orders.issued_at <= :at AND NOT work_orders.accompanied
            AND (CAST(:working AS varchar[]) = '{{}}' OR CAST(:working AS varchar[]) <@ {HELD_BEFORE})
            AND NOT (:wakes AND EXISTS (SELECT FROM order_links l WHERE l.number = :number OR l.other = :number))))
        RETURNING work_orders.number
    ), kept_tasks AS (
        INSERT INTO tasks (id, number, community_id, order_kind, kind, holder_id, roles, also_seen_by, rank, opened_at,
            opened_version, due_at, gives_up_at, closed_at, closed_version, outcome, closed_by, form)
        SELECT id, number, community_id, order_kind, kind, holder_id, roles, also_seen_by, rank, opened_at,
            opened_version, due_at, gives_up_at, closed_at, closed_version, outcome, closed_by, form
        FROM jsonb_populate_recordset(CAST(NULL AS tasks), CAST(:tasks AS jsonb))
        WHERE EXISTS (TABLE written)
        ON CONFLICT (id) DO UPDATE SET
            holder_id = excluded.holder_id, roles = excluded.roles, also_seen_by = excluded.also_seen_by,
            rank = excluded.rank,
            due_at = CASE WHEN excluded.closed_at IS NULL THEN excluded.due_at ELSE tasks.due_at END,
            gives_up_at = excluded.gives_up_at, closed_at = excluded.closed_at,
            closed_version = excluded.closed_version, outcome = excluded.outcome, closed_by = excluded.closed_by,
            form = excluded.form
    ), withdrawn_tasks AS (
        UPDATE tasks SET closed_at = :at, closed_version = :version, outcome = 'withdrawn', closed_by = 'system'
        WHERE number = :number AND closed_at IS NULL AND id <> ALL(:named) AND EXISTS (TABLE written)
    ), new_events AS (
        INSERT INTO timeline_events (number, version, seq, kind, at, by_id, by_kind, audience, stage, facts)
        SELECT number, version, seq, kind, at, by_id, by_kind, audience, stage, facts
        FROM jsonb_populate_recordset(CAST(NULL AS timeline_events), CAST(:events AS jsonb))
        WHERE EXISTS (TABLE written)
    ), stale_notices AS (
        UPDATE notices SET delivery = 'withdrawn', delivered_at = :at
        WHERE number = :number AND while_task = ANY(:closed) AND delivery = 'pending' AND EXISTS (TABLE written)
        RETURNING id
    ), stale_wishes AS (
        UPDATE outbox SET done_at = :at
        WHERE number = :number AND done_at IS NULL AND EXISTS (TABLE stale_notices)
            AND body ->> 'notice' IN (SELECT id FROM stale_notices)
    ), new_notices AS (
        INSERT INTO notices (id, number, version, kind, to_kind, to_id, template, sms, facts, while_task, urgent,
            created_at, not_before, delivery, channel, delivered_at)
        SELECT id, number, version, kind, to_kind, to_id, template, sms, facts, while_task, urgent,
            created_at, not_before, delivery, channel, delivered_at
        FROM jsonb_populate_recordset(CAST(NULL AS notices), CAST(:notices AS jsonb))
        WHERE EXISTS (TABLE written)
    ), new_wishes AS (
        INSERT INTO outbox (id, action, number, version, rank, body, created_at, not_before, attempts)
        SELECT id, action, number, version, rank, body, created_at, not_before, 0
        FROM jsonb_populate_recordset(CAST(NULL AS outbox), CAST(:wishes AS jsonb))
        WHERE EXISTS (TABLE written)
    ), new_requests AS (
        INSERT INTO handled_requests (update_id, digest, number, version, at)
        SELECT update_id, digest, :number, :version, :at
        FROM jsonb_populate_recordset(CAST(NULL AS handled_requests), CAST(:handled AS jsonb))
        WHERE EXISTS (TABLE written)
        ON CONFLICT DO NOTHING
    )
    SELECT named.* FROM written LEFT JOIN LATERAL (
        SELECT id, active, roles FROM staff WHERE id = ANY(CAST(:staff AS text[])) AND written.number IS NOT NULL
        ORDER BY id FOR SHARE
    ) AS named ON true
    """  # noqa: S608 - only constants are put in
"""One statement, because each one more costs a round trip and half a millisecond of processor time.

Its parts see the tables as they were before it, and no two of them touch the same row: afterwards the open tasks are
exactly those of the state, whatever the rows said before, and what holds only while a task is open has gone with it,
so that nobody is reminded of what is done. It answers the staff whom the state names, or one empty row for none.

With `at_once` it locks and judges the order's row itself, and neither writes nor answers anything unless the row is the
one that the step follows and the step is a usual one (:func:`publish_at_once`).
"""

_WRITE_LOCKED: Final = Prepared("publish_write", _WRITE)
_WRITE_AT_ONCE: Final = numbered(_WRITE)

_DOCUMENTS: Final = ("order", "tasks", "events", "notices", "wishes", "handled")
"""The values that are JSON."""


def _write(conn: Connection, batch: Batch) -> Sequence[RowMapping]:
    """On the locked row, whatever it says."""
    values = _values(batch) | {"at_once": False, "working": [], "wakes": False}
    return _WRITE_LOCKED.run(conn, values | {name: _json(values[name]) for name in _DOCUMENTS}).mappings().all()


def _values(batch: Batch) -> dict[str, Any]:
    state = batch.state
    finished_at, keeps_finish = _work_ended_at(batch)
    order = order_columns(state) | {
        "version": batch.version,
        "issued_at": batch.issued_at,
        "closed_at": None if state.open else state.entered_at,
        "finished_at": finished_at,
    }
    tasks = [open_task_row(state, task, batch.version) for task in state.tasks.values()]
    tasks += [closed_task_row(state, closed, batch.version) for closed in batch.closed]
    notices = notice_rows(batch.number, batch.version, batch.issued_at, batch.notices)
    return {
        "number": batch.number,
        "prev_version": batch.prev_version,
        "version": batch.version,
        "at": batch.issued_at,
        "order": order,
        "keeps_finish": keeps_finish,
        "tasks": tasks,
        "named": [task["id"] for task in tasks],
        "closed": [closed.task.id for closed in batch.closed],
        "events": event_rows(batch.number, batch.version, batch.events),
        "notices": notices,
        "wishes": [notice_outbox_row(row, batch.issued_at) for row in notices if row["delivery"] == "pending"],
        "handled": [handled.model_dump() for handled in batch.handled],
        "staff": _named_staff(batch),
    }


def _json(rows: Any) -> str:
    return orjson.dumps(rows).decode()


def _work_ended_at(batch: Batch) -> tuple[datetime | None, bool]:
    """When the work itself was done, closing the order comes later; and whether a time that is known already counts."""
    state, lifecycle = batch.state, batch.state.lifecycle
    done = lifecycle.after_work - lifecycle.ends - lifecycle.called_off
    if state.stage in done:
        return state.entered_at, False
    said = next((event.at for event in reversed(batch.events) if event.stage in done), None)
    if said is not None or state.stage not in lifecycle.after_work:
        return said, False
    return (state.entered_at if state.stage == "closed" else None), True


# -- photos ------------------------------------------------------------------------------------------------------------

USED_AS: Final = {
    "finished": "after",
    "done": "after",
    "commented": "comment",
    "not_fixed": "not_fixed",
    "no_access": "no_access",
    "out_of_scope": "out_of_scope",
}
"""Event → what its photos are for. Photos of a clerk's record for a reporter are `on_behalf`."""

_ATTACH_PHOTOS = text(
    "UPDATE photos SET number = :number, audience = :audience, used_as = :used_as"
    " WHERE id = ANY(:photos) AND number IS NULL"
)
"""What is attached already keeps what it is for and who may see it."""


def _photos_in(facts: dict[str, Any]) -> list[str]:
    return [*facts.get("photo_ids", ()), *facts.get("on_behalf", {}).get("photo_ids", ())]


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


# -- people ------------------------------------------------------------------------------------------------------------

_STAFF = text("SELECT id, active, roles FROM staff WHERE id = ANY(:staff) ORDER BY id FOR SHARE")


def _named_staff(batch: Batch) -> list[str]:
    """Whom the state gives work. FOR SHARE makes their leaving wait for this step, or this step see it."""
    people = (batch.state.assignee, *(task.holder for task in batch.state.tasks.values()))
    return sorted({person for person in people if person is not None})


def _answer(batch: Batch, staff: Sequence[Mapping[Any, Any]], barred: Mapping[str, str]) -> Published:
    """Whose tasks must move: those who have left, or have lost every role that the task asks for, since the step was
    made, and those who could not take what it gave them.

    Residents have no row in `staff`.
    """
    people = {person["id"]: person for person in staff if person["id"] is not None}
    gone = dict(barred) | {name: Why.LEFT.value for name, person in people.items() if not person["active"]}
    for task in batch.state.tasks.values():
        person = people.get(task.holder or "")
        if person is not None and task.roles and not set(person["roles"]) & {role.value for role in task.roles}:
            gone.setdefault(person["id"], Why.ROLE.value)
    return Published(ineligible=sorted(gone), reasons=gone)
