"""Days away and who acts meanwhile, and the turns of duty."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, text

from models.domain.errors import NotFound, ValidationFailed
from models.repositories.direct import Direct, numbered
from models.repositories.staffing import TODAY
from models.tables.base import new_id
from models.tables.staffing import DutyTurn

Row = dict[str, Any]

_LOCK: Final = text(
    """
    SELECT s.id, s.active, s.firm_wide,
        ARRAY(SELECT sc.community_id FROM staff_scopes sc WHERE sc.staff_id = s.id) AS communities,
        EXISTS (SELECT 1 FROM absences a WHERE a.staff_id = s.id AND a.ended_at IS NULL
                AND a.since <= :until AND a.until >= :since) AS away
    FROM staff s WHERE s.id = ANY(CAST(:staff AS text[])) ORDER BY s.id FOR UPDATE OF s
    """
)
"""Locked, so that no step gives them work, and no second absence is written, between this look and the commit."""

_RECORD: Final = text(
    """
    INSERT INTO absences (id, staff_id, deputy_id, since, until, recorded_by, created_at)
    VALUES (:id, :staff, :deputy, :since, :until, :by, :now)
    """
)

_END: Final = text("UPDATE absences SET ended_at = :now WHERE id = :id AND staff_id = :staff AND ended_at IS NULL")


def record(conn: Connection, staff: str, deputy: str | None, since: date, until: date, by: str, now: datetime) -> str:
    """Answers the absence's id.

    Raises ValidationFailed: they are away on one of these days already, or the deputy is, has left, or does not serve
    all that the person serves.
    """
    values = {"staff": [staff, deputy or staff], "since": since, "until": until}
    people = {row.id: row for row in conn.execute(_LOCK, values)}
    if people[staff].away:
        raise ValidationFailed("absence_overlaps", field="since")
    if deputy is not None:
        stands_in = people.get(deputy)
        if deputy == staff or stands_in is None or not stands_in.active:
            raise ValidationFailed("deputy_unfit", field="deputy")
        if stands_in.away:
            raise ValidationFailed("deputy_away", field="deputy")
        if not (stands_in.firm_wide or set(people[staff].communities) <= set(stands_in.communities)):
            raise ValidationFailed("deputy_unfit", field="deputy")
    absence = new_id("abs")
    row = {"id": absence, "staff": staff, "deputy": deputy, "since": since, "until": until, "by": by, "now": now}
    conn.execute(_RECORD, row)
    return absence


def end(conn: Connection, absence: str, staff: str, now: datetime) -> None:
    """Withdrawn, or back early. Raises NotFound for an absence that is over or not this person's."""
    if conn.execute(_END, {"id": absence, "staff": staff, "now": now}).rowcount == 0:
        raise NotFound


_OF: Final = numbered(f"""
    SELECT a.id, a.staff_id, a.since, a.until, {TODAY} BETWEEN a.since AND a.until AS now,
        d.account AS deputy, d.name AS deputy_name, d.active AS deputy_active
    FROM absences a LEFT JOIN staff d ON d.id = a.deputy_id
    WHERE a.staff_id = ANY(CAST(:staff AS text[])) AND a.ended_at IS NULL AND a.until >= {TODAY}
    ORDER BY a.since""")  # noqa: S608 - only constants are put in


async def of(db: Direct, staff: Sequence[str]) -> list[Row]:
    """Absences that are not over."""
    return [dict(row.items()) for row in await db.rows(_OF, {"staff": list(staff)})]


# -- the roster --------------------------------------------------------------------------------------------------------


def plan(
    conn: Connection,
    turns: Sequence[tuple[datetime, datetime]],
    by: str,
    *,
    staff: str | None = None,
    team: str | None = None,
    community: str | None = None,
) -> list[str]:
    """Turns of duty of a person, or of a team of a community; answers their ids."""
    whose = {"staff_id": staff, "team": team, "community_id": community, "planned_by": by}
    rows = [{"id": new_id("sft"), "starts_at": start, "ends_at": end, **whose} for start, end in turns]
    conn.execute(insert(DutyTurn), rows)
    return [str(row["id"]) for row in rows]


_TURNS: Final = numbered("""
    SELECT h.id, s.account, s.name, h.team, h.community_id, h.starts_at, h.ends_at
    FROM duty_turns h LEFT JOIN staff s ON s.id = h.staff_id
    WHERE h.ends_at > :since AND h.starts_at < :until
      AND ((h.community_id IS NOT NULL AND ('*' = ANY(CAST(:communities AS text[]))
            OR h.community_id = ANY(CAST(:communities AS text[]))))
        OR s.id = ANY(CAST(:staff AS text[])))
    ORDER BY h.starts_at, h.id LIMIT :limit""")


async def turns(
    db: Direct, communities: Sequence[str], staff: Sequence[str], since: datetime, until: datetime, limit: int
) -> list[Row]:
    """The roster of some communities' teams and of some people."""
    values = {
        "communities": list(communities),
        "staff": list(staff),
        "since": since,
        "until": until,
        "limit": limit,
    }
    return [dict(row.items()) for row in await db.rows(_TURNS, values)]


_TURN: Final = text("SELECT staff_id, community_id FROM duty_turns WHERE id = :id FOR UPDATE")
_DROP: Final = text("DELETE FROM duty_turns WHERE id = :id")


def turn(conn: Connection, turn_id: str) -> tuple[str | None, str | None]:
    """Whose it is: a person's id or a team's community. Raises NotFound."""
    row = conn.execute(_TURN, {"id": turn_id}).one_or_none()
    if row is None:
        raise NotFound
    return row.staff_id, row.community_id


def drop_turn(conn: Connection, turn_id: str) -> None:
    conn.execute(_DROP, {"id": turn_id})
