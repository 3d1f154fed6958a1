"""What has to be known about a notice at the moment of its delivery: recipient, order, people, what still holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, RowMapping, text

from models.domain import words
from models.domain.duty import DEPUTISES_FOR
from models.domain.notice_words import Subject
from models.domain.plates import PLATE
from models.domain.quiet_hours import QuietHours
from models.domain.rounds import PATROL
from models.repositories.people import SERVES
from models.repositories.prepared import Prepared
from models.repositories.rows_of import RANK_OTHER
from models.repositories.staffing import ABSENT, ON_DUTY, OWN_TURN, TODAY, WORK_KINDS


class Letter(BaseModel):
    """A notice with everything that its delivery decides by."""

    model_config = ConfigDict(frozen=True)

    id: str
    number: str
    version: int
    kind: str
    to_kind: str
    to_id: str
    template: str | None
    sms: str | None
    facts: dict[str, Any]
    urgent: bool
    delivery: str
    created_at: datetime

    task_open: bool
    """Whether the task that the notice depends on is still open; true for one that depends on none."""
    visit_stands: bool
    """Whether the visit that a reminder speaks of is still the one agreed on; true for all that is no such reminder."""
    order_open: bool
    community_id: str
    subject: Subject
    plate_sealed: bytes | None = None
    """Of the car that it is about; opened only to be sent."""
    visitor_sealed: bytes | None = None
    """Name of the visitor whom it announces; the same."""

    mini_openid: str | None
    service_openid: str | None
    credits: int
    """How many more messages of this template the recipient allows on the mini-program."""
    phone_sealed: bytes | None = None
    """The recipient's own; opened only to be sent to."""
    sms_allowed: bool
    """By the order's community."""
    used: tuple[str, ...]
    """Channels by which the recipient has been told of this before, where each attempt goes by the next one."""
    active: bool
    """False for staff who have left."""
    on_duty: bool
    """True for residents."""
    next_turn: datetime | None
    """When the recipient's next turn of duty begins, if it is planned."""
    deputy: str | None
    """Who acts today for a member of staff who is away, if they may do what the notice asks for."""
    quiet: QuietHours
    """Of the order's community."""


_DEPUTY: Final = f"""(SELECT s.id FROM absences ab JOIN staff s ON s.id = ab.deputy_id AND s.active
    WHERE ab.staff_id = n.to_id AND ab.ended_at IS NULL AND {TODAY} BETWEEN ab.since AND ab.until
      AND NOT n.facts ? '{DEPUTISES_FOR}'
      AND {SERVES.format(community="coalesce(w.community_id, pt.community_id)")}
      AND NOT s.id = ANY(coalesce(w.excluded, '{{}}'))
      AND (t.id IS NULL OR t.holder_id IS NOT NULL OR t.kind NOT IN ({", ".join(f"'{kind}'" for kind in WORK_KINDS)}))
    LIMIT 1)"""  # noqa: S608 - only constants are put in
"""Whoever deputises for the recipient of the notice `n`. Work out of the pool would become the deputy's own, so an
absentee's role is no reason to ring for it (`rights.by_whose_right`); nor is a deputy's own deputy told.
"""

_LETTER: Final = text(f"""
    SELECT n.id, coalesce(n.number, n.incident_id, n.patrol_id, n.vehicle_id) AS number, n.version, n.kind, n.to_kind,
           n.to_id, n.template, n.sms, n.facts, n.urgent, n.delivery, n.created_at,
           n.while_task IS NULL OR (t.id IS NOT NULL AND t.closed_at IS NULL) AS task_open,
           n.kind NOT IN ('visit_today', 'appointment_soon') OR n.facts->'visit' IS NULL
               OR n.facts->'visit' = w.state->'appointment' AS visit_stands,
           coalesce(w.open, true) AS order_open,
           coalesce(w.community_id, i.community_id, pt.community_id, car.community_id) AS community_id,
           coalesce(w.kind, CASE WHEN pt.id IS NOT NULL THEN '{PATROL}' WHEN car.id IS NOT NULL THEN '{PLATE}'
               ELSE 'incident' END) AS order_kind,
           coalesce(w.stage, '') AS stage,
           coalesce(w.place_label, walked.name, place.name) AS place_label, pt.spot,
           coalesce(c.title, w.category, i.title, pt.title, '') AS category,
           w.state->'hold'->>'reason' AS hold_reason, w.state->'move_car'->>'obstacle' AS obstacle,
           coalesce(t.due_at, t.gives_up_at, w.next_due_at, pt.due_at) AS due_at,
           named.name AS staff,
           r.openid AS mini_openid,
           coalesce(r.service_openid, s.openid) AS service_openid,
           coalesce(k.credits, 0) AS credits,
           coalesce(r.phone_sealed, s.phone_sealed) AS phone_sealed,
           coalesce(CAST(p.settings->>'sms' AS boolean), true) AS sms_allowed,
           CASE WHEN n.facts ? 'tried' THEN ARRAY(SELECT e.channel FROM notices e
               WHERE e.number = n.number AND e.kind = n.kind AND e.to_id = n.to_id AND e.channel IS NOT NULL
                 AND e.delivery IN ('sent', 'uncertain')) ELSE '{{}}' END AS used,
           s.id IS NULL OR s.active AS active,
           CASE WHEN s.id IS NULL THEN true ELSE {ON_DUTY} AND NOT {ABSENT} END AS on_duty,
           CASE WHEN s.id IS NOT NULL AND NOT n.urgent THEN
               (SELECT min(dt.starts_at) FROM duty_turns dt WHERE {OWN_TURN} AND dt.starts_at > now()) END AS next_turn,
           CASE WHEN s.id IS NOT NULL THEN {_DEPUTY} END AS deputy,
           coalesce(p.settings->'quiet', '{{}}') AS quiet,
           m.plate_sealed, v.name_sealed AS visitor_sealed
    FROM notices n
    LEFT JOIN work_orders w ON w.number = n.number
    LEFT JOIN incidents i ON i.id = n.incident_id
    LEFT JOIN patrols pt ON pt.id = n.patrol_id
    LEFT JOIN vehicles car ON car.id = n.vehicle_id
    LEFT JOIN buildings walked ON walked.id = pt.building_id
    LEFT JOIN communities place ON place.id = coalesce(i.community_id, pt.community_id, car.community_id)
    LEFT JOIN categories c ON c.kind = w.kind AND c.code = w.category
    LEFT JOIN tasks t ON t.id = n.while_task
    LEFT JOIN staff named ON named.id = n.facts->>'staff'
    LEFT JOIN aliases al ON n.to_kind = 'resident' AND al.id = n.to_id
    LEFT JOIN residents r ON n.to_kind = 'resident' AND r.id = coalesce(al.resident_id, n.to_id)
    LEFT JOIN staff s ON n.to_kind = 'staff' AND s.id = n.to_id
    LEFT JOIN policies p ON p.community_id = coalesce(w.community_id, pt.community_id)
    LEFT JOIN move_cars m ON m.number = n.number
    LEFT JOIN visitor_passes v ON v.number = n.number
    LEFT JOIN wechat_credits k ON k.openid = r.openid AND k.template = n.template
    WHERE n.id = ANY(:ids)
    FOR UPDATE OF n""")  # noqa: S608 - only constants are put in
