"""Leaving, coming back, and losing a role: one transaction each, after which every open task is on its way.

What is written down here is a wish per task; the relay carries it to the order, and the order itself decides. A step
that gave the person work while this transaction ran either had its task counted here, or finds the person gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from models.domain.errors import IllegalTransition, ValidationFailed
from models.repositories.direct import Direct, numbered
from models.repositories.live import STAFF_CHANGED
from models.repositories.people import COVERS, SERVES
from models.repositories.rows_of import RANK_EMERGENCY, RANK_OTHER
from models.tables.base import new_id

_LOCK: Final = text("SELECT id, active FROM staff WHERE id = ANY(CAST(:staff AS text[])) ORDER BY id FOR UPDATE")

_LEAVE: Final = text("UPDATE staff SET active = false, on_duty = false WHERE id = :staff")

_LOG_OUT: Final = text(f"""
    WITH revoked AS (
        UPDATE staff_sessions SET revoked_at = :now
        WHERE staff_id = :staff AND revoked_at IS NULL AND expires_at > :now)
    {STAFF_CHANGED.format(staff=":staff")}""")  # noqa: S608 - only constants are put in

_END_PLANS: Final = text(
    """
    WITH turns_to_come AS (DELETE FROM duty_turns WHERE staff_id = :staff AND ends_at > :now)
    UPDATE absences SET ended_at = :now WHERE staff_id = :staff AND ended_at IS NULL
    """
)

_DEPART: Final = text(
    """
    INSERT INTO departures (id, staff_id, deputy_id, tasks, recorded_by, left_at)
    VALUES (:id, :staff, :deputy, :tasks, :by, :now)
    """
)

_HAND_OVER: Final = text(
    f"""
    INSERT INTO outbox (id, action, number, rank, body, created_at, not_before, attempts)
    SELECT :prefix || '-' || t.id, 'command', t.number,
        CASE w.priority WHEN 'emergency' THEN {RANK_EMERGENCY} ELSE {RANK_OTHER} END,
        jsonb_build_object('update', 'hand_over', 'body', jsonb_build_object(
            'task_id', t.id, 'holder', CAST(:staff AS text), 'staff', (
                SELECT s.id FROM staff s WHERE s.id = :deputy AND s.active
                    AND (cardinality(t.roles) = 0 OR s.roles && t.roles)
                    AND {SERVES.format(community="t.community_id")}
                    AND {COVERS.format(community="t.community_id", building="w.building_id")}))),
        :now, :now, 0
    FROM tasks t JOIN work_orders w ON w.number = t.number
    WHERE t.holder_id = :staff AND t.closed_at IS NULL
      AND (CAST(:roles AS varchar[]) IS NULL OR (cardinality(t.roles) > 0 AND NOT t.roles && CAST(:roles AS varchar[])))
    """  # noqa: S608 - only constants are put in
)
"""One wish for every open task; with `roles`, only for those that none of these roles may hold. A deputy gets what they
may hold themselves, the pool gets the rest.
"""


@dataclass(frozen=True)
class Departure:
    id: str
    tasks: int


def leave(conn: Connection, staff: str, deputy: str | None, by: str, now: datetime) -> Departure:
    """The person is gone from this moment; their open tasks follow one by one.

    Raises IllegalTransition when they have left already, ValidationFailed for a deputy who has.
    """
    active = {row.id: row.active for row in conn.execute(_LOCK, {"staff": [staff, deputy or staff]})}
    if not active.get(staff):
        raise IllegalTransition("left_already")
    if deputy is not None and (deputy == staff or not active.get(deputy)):
        raise ValidationFailed("deputy_unfit", field="deputy")
    conn.execute(_LEAVE, {"staff": staff})
    conn.execute(_LOG_OUT, {"staff": staff, "now": now})
    conn.execute(_END_PLANS, {"staff": staff, "now": now})
    departure = new_id("dep")
    tasks = _hand_over(conn, departure, staff, deputy, None, now)
    conn.execute(_DEPART, {"id": departure, "staff": staff, "deputy": deputy, "tasks": tasks, "by": by, "now": now})
    return Departure(departure, tasks)


def give_up_unfit(conn: Connection, staff: str, roles: Sequence[str], now: datetime) -> int:
    """The person keeps these roles only: tasks that none of them may hold go back. Tells how many."""
    return _hand_over(conn, new_id("mov"), staff, None, roles, now)


def _hand_over(
    conn: Connection, prefix: str, staff: str, deputy: str | None, roles: Sequence[str] | None, now: datetime
) -> int:
    values = {"prefix": prefix, "staff": staff, "deputy": deputy, "roles": roles, "now": now}
    return conn.execute(_HAND_OVER, values).rowcount


_REJOIN: Final = text("UPDATE staff SET active = true, on_duty = false, duty_switched_at = :now WHERE id = :staff")

_END_DEPARTURE: Final = text(
    """
    WITH back AS (
        UPDATE departures SET rejoined_at = :now WHERE staff_id = :staff AND rejoined_at IS NULL RETURNING id
    )
    DELETE FROM outbox USING back WHERE done_at IS NULL AND action = 'command' AND outbox.id LIKE back.id || '-%'
    """
)


def rejoin(conn: Connection, staff: str, now: datetime) -> None:
    """Back again, off duty at first; what has not been given on by now stays theirs. Raises IllegalTransition."""
    row = conn.execute(_LOCK, {"staff": [staff]}).one()
    if row.active:
        raise IllegalTransition("still_here")
    conn.execute(_REJOIN, {"staff": staff, "now": now})
    conn.execute(_END_DEPARTURE, {"staff": staff, "now": now})


_PROGRESS: Final = numbered("""
    SELECT d.staff_id, d.tasks, d.left_at, p.account AS deputy, p.name AS deputy_name,
        (SELECT count(*) FROM tasks t WHERE t.holder_id = d.staff_id AND t.closed_at IS NULL) AS remaining,
        (SELECT count(*) FROM outbox o WHERE o.done_at IS NULL AND o.error IS NOT NULL
            AND o.action = 'command' AND o.id LIKE d.id || '-%') AS failing
    FROM departures d LEFT JOIN staff p ON p.id = d.deputy_id
    WHERE d.staff_id = ANY(CAST(:staff AS text[])) AND d.rejoined_at IS NULL""")


async def progress(db: Direct, staff: Sequence[str]) -> dict[str, dict[str, Any]]:
    """How far those who left have been relieved of their tasks, by staff id: `{moved, tasks, failing, …}`.

    Counted in the tasks themselves, so a task that was given on otherwise counts too.
    """
    rows = await db.rows(_PROGRESS, {"staff": list(staff)})
    return {
        row["staff_id"]: {
            "tasks": row["tasks"],
            "moved": max(row["tasks"] - row["remaining"], 0),
            "failing": row["failing"],
            "left_at": row["left_at"],
            "deputy": row["deputy"],
            "deputy_name": row["deputy_name"],
        }
        for row in rows
    }
