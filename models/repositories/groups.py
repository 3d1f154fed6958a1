"""Merging as a fact of Postgres: whether an order may follow another, and what becomes of one that does.

Both answers are given with the rows locked, and written down before they are given. A workflow asks while none of its
own publishes is under way, and its next publish writes what it then knows: so a link whose order has changed meanwhile
is taken away again by that change.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Row, text

from models.domain.errors import IllegalTransition, NotFound, Unavailable, WuyouError
from models.domain.following import Fate, Follower, Joined, Joining
from models.domain.grouping import Standing, fate_of, may_follow
from models.domain.lifecycles import LIFECYCLES

LATE_SEQ: Final = 1000
"""Events that no step has made come after all of the step's own (`models.tables.orders.TimelineEvent`)."""

_LOCK: Final = text(
    """
    SELECT number, kind, community_id, stage, open, finished_at IS NOT NULL AS finished, version, excluded,
           coalesce(primary_number, incident_id) AS leader, assignee_id AS worker, heir_number,
           state->'complaint'->>'matter' AS matter
    FROM work_orders WHERE number = ANY(:numbers) ORDER BY number FOR NO KEY UPDATE
    """
)
"""In the order of the numbers, so that A into B and B into A wait for each other and neither for ever."""

_LEADS: Final = text("SELECT EXISTS (SELECT FROM work_orders WHERE primary_number = :number AND open)")

_INCIDENT: Final = text("SELECT community_id, order_kind, came_to FROM incidents WHERE id = :id FOR SHARE")
"""Closing an incident waits for this, and then finds the new follower."""

_FOLLOW: Final = text(
    "UPDATE work_orders SET primary_number = :primary, incident_id = :incident WHERE number = :number"
)
_ACCOMPANY: Final = text("UPDATE work_orders SET accompanied = true WHERE number = :number AND NOT accompanied")


def join(conn: Connection, question: Joining) -> Joined:
    """Decide and write it down, in the caller's transaction. A refusal is an answer, not an error."""
    try:
        if question.incident is not None:
            _join_incident(conn, question)
        else:
            _join_primary(conn, question)
    except WuyouError as refusal:
        return Joined(refused=refusal.code, facts=refusal.payload())
    values = {"number": question.number, "primary": question.primary, "incident": question.incident}
    conn.execute(_FOLLOW, values)
    return Joined()


def _join_primary(conn: Connection, question: Joining) -> None:
    rows = {row.number: row for row in conn.execute(_LOCK, {"numbers": [question.number, question.primary]})}
    child = _child(rows.get(question.number), question.version)
    primary = rows.get(str(question.primary))
    leads = conn.execute(_LEADS, {"number": question.number}).scalar_one()
    leader = _standing(primary) if primary is not None else None
    may_follow(_standing(child, leads=leads), leader, question.communities, question.by)
    conn.execute(_ACCOMPANY, {"number": question.primary})


def _join_incident(conn: Connection, question: Joining) -> None:
    incident = conn.execute(_INCIDENT, {"id": question.incident}).one_or_none()
    child = _child(conn.execute(_LOCK, {"numbers": [question.number]}).one_or_none(), question.version)
    if incident is None or incident.community_id != child.community_id or incident.order_kind != child.kind:
        raise NotFound("incident_not_found")
    if incident.came_to is not None:
        raise IllegalTransition("incident_closed")
    if conn.execute(_LEADS, {"number": question.number}).scalar_one():
        raise IllegalTransition("leads_a_group")


def _child(row: Row | None, version: int) -> Row:
    """Raises Unavailable when the row is not the one that the workflow has published: somebody must look first."""
    if row is None or row.version != version:
        raise Unavailable("unavailable")
    return row


def _standing(row: Row, leads: bool = False) -> Standing:
    return Standing(
        number=row.number,
        kind=row.kind,
        community_id=row.community_id,
        open=row.open,
        finished=row.finished,
        leader=row.leader,
        leads=leads,
        worker=row.worker,
        called_off=row.stage in LIFECYCLES[row.kind].called_off,
        matter=row.matter,
        kept_from=frozenset(row.excluded),
    )


# -- links -------------------------------------------------------------------------------------------------------------

