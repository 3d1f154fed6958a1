"""Who is on duty, away, in scope and how busy: one set of facts about staff in view of one order.

The same columns are read when a dispatcher looks for somebody, when an order assigns itself, and inside the
transaction that publishes an assignment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from models.domain.assignment import Candidate
from models.domain.lifecycles import LIFECYCLES
from models.domain.order import OrderState
from models.domain.people import Role
from models.repositories.direct import Direct, numbered
from models.repositories.people import COVERS, SERVES
from models.repositories.prepared import Prepared

Row = dict[str, Any]

WORK_KINDS: Final = tuple(
    sorted({spec.kind for lifecycle in LIFECYCLES.values() for spec in lifecycle.tasks.values() if spec.is_work})
)
"""Kinds of task that are the work itself; whoever holds one has an open order."""

TODAY: Final = "(now() AT TIME ZONE 'Asia/Shanghai')::date"

ABSENT: Final = f"""EXISTS (SELECT 1 FROM absences ab
    WHERE ab.staff_id = s.id AND ab.ended_at IS NULL AND {TODAY} BETWEEN ab.since AND ab.until)"""  # noqa: S608 - only constants of this module are put in
"""Whether the staff member `s` is away today."""

OWN_TURN: Final = f"""(dt.staff_id = s.id
    OR (dt.team = s.team AND {SERVES.format(community="dt.community_id")}))"""
"""Whether the turn `dt` is one of `s`, or of their team."""

ON_DUTY: Final = f"""(CASE
    WHEN coalesce((SELECT max(edge.at) FROM duty_turns dt
                   CROSS JOIN LATERAL (VALUES (dt.starts_at), (dt.ends_at)) edge(at)
                   WHERE {OWN_TURN} AND edge.at <= now()), '-infinity') > coalesce(s.duty_switched_at, '-infinity')
    THEN EXISTS (SELECT 1 FROM duty_turns dt WHERE {OWN_TURN} AND dt.starts_at <= now() AND now() < dt.ends_at)
    ELSE s.on_duty END)"""  # noqa: S608 - only constants are put in
"""Whether `s` is on duty now: whatever spoke last counts, the roster at the beginning and end of a shift or the
person's own switch.
"""

OPEN_ORDERS: Final = f"""(SELECT count(DISTINCT ot.number) FROM tasks ot
    WHERE ot.holder_id = s.id AND ot.closed_at IS NULL AND ot.number <> :number
      AND ot.kind IN ({", ".join(f"'{kind}'" for kind in WORK_KINDS)}))"""  # noqa: S608 - our own kinds of task
"""Other orders than `:number` whose work lies with `s`."""

FACTS: Final = f"""s.id, s.account, s.active, s.roles && CAST(:roles AS varchar[]) AS in_role,
    {SERVES.format(community=":community")}
        AND {COVERS.format(community=":community", building=":building")}
        AND NOT s.id = ANY(CAST(:excluded AS text[])) AS in_scope,
    {ABSENT} AS absent, {ON_DUTY} AND NOT {ABSENT} AS on_duty,
    coalesce((SELECT c.skill = ANY(s.skills) FROM categories c WHERE c.kind = :kind AND c.code = :category), true)
        AS skilled,
    {OPEN_ORDERS} AS open_orders, coalesce(s.cap, :cap) AS cap"""  # noqa: S608 - only constants are put in
"""The columns of a `Candidate`."""


def candidate(row: Mapping[str, Any]) -> Candidate:
    return Candidate(**{name: row[name] for name in Candidate.model_fields})


def facts_about(order: OrderState, cap: int) -> Row:
    """The values of `FACTS` for an order; `cap` holds for whoever has none of their own."""
    return {
        "number": order.number,
        "community": order.community_id,
        "building": order.place.building_id,
        "kind": order.kind,
        "category": order.category,
        "excluded": list(order.excluded),
        "cap": cap,
        "roles": [role.value for role in order.lifecycle.worker_roles],
    }


# -- whom a dispatcher may choose --------------------------------------------------------------------------------------

_ASSIGNABLE: Final = numbered(f"""
    SELECT {FACTS}, s.name, s.team,
        (SELECT d.name FROM absences ab JOIN staff d ON d.id = ab.deputy_id
         WHERE ab.staff_id = s.id AND ab.ended_at IS NULL AND {TODAY} BETWEEN ab.since AND ab.until LIMIT 1) AS deputy
    FROM staff s
    WHERE s.active AND s.roles && CAST(:roles AS varchar[]) AND {SERVES.format(community=":community")}
      AND NOT s.id = ANY(CAST(:excluded AS text[]))""")  # noqa: S608 - only constants are put in

_NAMED: Final = numbered(f"SELECT {FACTS} FROM staff s WHERE s.account = ANY(CAST(:accounts AS text[]))")  # noqa: S608


async def of_community(db: Direct, about: Row) -> list[Row]:
    """The active people of a community whose roles allow them the work, with names; nobody whom the order is kept from.

    `about` is from `facts_about`.
    """
    return [dict(row.items()) for row in await db.rows(_ASSIGNABLE, about)]


async def named(db: Direct, accounts: Sequence[str], about: Row) -> dict[str, Candidate]:
    """By account; unknown accounts are missing."""
    rows = await db.rows(_NAMED, {**about, "accounts": list(accounts)})
    return {row["account"]: candidate(row) for row in rows}


async def these_now(db: Direct, staff: Sequence[str], about: Row) -> list[Candidate]:
    """The same by id."""
    return [candidate(row) for row in await db.rows(_THESE_DIRECT, {**about, "staff": list(staff)})]


# -- an order that assigns itself --------------------------------------------------------------------------------------

_FITTING: Final = text(
    f"SELECT {FACTS} FROM staff s"  # noqa: S608 - only constants are put in
    " WHERE s.active AND s.roles && CAST(:roles AS varchar[]) AND " + SERVES.format(community=":community")
)

_SOMEBODY_ON_DUTY: Final = text(f"""
    SELECT EXISTS (SELECT 1 FROM staff s
        WHERE s.active AND s.roles && CAST(:roles AS varchar[]) AND {SERVES.format(community=":community")}
          AND {ON_DUTY} AND NOT {ABSENT})""")  # noqa: S608 - only constants are put in


def candidates(conn: Connection, about: Row) -> list[Candidate]:
    """Everybody of the community whose roles allow them the work."""
    return [candidate(row._asdict()) for row in conn.execute(_FITTING, about)]


def somebody_on_duty(conn: Connection, community_id: str, roles: Sequence[Role]) -> bool:
    """Whether anybody with one of these roles is on duty in the community now."""
    values = {"community": community_id, "roles": [role.value for role in roles]}
    found: bool = conn.execute(_SOMEBODY_ON_DUTY, values).scalar_one()
    return found


# -- inside a publish --------------------------------------------------------------------------------------------------

_LOCKED: Final = Prepared(
    "staff_locked", "SELECT id FROM staff WHERE id = ANY(CAST(:staff AS text[])) ORDER BY id FOR NO KEY UPDATE"
)

_THESE: Final = f"SELECT {FACTS} FROM staff s WHERE s.id = ANY(CAST(:staff AS text[]))"  # noqa: S608

_THESE_PREPARED: Final = Prepared("staff_these", _THESE)

_THESE_DIRECT: Final = numbered(_THESE)


def lock(conn: Connection, staff: Sequence[str]) -> None:
    """Until the transaction ends, nobody else gives these people work: of two at once, the second counts the first's.

    In the order of ids, as every publish locks people, so that no two can wait for each other.
    """
    _LOCKED.run(conn, {"staff": list(staff)})


def these(conn: Connection, staff: Sequence[str], about: Row) -> list[Candidate]:
    """The facts as they are now; call it after :func:`lock`."""
    return [candidate(row._asdict()) for row in _THESE_PREPARED.run(conn, {**about, "staff": list(staff)})]
