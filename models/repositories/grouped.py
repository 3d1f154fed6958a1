"""What pages read about groups: whom an order follows, who follows it, what is linked to it or looks like it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from models.repositories.direct import Direct, numbered
from models.repositories.reading import EXISTS_FOR_ME, READS_WORDS, Onlooker

Row = dict[str, Any]

AROUND: Final = numbered("""
    WITH news AS (
        SELECT * FROM timeline_events
        WHERE number = ANY(CAST(:leaders AS text[])) AND audience = 'reporter'
            AND (stage IS NOT NULL OR by_kind = 'staff')
    ), leader AS (SELECT number, stage, state, assignee_id FROM work_orders WHERE number = :primary),
    named AS (SELECT by_id AS id FROM news UNION SELECT assignee_id FROM leader)
    SELECT (SELECT to_jsonb(leader) FROM leader) AS primary,
           (SELECT jsonb_build_object('id', i.id, 'kind', i.kind, 'title', i.title, 'text', i.text,
                        'opened_at', i.opened_at, 'closed_at', i.closed_at)
            FROM incidents i WHERE i.id = :incident) AS incident,
           coalesce((SELECT jsonb_agg(jsonb_build_object('number', f.number, 'place', f.place_label,
                        'submitted_at', f.submitted_at, 'reporter', coalesce(r.name, f.contact_name))
                        ORDER BY f.submitted_at, f.number)
                     FROM work_orders f LEFT JOIN residents r ON f.reporter_kind = 'resident' AND r.id = f.reporter_id
                     WHERE f.primary_number = :number AND f.open), '[]') AS followers,
           (SELECT count(*) FROM public_joins j WHERE j.number = :number) AS neighbours,
           coalesce((SELECT jsonb_agg(jsonb_build_object('number', o.number, 'kind', o.kind, 'stage', o.stage,
                        'place', o.place_label, 'category', o.category, 'why', l.why, 'note', l.note, 'at', l.at)
                        ORDER BY l.at, o.number)
                     FROM order_links l JOIN work_orders o ON o.number IN (l.number, l.other) AND o.number <> :number
                     WHERE (l.number = :number OR l.other = :number)
                       AND NOT CAST(:reader AS text) = ANY(o.excluded)), '[]') AS links,
           coalesce((SELECT jsonb_agg(to_jsonb(news) ORDER BY at, version, seq) FROM news), '[]') AS news,
           coalesce((SELECT jsonb_object_agg(s.id, jsonb_build_object('account', s.account, 'name', s.name,
                        'roles', s.roles)) FROM staff s WHERE s.id = ANY(ARRAY(SELECT id FROM named))), '{}') AS staff
""")


async def around(
    db: Direct, number: str, primary: str | None, incident: str | None, leaders: Sequence[str], reader: str
) -> Row:
    """Everything about an order's group in one round trip. `leaders` are all whom it has ever followed; what is kept
    from the `reader` is left out.
    """
    values = {"number": number, "primary": primary, "incident": incident, "leaders": list(leaders), "reader": reader}
    (row,) = await db.rows(AROUND, values)
    return dict(row.items())


ALIKE: Final = numbered(f"""
    SELECT w.number, w.place_label, w.category, w.stage, w.submitted_at, w.state->'place' AS place, w.description,
           w.state->'complaint' AS complaint
    FROM work_orders w
    WHERE w.community_id = :community AND w.kind = :kind AND w.category = :category AND w.open AND w.number <> :number
      AND w.primary_number IS NULL AND w.incident_id IS NULL AND w.finished_at IS NULL
      AND w.submitted_at BETWEEN :earliest AND :latest AND w.excluded = CAST(:excluded AS varchar[])
      AND {EXISTS_FOR_ME} AND {READS_WORDS}
    ORDER BY w.submitted_at DESC, w.number DESC LIMIT :limit""")  # noqa: S608 - only constants are put in
"""Open orders that could lead a group; those that follow another stand behind it."""

NOBODY: Final = Onlooker()

COMPARED_AT_MOST: Final = 200
"""Newest first: in a storm an incident is the better answer."""


async def alike(
    db: Direct,
    community: str,
    kind: str,
    category: str,
    at: datetime,
    within: timedelta,
    number: str = "",
    *,
    excluded: Sequence[str] = (),
    onlooker: Onlooker = NOBODY,
) -> list[Row]:
    """Open orders of the category, filed near that time, with their places: those that are kept from the same people
    as the one that they are compared with, and whose words the onlooker may read.
    """
    values = {
        "community": community,
        "kind": kind,
        "category": category,
        "number": number,
        "earliest": at - within,
        "latest": at + within,
        "limit": COMPARED_AT_MOST,
        "excluded": list(excluded),
    } | onlooker.values()
    return [dict(row.items()) for row in await db.rows(ALIKE, values)]