_ROWS: Final = text(
    "SELECT number, version FROM work_orders WHERE number = ANY(:numbers) ORDER BY number FOR NO KEY UPDATE"
)
_LINK: Final = text(
    """
    INSERT INTO order_links (number, other, why, note, by_id, at) VALUES (:number, :other, :why, :note, :by, :at)
    ON CONFLICT DO NOTHING
    """
)
_SAY: Final = text(
    """
    INSERT INTO timeline_events (number, version, seq, kind, at, by_id, by_kind, audience, facts)
    SELECT :number, :version, greatest(coalesce(max(seq) + 1, 0), :late), 'linked', :at, :by, 'staff', 'staff',
           jsonb_strip_nulls(jsonb_build_object('other', CAST(:other AS text), 'reason', CAST(:note AS text)))
    FROM timeline_events WHERE number = :number AND version = :version
    """
)


def link(conn: Connection, one: str, other: str, by: str, at: datetime, *, note: str | None, why: str) -> bool:
    """Link two orders that exist, both ways, and say so on both. False when they were linked already."""
    number, second = sorted((one, other))
    rows = conn.execute(_ROWS, {"numbers": [number, second]}).all()
    said = {"by": by, "at": at, "note": note}
    if conn.execute(_LINK, {**said, "number": number, "other": second, "why": why}).rowcount == 0:
        return False
    for row in rows:
        the_other = second if row.number == number else number
        conn.execute(_SAY, {**said, "number": row.number, "version": row.version, "other": the_other, "late": LATE_SEQ})
    return True


# -- what becomes of a follower ----------------------------------------------------------------------------------------

_HEIR: Final = text(
    """
    SELECT number FROM (
        SELECT f.number, f.submitted_at, f.number = p.heir_number AS chosen
        FROM work_orders p JOIN work_orders f ON f.open AND f.finished_at IS NULL
            AND (f.primary_number = p.number OR (f.number = p.heir_number AND f.primary_number IS NULL))
        WHERE p.number = :primary
    ) AS candidate
    ORDER BY chosen DESC NULLS LAST, submitted_at, number LIMIT 1
    """
)
"""Whoever was chosen before, as long as they can be it; else the oldest follower."""

_CHOOSE: Final = text("UPDATE work_orders SET heir_number = :heir WHERE number = :primary")
_INHERIT: Final = text(
    """
    INSERT INTO public_joins (number, resident_id, joined_at)
    SELECT :heir, resident_id, joined_at FROM public_joins WHERE number = :primary
    ON CONFLICT DO NOTHING
    """
)


def choose_heir(conn: Connection, primary: str) -> str | None:
    """Who takes the place of a primary that was called off; its row must be locked. None when nobody follows it."""
    heir: str | None = conn.execute(_HEIR, {"primary": primary}).scalar_one_or_none()
    conn.execute(_CHOOSE, {"primary": primary, "heir": heir})
    if heir is not None:
        conn.execute(_INHERIT, {"primary": primary, "heir": heir})
    return heir


def fate(conn: Connection, question: Follower) -> Fate:
    """Decide and write it down, in the caller's transaction. An order that is not as its workflow knows it `stays`."""
    answer = _fate_in_incident(conn, question) if question.incident else _fate_in_group(conn, question)
    if answer.came_to != "stays":
        values = {"number": question.number, "primary": answer.primary, "incident": None}
        conn.execute(_FOLLOW, values)
    if answer.came_to == "promoted":
        conn.execute(_ACCOMPANY, {"number": question.number})
    if answer.primary is not None:
        conn.execute(_ACCOMPANY, {"number": answer.primary})
    return answer


def _fate_in_group(conn: Connection, question: Follower) -> Fate:
    """The primary is the group's lock: it is taken first, and alone."""
    primary = conn.execute(_LOCK, {"numbers": [question.primary]}).one_or_none()
    if primary is None:
        return Fate(came_to="free")
    heir = choose_heir(conn, primary.number) if _standing(primary).called_off else None
    rows = {row.number: row for row in conn.execute(_LOCK, {"numbers": [question.number, heir]})}
    child = rows.get(question.number)
    if child is None or child.version != question.version:
        return Fate()
    return fate_of(_standing(child), _standing(primary), _standing(rows[heir]) if heir in rows else None)


def _fate_in_incident(conn: Connection, question: Follower) -> Fate:
    incident = conn.execute(_INCIDENT, {"id": question.incident}).one_or_none()
    if incident is None or incident.came_to is None:
        return Fate()
    return Fate(came_to=incident.came_to)
