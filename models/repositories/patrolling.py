"""What the worker writes and reads of rounds: walks that begin and end by the clock, and plans that lack a Schedule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

from models.domain.duty import Member
from models.domain.people import Role
from models.domain.rounds import Rhythm
from models.repositories.live import PATROL_CHANGED
from models.repositories.people import SERVES
from models.repositories.rows_of import RANK_OTHER
from models.repositories.staffing import ABSENT, ON_DUTY
from models.tables.base import new_id

Row = Any

_ROUND: Final = text("SELECT * FROM rounds WHERE id = :id FOR SHARE")
_LAST: Final = text("SELECT max(scheduled_at) FROM patrols WHERE round_id = :id AND scheduled_at < :before")


def round_of(conn: Connection, round_id: str) -> Row | None:
    """The plan, as it stays until the transaction ends."""
    return conn.execute(_ROUND, {"id": round_id}).one_or_none()


def rhythm_of(plan: Row) -> Rhythm:
    return Rhythm(weekdays=plan.weekdays, times=plan.times)


def last_before(conn: Connection, round_id: str, at: datetime) -> datetime | None:
    """When the walk before was planned for."""
    last: datetime | None = conn.execute(_LAST, {"id": round_id, "before": at}).scalar_one()
    return last


_OPEN: Final = text(f"""
    WITH patrol AS (
        INSERT INTO patrols (id, round_id, community_id, title, building_id, spot, category, duty_role, duty_team,
            duty_staff, scheduled_at, due_at, status, ended_at)
        SELECT :patrol_id, id, community_id, title, building_id, spot, category, duty_role, duty_team, duty_staff, :at,
            :due_at, :status, CASE WHEN :status = 'missed' THEN CAST(:due_at AS timestamptz) END
        FROM rounds WHERE id = :id
        ON CONFLICT (round_id, scheduled_at) DO NOTHING
        RETURNING id, round_id, community_id
    ), items AS (
        INSERT INTO patrol_items (patrol_id, position, title)
        SELECT patrol.id, c.position, c.title FROM patrol JOIN rounds r ON r.id = patrol.round_id
        CROSS JOIN LATERAL unnest(r.checks) WITH ORDINALITY AS c(title, position)
    )
    {PATROL_CHANGED} FROM patrol""")  # noqa: S608 - only constants are put in
_FIND: Final = text("SELECT id, due_at, status FROM patrols WHERE round_id = :id AND scheduled_at = :at")


def open_patrol(conn: Connection, round_id: str, at: datetime, due_at: datetime, status: str) -> bool:
    """A walk with its items. False when it is there already: a time opens one walk, however often it fires."""
    values = {"patrol_id": new_id("pat"), "id": round_id, "at": at, "due_at": due_at, "status": status}
    return conn.execute(_OPEN, values).one_or_none() is not None


def patrol_at(conn: Connection, round_id: str, at: datetime) -> Row:
    return conn.execute(_FIND, {"id": round_id, "at": at}).one()


_MISS: Final = text(f"""
    WITH missed AS (
        UPDATE patrols SET status = 'missed', ended_at = :now WHERE id = :id AND status = 'open'
        RETURNING id, community_id)
    {PATROL_CHANGED} FROM missed""")  # noqa: S608 - only constants are put in


def miss(conn: Connection, patrol_id: str, now: datetime) -> bool:
    """The time is over. False when the walk was made, or has been given up before."""
    return conn.execute(_MISS, {"id": patrol_id, "now": now}).rowcount == 1


_MISS_OLDER: Final = text("""
    UPDATE patrols SET status = 'missed', ended_at = due_at
    WHERE round_id = :id AND status = 'open' AND due_at < :before RETURNING id""")


def miss_older(conn: Connection, round_id: str, before: datetime) -> list[str]:
    """Walks that were over before then and that nobody ended, because their workflow was lost."""
    return list(conn.execute(_MISS_OLDER, {"id": round_id, "before": before}).scalars())


# -- telling leads ----------------------------------------------------------------------------------------------------


_MISSED: Final = text("SELECT id FROM patrols WHERE id = ANY(:ids) AND status = 'missed' ORDER BY due_at DESC")

_LEADS: Final = text(f"""
    WITH leads AS (
        SELECT s.id, {ON_DUTY} AND NOT {ABSENT} AS on_duty, s.team = ANY(ARRAY(
            SELECT m.team FROM staff m
            WHERE p.duty_team = m.team OR p.duty_staff = m.id OR (m.active AND p.duty_role = ANY(m.roles))
        )) AS own
        FROM patrols p JOIN staff s ON 'lead' = ANY(s.roles) AND s.active
        WHERE p.id = :id AND {SERVES.format(community="p.community_id")}
    )
    SELECT id, on_duty FROM leads WHERE own OR NOT EXISTS (SELECT 1 FROM leads WHERE own) ORDER BY id""")  # noqa: S608

_TELL: Final = text(f"""
    WITH told AS (
        INSERT INTO notices (id, patrol_id, version, kind, to_kind, to_id, template, facts, urgent, created_at,
            delivery)
        SELECT :patrol || '-' || staff_id, :patrol, 0, 'missed', 'staff', staff_id, 'task',
            jsonb_build_object('count', CAST(:count AS int)), false, :now, 'pending'
        FROM unnest(CAST(:staff AS text[])) AS staff_id
        ON CONFLICT (id) DO NOTHING
        RETURNING id, patrol_id
    )
    INSERT INTO outbox (id, action, number, version, rank, body, created_at, not_before, attempts)
    SELECT id, 'notice', patrol_id, 0, {RANK_OTHER}, jsonb_build_object('notice', id), :now, :now, 0 FROM told""")  # noqa: S608


def missed(conn: Connection, patrol_ids: Sequence[str]) -> list[str]:
    """Those of these walks that were not made, the latest first."""
    return list(conn.execute(_MISSED, {"ids": list(patrol_ids)}).scalars())


def leads_of(conn: Connection, patrol_id: str) -> list[Member]:
    """The leads of the team whose duty the walk was; where it has none, all leads."""
    return [
        Member(id=row.id, roles=(Role.LEAD,), on_duty=row.on_duty) for row in conn.execute(_LEADS, {"id": patrol_id})
    ]


def tell(conn: Connection, patrol_id: str, count: int, staff: Sequence[str], now: datetime) -> None:
    """Write these a notice of so many walks that nobody made, of which this is the latest; once, however often."""
    conn.execute(_TELL, {"patrol": patrol_id, "count": count, "staff": list(staff), "now": now})


# -- Schedules --------------------------------------------------------------------------------------------------------


class Planned(NamedTuple):
    """What a Schedule is made of."""

    id: str
    community_id: str
    title: str
    weekdays: list[int]
    times: list[str]
    paused: bool
    version: int


_PLANNED: Final = text("SELECT id, community_id, title, weekdays, times, paused, version FROM rounds ORDER BY id")
_UNAPPLIED: Final = text("""
    SELECT id, community_id, title, weekdays, times, paused, version FROM rounds
    WHERE applied_version < version ORDER BY id LIMIT :limit""")
_APPLIED: Final = text("UPDATE rounds SET applied_version = :version WHERE id = :id AND applied_version < :version")


def planned(conn: Connection) -> list[Planned]:
    return [Planned(*row) for row in conn.execute(_PLANNED)]


def unapplied(conn: Connection, limit: int) -> list[Planned]:
    """Rounds that were changed since their Schedule was made."""
    return [Planned(*row) for row in conn.execute(_UNAPPLIED, {"limit": limit})]


def applied(conn: Connection, round_id: str, version: int) -> None:
    """The Schedule follows the plan up to this version."""
    conn.execute(_APPLIED, {"id": round_id, "version": version})
