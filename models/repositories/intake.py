"""Taking in new orders without Temporal: one statement writes each and all that belongs to its first version.

The row of `handled_requests` gates everything else: the same request, sent twice at once, makes one order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

import asyncpg

from models.domain.errors import IllegalTransition, Unavailable, ValidationFailed
from models.domain.notices import notices_for
from models.domain.numbers import format_number
from models.domain.order import Audience, Event, OrderState, Priority
from models.domain.recipients import Notice
from models.domain.tasks import Task
from models.repositories.direct import Direct, Numbered, numbered
from models.repositories.rows_of import (
    RANK_EMERGENCY,
    RANK_OF_NOTICE,
    RANK_START,
    boxes_of,
    notice_rows,
    order_columns,
    task_due,
)

ONE_FOLLOWER: Final = "ux_work_orders_follows"
"""The index that lets one living order go on with an earlier one (migration 0010)."""

BLOCK_SIZE: Final = 50
"""Numbers per block: the INCREMENT of the sequence `order_number` (migration 0001)."""


@dataclass(frozen=True)
class Words:
    """What people said and are called: it stays in Postgres and never enters the workflow.

    `photo_ids` are claimed for the order: they must be uploaded, unused, and the `photo_owner`'s (kind, id).
    """

    place_label: str
    description: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    contact_name: str | None = None
    contact_phone_sealed: bytes | None = None
    photo_ids: Sequence[str] = ()
    photo_owner: tuple[str, str] = ("", "")
    photo_audience: Audience = Audience.REPORTER
    alias_of: str | None = None
    """The resident behind a reporter who is an alias."""


@dataclass(frozen=True)
class Also:
    """What a kind of order writes in the same statement: more of its parts, reading `gate` and `filed`, and their
    values.
    """

    statement: Numbered
    values: Mapping[str, Any]

    @classmethod
    def of(cls, parts: str, values: Mapping[str, Any]) -> Self:
        return cls(numbered(f"{_PARTS}, {parts} {_ANSWER}"), values)


@dataclass(frozen=True)
class Taken:
    """`created`: a new order. Otherwise the request was carried out before; the caller compares the digests."""

    created: bool
    number: str
    digest: str
    answer: dict[str, Any] | None


class NumberBlocks:
    """Order numbers in blocks from one sequence: a round trip per fifty numbers, and never the same number twice."""

    def __init__(self, db: Direct) -> None:
        self._db = db
        self._next = 0
        self._end = 0
        self._refilling = asyncio.Lock()

    async def number(self, kind: str, at: datetime) -> str:
        """The next order number of this kind, such as `BX20261122-00017`."""
        return format_number(kind, at, await self.take())

    async def take(self) -> int:
        while self._next == self._end:
            async with self._refilling:
                if self._next == self._end:
                    await self._refill()
        self._next += 1
        return self._next - 1

    async def _refill(self) -> None:
        start: int = (await self._db.rows(_NEXT_BLOCK, {}))[0]["start"]
        self._next, self._end = start, start + BLOCK_SIZE


_NEXT_BLOCK: Final = numbered("SELECT nextval('order_number') AS start")

_PARTS: Final = f"""
    WITH filed AS (
        SELECT * FROM jsonb_to_recordset(:all) AS f(
            update_id text, digest text, answer jsonb, number text, kind text, community_id text, house_id text,
            building_id text, place_label text, category text, description text, answers jsonb, reporter_kind text,
            reporter_id text, source text, filed_by text, alias_of text, contact_name text,
            contact_phone_sealed bytea, stage text, priority text, rank int, next_due_at timestamptz, at timestamptz,
            excluded text[], follows text, incident_id text, state jsonb, task_id text, task_kind text,
            task_holder text, task_roles text[], task_due_at timestamptz, task_gives_up_at timestamptz,
            event_kind text, event_by_id text, event_by_kind text, event_facts jsonb, start_rank int,
            photo_ids text[], photo_owner_kind text, photo_owner_id text, photo_audience text, notices jsonb)
    ), claimable AS (
        SELECT p.id, f.number AS by, f.photo_audience AS audience
        FROM filed f JOIN photos p
          ON p.id = ANY(f.photo_ids) AND p.owner_kind = f.photo_owner_kind AND p.owner_id = f.photo_owner_id
        WHERE p.number IS NULL AND p.status IN ('uploaded', 'ready')
          AND NOT EXISTS (SELECT FROM filed rival WHERE p.id = ANY(rival.photo_ids) AND rival.number < f.number)
        FOR UPDATE OF p
    ), gate AS (
        INSERT INTO handled_requests (update_id, digest, number, version, at, answer)
        SELECT update_id, digest, number, 1, at, answer FROM filed
        WHERE (SELECT count(*) FROM claimable WHERE by = filed.number) = cardinality(photo_ids)
        ON CONFLICT DO NOTHING
        RETURNING number
    ), the_order AS (
        INSERT INTO work_orders (
            number, kind, community_id, house_id, building_id, place_label, category, description, answers,
            reporter_kind, reporter_id, source, filed_by, contact_name, contact_phone_sealed, stage, open, priority,
            urged, next_due_at, submitted_at, version, issued_at, touched_at, excluded, follows, state,
            incident_id)
        SELECT number, kind, community_id, house_id, building_id, place_label, category, description, answers,
            reporter_kind, reporter_id, source, filed_by, contact_name, contact_phone_sealed, stage, true,
            priority, 0, next_due_at, at, 1, at, now(), excluded, follows, state, incident_id
        FROM gate JOIN filed USING (number)
    ), the_alias AS (
        INSERT INTO aliases (id, resident_id, created_at)
        SELECT reporter_id, alias_of, at FROM gate JOIN filed USING (number) WHERE alias_of IS NOT NULL
    ), the_task AS (
        INSERT INTO tasks (
            id, number, community_id, order_kind, kind, holder_id, roles, also_seen_by, rank, opened_at,
            opened_version, due_at, gives_up_at, form)
        SELECT task_id, number, community_id, kind, task_kind, task_holder, task_roles, '{{}}', rank, at, 1,
            task_due_at, task_gives_up_at, '{{}}'
        FROM gate JOIN filed USING (number) WHERE task_id IS NOT NULL
    ), the_event AS (
        INSERT INTO timeline_events (number, version, seq, kind, at, by_id, by_kind, audience, stage, facts)
        SELECT number, 1, 0, event_kind, at, event_by_id, event_by_kind, 'reporter', stage, event_facts
        FROM gate JOIN filed USING (number)
    ), the_start AS (
        INSERT INTO outbox (id, action, number, version, rank, body, created_at, not_before, attempts)
        SELECT number, 'start', number, 1, start_rank, '{{}}', now(), now(), 0
        FROM gate JOIN filed USING (number)
    ), the_photos AS (
        UPDATE photos SET number = gate.number, used_as = 'report', audience = claimable.audience
        FROM gate JOIN claimable ON claimable.by = gate.number
        WHERE photos.id = claimable.id
    ), the_notices AS (
        INSERT INTO notices (
            id, number, version, kind, to_kind, to_id, template, sms, facts, while_task, urgent, created_at, not_before,
            delivery)
        SELECT n.id, number, 1, n.kind, n.to_kind, n.to_id, n.template, n.sms, n.facts, n.while_task, n.urgent,
            at, n.not_before, 'pending'
        FROM gate JOIN filed USING (number), jsonb_to_recordset(notices) AS n(
            id text, kind text, to_kind text, to_id text, template text, sms text, facts jsonb, while_task text,
            urgent boolean, not_before timestamptz)
        RETURNING id, number, urgent, not_before
    ), the_wishes AS (
        INSERT INTO outbox (id, action, number, version, rank, body, created_at, not_before, attempts)
        SELECT id, 'notice', number, 1, {RANK_OF_NOTICE}, jsonb_build_object('notice', id), now(),
            coalesce(not_before, now()), 0
        FROM the_notices
    )"""  # noqa: S608 - only constants are put in
_ANSWER: Final = "SELECT number FROM gate"

INTAKE_STATEMENT: Final = f"{_PARTS} {_ANSWER}"
"""For several orders at once, of :func:`as_filed`: to set such a statement in motion costs as much as an order's rows.
Of those that name one photo in the same moment, the first number may have it.
"""

_INTAKE: Final = numbered(INTAKE_STATEMENT)
_HANDLED: Final = numbered("SELECT number, digest, answer FROM handled_requests WHERE update_id = :update_id")


async def take_in(
    db: Direct,
    state: OrderState,
    words: Words,
    *,
    update_id: str,
    digest: str,
    answer: Mapping[str, Any] | None = None,
    also: Also | None = None,
) -> Taken:
    """Write a new order, or find that this request was carried out before. `state` is what `new_order` built.

    It is one statement, in a transaction of its own or of those that come at the same time.
    `answer` is what a repetition will hear. Afterwards the caller wakes the relay and announces the order
    (`live.Announcer`).

    Raises:
        ValidationFailed: a photo is not the caller's, not uploaded, or already used.
        IllegalTransition: another order goes on with the earlier one already.
    """
    filed = as_filed(state, words, update_id=update_id, digest=digest, answer=answer)
    try:
        if also is not None:
            rows = await db.rows(also.statement, {"all": [filed], **also.values})
        else:
            rows = await db.rows_in_company(_INTAKE, filed)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == ONE_FOLLOWER:
            raise IllegalTransition("followed_already") from None
        raise
    if any(row["number"] == state.number for row in rows):
        return Taken(True, state.number, digest, dict(answer) if answer is not None else None)
    before = await db.rows(_HANDLED, {"update_id": update_id})
    if before:
        (row,) = before
        return Taken(False, row["number"], row["digest"], row["answer"])
    if words.photo_ids:
        raise ValidationFailed("photo_not_yours", field="photo_ids")
    raise Unavailable  # The same request is just being forgotten after its seven days; the next try succeeds.


def as_filed(
    state: OrderState, words: Words, *, update_id: str, digest: str, answer: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One order as `INTAKE_STATEMENT` reads it, whose value `all` is a list of them: JSON types and times."""
    task = next(iter(state.tasks.values()), None)
    event = first_event(state)
    columns = order_columns(state)
    emergency = state.priority is Priority.EMERGENCY
    return {
        **{name: columns[name] for name in ("stage", "priority", "next_due_at", "state")},
        "update_id": update_id,
        "digest": digest,
        "answer": answer,
        "number": state.number,
        "kind": state.kind,
        "community_id": state.community_id,
        "house_id": state.place.house_id,
        "building_id": state.place.building_id,
        "place_label": words.place_label,
        "category": state.category,
        "description": words.description,
        "answers": dict(words.answers),
        "reporter_kind": state.reporter.kind,
        "reporter_id": state.reporter.id,
        "source": state.reporter.source.value,
        "follows": state.follows.number if state.follows else None,
        "filed_by": state.reporter.filed_by,
        "excluded": columns["excluded"],
        "alias_of": words.alias_of,
        "contact_name": words.contact_name,
        "contact_phone_sealed": _in_hex(words.contact_phone_sealed),
        "at": state.submitted_at,
        "incident_id": columns["incident_id"],
        "task_id": task.id if task else None,
        "task_kind": task.kind if task else None,
        "task_holder": task.holder if task else None,
        "task_roles": boxes_of(state, task) if task else [],
        "rank": state.rank,
        "task_due_at": task_due(state, task) if task else None,
        "task_gives_up_at": task.gives_up_at if task else None,
        "event_kind": event.kind,
        "event_by_id": event.by,
        "event_by_kind": event.by_kind,
        "event_facts": event.facts,
        "start_rank": RANK_EMERGENCY if emergency else RANK_START,
        "photo_ids": list(dict.fromkeys(words.photo_ids)),
        "photo_owner_kind": words.photo_owner[0],
        "photo_owner_id": words.photo_owner[1],
        "photo_audience": words.photo_audience.value,
        "notices": notice_rows(state.number, 1, state.issued_at, first_notices(state)),
    }


