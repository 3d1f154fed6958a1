"""Rounds and patrols as the API reads and writes them. What the Schedule's workflow writes: `patrolling`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import DateTime, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.domain.rounds import STAND_INS, Duty, RoundPlan
from models.repositories.direct import Direct, numbered
from models.repositories.live import PATROL_CHANGED
from models.repositories.people import SERVES

Row = dict[str, Any]

_NOW: Final = bindparam("now", type_=DateTime(timezone=True))

NAMED_PLACE: Final = "LEFT JOIN buildings b ON b.id = {t}.building_id LEFT JOIN staff d ON d.id = {t}.duty_staff"
PLACE_AND_DUTY: Final = """{t}.building_id, b.name AS building, {t}.spot, {t}.category, {t}.duty_role, {t}.duty_team,
    {t}.duty_staff, d.account AS duty_account, d.name AS duty_name"""

IN_REACH: Final = "('*' = ANY(CAST(:communities AS text[])) OR {t}.community_id = ANY(CAST(:communities AS text[])))"

# -- plans ------------------------------------------------------------------------------------------------------------

ROUNDS: Final = numbered(f"""
    SELECT r.id, r.community_id, r.title, {PLACE_AND_DUTY.format(t="r")}, r.checks, r.weekdays, r.times, r.paused,
           r.version, r.applied_version, r.planned_at, p.name AS planned_by
    FROM rounds r {NAMED_PLACE.format(t="r")} JOIN staff p ON p.id = r.planned_by
    WHERE {IN_REACH.format(t="r")} AND (CAST(:id AS text) IS NULL OR r.id = :id)
    ORDER BY r.community_id, r.title, r.id""")  # noqa: S608 - only constants of this module are put in


async def plans(db: Direct, communities: Sequence[str], round_id: str | None = None) -> list[Row]:
    """The rounds of some communities, `*` being all of them; or the one with this id, if it is among them."""
    found = await db.rows(ROUNDS, {"communities": list(communities), "id": round_id})
    return [dict(row.items()) for row in found]


_WRITE: Final = text("""
    INSERT INTO rounds (id, community_id, title, building_id, spot, category, checks, weekdays, times, duty_role,
        duty_team, duty_staff, paused, version, applied_version, planned_by, planned_at)
    VALUES (:id, :community_id, :title, :building_id, :spot, :category, :checks, :weekdays, :times, :duty_role,
        :duty_team, :duty_staff, :paused, 1, 0, :by, :now)""").bindparams(_NOW)

_CHANGE: Final = text("""
    UPDATE rounds SET title = :title, building_id = :building_id, spot = :spot, category = :category, checks = :checks,
        weekdays = :weekdays, times = :times, duty_role = :duty_role, duty_team = :duty_team, duty_staff = :duty_staff,
        paused = :paused, version = version + 1, planned_by = :by, planned_at = :now
    WHERE id = :id AND community_id = :community_id AND version = :version""").bindparams(_NOW)


async def write_plan(conn: AsyncConnection, round_id: str, plan: RoundPlan, by: str, now: datetime) -> None:
    """A new round. The worker makes its Schedule within seconds (`workers.schedules`)."""
    await conn.execute(_WRITE, {"id": round_id, "by": by, "now": now, **_columns(plan)})


async def change_plan(
    conn: AsyncConnection, round_id: str, version: int, plan: RoundPlan, by: str, now: datetime
) -> bool:
    """False when somebody has changed it since `version`. A round never moves to another community."""
    values = {"id": round_id, "version": version, "by": by, "now": now, **_columns(plan)}
    return (await conn.execute(_CHANGE, values)).rowcount == 1


def _columns(plan: RoundPlan) -> Row:
    return {
        "community_id": plan.community_id,
        "title": plan.title,
        "building_id": plan.building_id,
        "spot": plan.spot.value,
        "category": plan.category,
        "checks": list(plan.checks),
        "weekdays": sorted(plan.rhythm.weekdays),
        "times": [f"{at:%H:%M}" for at in sorted(plan.rhythm.times)],
        "duty_role": plan.duty.role,
        "duty_team": plan.duty.team,
        "duty_staff": plan.duty.staff,
        "paused": plan.paused,
    }


def duty_of(row: Any) -> Duty:
    """Whose it is, from a row of a round or a patrol."""
    return Duty(role=row["duty_role"], team=row["duty_team"], staff=row["duty_staff"])


# -- walks ------------------------------------------------------------------------------------------------------------

MINE: Final = "(p.duty_staff = :me OR p.duty_team = :team OR p.duty_role = ANY(CAST(:roles AS text[])))"

_STAND_INS: Final = ", ".join(f"'{role}'" for role in STAND_INS)

DUE_IN_BOX: Final[Mapping[str, str]] = {
    "mine": "p.duty_staff = :self_id",
    "pool": "(p.duty_team = :team OR p.duty_role = ANY(CAST(:own_roles AS text[])))",
    "team": f"""(p.duty_team = :team OR p.duty_staff IN (SELECT id FROM staff WHERE team = :team)
        OR EXISTS (SELECT 1 FROM staff m WHERE m.team = :team AND m.active AND p.duty_role = ANY(m.roles))
        OR CAST(:own_roles AS text[]) && ARRAY[{_STAND_INS}])""",  # noqa: S608 - only constants are put in
}
"""Whose inbox a walk that is due lies in. Mine: it is mine by name. Pool: my role's or my team's, and whoever comes
first walks it. Team: somebody of my team may walk it, or I may step in. A deputy walks nothing for an absentee.
"""

DUE_FOR_ME: Final = f"p.status = 'open' AND {IN_REACH.format(t='p')}"

PATROL: Final = f"""p.id, p.round_id, p.community_id, c.name AS community, p.title, {PLACE_AND_DUTY.format(t="p")},
    p.scheduled_at, p.due_at, p.status, p.ended_at"""

ITEMS: Final = """(SELECT jsonb_agg(jsonb_build_object('position', i.position, 'title', i.title, 'result', i.result,
        'note', i.note, 'number', i.number, 'by', s.name, 'at', i.at) ORDER BY i.position)
    FROM patrol_items i LEFT JOIN staff s ON s.id = i.by_id WHERE i.patrol_id = p.id) AS items"""

NEWEST: Final = "ORDER BY p.scheduled_at DESC, p.id DESC"


async def patrols(
    db: Direct,
    communities: Sequence[str],
    *,
    me: str,
    team: str,
    roles: Sequence[str],
    mine: bool = False,
    status: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int,
) -> list[Row]:
    """Walks of these communities with their items, newest first. `mine`: those that are this person's duty."""
    where, values = "", Row(communities=list(communities), limit=limit)
    if mine:
        where += f" AND {MINE}"
        values |= {"me": me, "team": team, "roles": list(roles)}
    if status is not None:
        where += " AND p.status = :status"
        values["status"] = status
    if after is not None:
        where += " AND (p.scheduled_at, p.id) < (:at, :after_id)"
        values |= {"at": after[0], "after_id": after[1]}
    sql = f"""
        SELECT {PATROL}, {ITEMS} FROM (
            SELECT p.* FROM unnest(CAST(:communities AS text[])) AS reach(id) CROSS JOIN LATERAL (
                SELECT * FROM patrols p WHERE p.community_id = reach.id{where} {NEWEST} LIMIT :limit
            ) p {NEWEST} LIMIT :limit
        ) p JOIN communities c ON c.id = p.community_id {NAMED_PLACE.format(t="p")} {NEWEST}"""  # noqa: S608 - only constants
    return [dict(row.items()) for row in await db.rows(numbered(sql), values)]