_LETTERS_AT_REST: Final = Prepared("letters_at_rest", f"{_LETTER.text} SKIP LOCKED")

_POSTPONE: Final = text("UPDATE notices SET not_before = :until WHERE id = :id AND delivery = 'pending'")

_WISH_AGAIN: Final = text(f"""
    INSERT INTO outbox (id, action, number, version, rank, body, created_at, not_before, attempts)
    SELECT :outbox_id, 'notice', coalesce(number, patrol_id), version, {RANK_OTHER}, jsonb_build_object('notice', id),
           now(), :until, 0
    FROM notices WHERE id = :id
    ON CONFLICT (id) DO NOTHING
""")  # noqa: S608 - only constants are put in


def letter(conn: Connection, notice_id: str) -> Letter | None:
    """Locks the notice for the transaction. None for one that was forgotten with its step."""
    row = conn.execute(_LETTER, {"ids": [notice_id]}).mappings().one_or_none()
    return None if row is None else _letter(row)


def letters_at_rest(conn: Connection, notice_ids: Sequence[str]) -> list[Letter]:
    """Locks these notices, apart from those that somebody else is changing at this moment."""
    rows = _LETTERS_AT_REST.run(conn, {"ids": list(notice_ids)}).mappings()
    return [_letter(row) for row in rows]


SEALED: Final = ("plate_sealed", "phone_sealed", "visitor_sealed")


def _letter(row: RowMapping) -> Letter:
    sealed = {name: None if row[name] is None else bytes(row[name]) for name in SEALED}
    return Letter(subject=_subject(row), **{**row, **sealed})


def _subject(row: RowMapping) -> Subject:
    return Subject(
        number=row["number"],
        kind=row["order_kind"],
        stage=row["stage"],
        place=f"{row['place_label']} {words.SPOTS[row['spot']]}" if row["spot"] else row["place_label"],
        category=words.category(row["order_kind"], row["category"]),
        at=row["created_at"],
        urgent=row["urgent"],
        staff=row["staff"],
        due_at=row["due_at"],
        hold_reason=row["hold_reason"],
        obstacle=row["obstacle"],
    )


def hold_back(conn: Connection, notice_id: str, until: datetime) -> None:
    """Wish for the notice once more, later. A new outbox row, because Temporal starts nothing twice under one id."""
    conn.execute(_POSTPONE, {"id": notice_id, "until": until})
    again = f"{notice_id}@{int(until.timestamp())}"
    conn.execute(_WISH_AGAIN, {"id": notice_id, "outbox_id": again, "until": until})


_LOOK_AGAIN: Final = text(f"""
    INSERT INTO outbox (id, action, number, version, rank, body, created_at, not_before, attempts)
    SELECT n.id || '@' || CAST(extract(epoch FROM now()) AS bigint), 'notice', coalesce(n.number, n.patrol_id),
        n.version, {RANK_OTHER}, jsonb_build_object('notice', n.id), now(), now(), 0
    FROM notices n JOIN staff s ON s.id = n.to_id
    WHERE n.to_kind = 'staff' AND n.delivery = 'pending' AND (s.id = :staff OR s.team = :team)
      AND EXISTS (SELECT 1 FROM outbox o
          WHERE o.action = 'notice' AND o.done_at IS NULL AND o.body->>'notice' = n.id AND o.id <> n.id)
    ON CONFLICT (id) DO NOTHING
""")  # noqa: S608 - only constants are put in
"""A second wish beside the one that waits, so that what must go on waiting still has that one."""


def look_again(conn: Connection, *, staff: str | None = None, team: str | None = None) -> None:
    """Somebody's duty, or that of a team, has changed: what waits for it is decided once more. Then wake the relay."""
    conn.execute(_LOOK_AGAIN, {"staff": staff, "team": team})