def _in_hex(sealed: bytes | None) -> str | None:
    """As Postgres reads bytes."""
    return None if sealed is None else f"\\x{sealed.hex()}"


def first_event(state: OrderState) -> Event:
    """`submitted` by the reporter, `filed` by a clerk for somebody, or `found` by staff themselves."""
    reporter = state.reporter
    if reporter.kind == "staff":
        return _by_staff(state, "found", reporter.id or "")
    if reporter.filed_by is not None:
        return _by_staff(state, "filed", reporter.filed_by)
    return Event(kind="submitted", at=state.submitted_at, by=reporter.id or "", by_kind="resident", stage=state.stage)


def _by_staff(state: OrderState, kind: str, staff: str) -> Event:
    facts = {"source": state.reporter.source.value}
    return Event(kind=kind, at=state.submitted_at, by=staff, by_kind="staff", stage=state.stage, facts=facts)


def first_notices(state: OrderState) -> list[Notice]:
    """An emergency rings at once at whoever may take it, a car's user and what always rings as well; all else waits in
    the inbox, where it has just appeared, or follows an incident.
    """
    at_once = [task for task in state.tasks.values() if state.priority is Priority.EMERGENCY or _rings(state, task)]
    return [
        notice
        for task in at_once
        for notice in notices_for(
            state, Event(kind="task", at=state.submitted_at, by="system", by_kind="system", facts={"task": task.id})
        )
    ]


def _rings(state: OrderState, task: Task) -> bool:
    return bool(task.people) or state.lifecycle.tasks[task.kind].rings
