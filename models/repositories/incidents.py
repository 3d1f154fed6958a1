"""Incidents: opened and closed in one transaction with everything that they say and wake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import ARRAY, Connection, String, bindparam, text

from models.domain.incidents import OpenIncident
from models.repositories import accompanying
from models.repositories.direct import Direct, numbered
from models.repositories.reading import TIE_HOLDS
from models.repositories.rows_of import RANK_OTHER

Row = dict[str, Any]

GATHER_FROM: Final = timedelta(hours=24)
"""Older reports are about something else, or somebody is at work on them."""

_OPEN: Final = text(
    """
    INSERT INTO incidents (id, community_id, order_kind, kind, title, text, categories, building_ids,
        takes_emergencies, opened_by, opened_at)
    VALUES (:id, :community_id, :order_kind, :kind, :title, :text, :categories, :building_ids, :takes_emergencies, :by,
        :at)
    """
).bindparams(bindparam("categories", type_=ARRAY(String)), bindparam("building_ids", type_=ARRAY(String)))

_WAITING: Final = text(
    """
    SELECT number FROM work_orders
    WHERE community_id = :community_id AND kind = :order_kind AND category = ANY(:categories) AND stage = 'submitted'
      AND open AND primary_number IS NULL AND incident_id IS NULL AND reporter_kind <> 'staff'
      AND (cardinality(CAST(:building_ids AS text[])) = 0 OR building_id = ANY(CAST(:building_ids AS text[])))
      AND (priority <> 'emergency' OR :takes_emergencies) AND submitted_at >= :since
    ORDER BY number
    """
)
_CLOSE: Final = text(
    """
    UPDATE incidents SET closed_by = :by, closed_at = :at, closing_text = :closing_text, came_to = :came_to
    WHERE id = :id AND closed_at IS NULL
    RETURNING community_id, building_ids, title
    """
)
_REPORTS: Final = text("SELECT number FROM work_orders WHERE incident_id = :id AND open ORDER BY number")

_ANNOUNCE: Final = text(
    f"""
    WITH people AS (
        SELECT DISTINCT t.resident_id AS id FROM ties t JOIN houses h ON h.id = t.house_id
        WHERE h.community_id = :community_id AND {TIE_HOLDS}
          AND (cardinality(CAST(:building_ids AS text[])) = 0 OR h.building_id = ANY(CAST(:building_ids AS text[])))
    ), told AS (
        INSERT INTO notices (id, incident_id, version, kind, to_kind, to_id, template, facts, urgent, created_at,
            delivery, channel, delivered_at)
        SELECT :incident || '-' || :kind || '-' || r.id, :incident, 0, :kind, 'resident', r.id, 'announcement',
            CAST(:facts AS jsonb), false, :at,
            CASE WHEN reachable THEN 'pending' ELSE 'centre_only' END,
            CASE WHEN reachable THEN NULL ELSE 'centre' END,
            CASE WHEN reachable THEN NULL ELSE CAST(:at AS timestamptz) END
        FROM people JOIN residents r ON r.id = people.id
        CROSS JOIN LATERAL (SELECT r.service_openid IS NOT NULL OR EXISTS (
            SELECT FROM wechat_credits k WHERE k.openid = r.openid AND k.template = 'announcement' AND k.credits > 0
        ) AS reachable) AS way
        ON CONFLICT (id) DO NOTHING
        RETURNING id, delivery
    )
    INSERT INTO outbox (id, action, rank, body, created_at, not_before, attempts)
    SELECT id, 'notice', {RANK_OTHER}, jsonb_build_object('notice', id), :at, :at, 0
    FROM told WHERE delivery = 'pending'
    """  # noqa: S608 - only constants are put in
)
"""Who can be reached by WeChat is sent a message; everybody finds it in the message centre at once."""


def open_incident(conn: Connection, incident: OpenIncident, by: str, at: datetime, *, gather: bool) -> list[str]:
    """Write it, tell the residents, and have the reports that wait already follow it; answers their numbers."""
    facts = incident.model_dump(mode="json") | {"by": by, "at": at}
    conn.execute(_OPEN, facts)
    _announce(conn, incident.id, incident.community_id, incident.building_ids, "incident", incident.text, at)
    if not gather:
        return []
    waiting = list(conn.execute(_WAITING, facts | {"since": at - GATHER_FROM}).scalars())
    accompanying.command(conn, waiting, "merge", {"incident": incident.id}, incident.id)
    return waiting


def close(
    conn: Connection, incident: str, by: str, at: datetime, *, came_to: str, closing_text: str
) -> list[str] | None:
    """Close it and wake its reports; answers their numbers, or None when it was closed already."""
    values = {"id": incident, "by": by, "at": at, "came_to": came_to, "closing_text": closing_text}
    row = conn.execute(_CLOSE, values).one_or_none()
    if row is None:
        return None
    reports = list(conn.execute(_REPORTS, {"id": incident}).scalars())
    accompanying.wake(conn, reports, incident)
    _announce(conn, incident, row.community_id, row.building_ids, "incident_closed", closing_text, at)
    return reports


def _announce(
    conn: Connection, incident: str, community: str, buildings: Sequence[str], kind: str, said: str, at: datetime
) -> None:
    conn.execute(
        _ANNOUNCE,
        {
            "incident": incident,
            "community_id": community,
            "building_ids": list(buildings),
            "kind": kind,
            "facts": orjson.dumps({"text": said}).decode(),
            "at": at,
        },
    )


# -- what pages read ---------------------------------------------------------------------------------------------------

ALL_OPEN: Final = numbered("""
    SELECT id, community_id, order_kind, kind, title, text, categories, building_ids, takes_emergencies
    FROM incidents WHERE closed_at IS NULL ORDER BY opened_at, id""")


async def all_open(db: Direct) -> list[OpenIncident]:
    """Every open incident, the oldest first."""
    return [OpenIncident.model_validate(dict(row.items())) for row in await db.rows(ALL_OPEN, {})]


LISTED: Final = """
    SELECT i.id, i.community_id, c.name AS community, i.order_kind, i.kind, i.title, i.text, i.categories,
           i.building_ids, i.takes_emergencies, i.opened_at, i.closed_at, i.closing_text, i.came_to,
           o.account AS opened_by, o.name AS opened_by_name, k.account AS closed_by, k.name AS closed_by_name,
           coalesce((SELECT jsonb_agg(b.name ORDER BY b.name) FROM buildings b WHERE b.id = ANY(i.building_ids)), '[]')
               AS buildings,
           (SELECT count(*) FROM work_orders w WHERE w.incident_id = i.id AND w.open) AS reports
    FROM incidents i JOIN communities c ON c.id = i.community_id
    JOIN staff o ON o.id = i.opened_by LEFT JOIN staff k ON k.id = i.closed_by
    WHERE ('*' = ANY(CAST(:communities AS text[])) OR i.community_id = ANY(CAST(:communities AS text[])))"""

LIST: Final = numbered(f"""{LISTED}
    AND (CAST(:open AS boolean) IS NULL OR (i.closed_at IS NULL) = :open)
    ORDER BY i.closed_at IS NOT NULL, i.opened_at DESC, i.id DESC LIMIT :limit""")

ONE: Final = numbered(f"{LISTED} AND i.id = :id")

MEMBERS: Final = numbered("""
    SELECT w.number, w.place_label AS place, w.category, w.submitted_at, w.priority
    FROM work_orders w WHERE w.incident_id = :id AND w.open ORDER BY w.submitted_at, w.number LIMIT :limit""")


async def listed(db: Direct, communities: Sequence[str], is_open: bool | None, limit: int) -> list[Row]:
    """The incidents of some communities, open ones first, each time the newest first."""
    values = {"communities": list(communities), "open": is_open, "limit": limit}
    return [dict(row.items()) for row in await db.rows(LIST, values)]


async def one(db: Direct, incident: str, communities: Sequence[str]) -> Row | None:
    rows = await db.rows(ONE, {"id": incident, "communities": list(communities)})
    return dict(rows[0].items()) if rows else None


async def members(db: Direct, incident: str, limit: int) -> list[Row]:
    """The open reports that follow it, the oldest first."""
    return [dict(row.items()) for row in await db.rows(MEMBERS, {"id": incident, "limit": limit})]