ONE: Final = numbered(f"""
    SELECT {PATROL}, {ITEMS}
    FROM patrols p JOIN communities c ON c.id = p.community_id {NAMED_PLACE.format(t="p")}
    WHERE {IN_REACH.format(t="p")} AND p.id = :id""")  # noqa: S608 - only constants of this module are put in


async def patrol(db: Direct, communities: Sequence[str], patrol_id: str) -> Row | None:
    rows = await db.rows(ONE, {"communities": list(communities), "id": patrol_id})
    return dict(rows[0].items()) if rows else None


MISSED: Final = numbered(f"""
    SELECT count(*) AS missed FROM patrols p
    WHERE {IN_REACH.format(t="p")} AND p.scheduled_at > :since AND p.status = 'missed'""")  # noqa: S608 - only constants


async def missed(db: Direct, communities: Sequence[str], since: datetime) -> int:
    """How many walks that were planned since then were never made."""
    (row,) = await db.rows(MISSED, {"communities": list(communities), "since": since})
    return int(row["missed"])


_LOCK: Final = numbered("""
    SELECT p.community_id, p.building_id, p.spot, p.category, p.duty_role, p.duty_team, p.duty_staff, p.status,
           i.title AS item, i.result
    FROM patrols p JOIN patrol_items i ON i.patrol_id = p.id AND i.position = :position
    WHERE p.id = :id FOR UPDATE OF p, i""")


async def lock_item(db: Direct, patrol_id: str, position: int) -> Row | None:
    """An item with its patrol, both locked in the caller's transaction: ticks and the end of the patrol come one after
    the other, and whoever has waited sees what the other has ticked.
    """
    rows = await db.rows(_LOCK, {"id": patrol_id, "position": position})
    return dict(rows[0].items()) if rows else None


_TICK: Final = numbered("""
    UPDATE patrol_items SET result = :result, note = :note, number = :number, by_id = :by, at = :now
    WHERE patrol_id = :id AND position = :position""")
_DONE: Final = numbered(f"""
    WITH done AS (
        UPDATE patrols SET status = 'done', ended_at = :now WHERE id = :id AND status = 'open'
          AND NOT EXISTS (SELECT 1 FROM patrol_items WHERE patrol_id = :id AND result IS NULL)
        RETURNING id, community_id)
    {PATROL_CHANGED} FROM done""")  # noqa: S608 - only constants are put in


async def tick(
    db: Direct,
    patrol_id: str,
    position: int,
    *,
    result: str,
    note: str | None,
    number: str | None,
    by: str,
    now: datetime,
) -> None:
    """Write one item down; the last one ends the patrol. The caller holds the lock of `lock_item`."""
    values = {"id": patrol_id, "position": position, "result": result, "note": note, "number": number}
    await db.rows(_TICK, {**values, "by": by, "now": now})
    await db.rows(_DONE, {"id": patrol_id, "now": now})


WALKERS: Final = numbered(f"""
    SELECT s.id, s.account, s.name, s.team, s.roles FROM staff s
    WHERE s.active AND {SERVES.format(community=":community")} ORDER BY s.team, s.name, s.id""")  # noqa: S608 - constants


async def walkers(db: Direct, community_id: str) -> list[Row]:
    """Everybody who could be given a round of this community."""
    return [dict(row.items()) for row in await db.rows(WALKERS, {"community": community_id})]
