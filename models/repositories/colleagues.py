"""Staff as their managers see and change them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from models.domain.staff_rights import Colleague
from models.repositories.direct import Direct, numbered
from models.repositories.live import STAFF_CHANGED
from models.repositories.staffing import ABSENT, ON_DUTY, WORK_KINDS

Row = dict[str, Any]

_SCOPES: Final = """coalesce((SELECT jsonb_agg(jsonb_build_object('community_id', sc.community_id,
        'buildings', sc.buildings) ORDER BY sc.community_id)
    FROM staff_scopes sc WHERE sc.staff_id = s.id), '[]') AS scopes"""

_COLUMNS: Final = f"""s.id, s.account, s.name, s.team, s.roles, s.skills, s.cap, s.active, s.firm_wide, {_SCOPES},
    {ON_DUTY} AND NOT {ABSENT} AND s.active AS on_duty, {ABSENT} AS absent,
    (SELECT count(DISTINCT t.number) FROM tasks t WHERE t.holder_id = s.id AND t.closed_at IS NULL
        AND t.kind IN ({", ".join(f"'{kind}'" for kind in WORK_KINDS)})) AS open_orders,
    (SELECT count(*) FROM tasks t WHERE t.holder_id = s.id AND t.closed_at IS NULL) AS open_tasks"""  # noqa: S608

_OF_COMMUNITIES: Final = numbered(f"""
    SELECT {_COLUMNS} FROM staff s
    WHERE '*' = ANY(CAST(:communities AS text[])) OR (NOT s.firm_wide AND EXISTS (SELECT 1 FROM staff_scopes x
        WHERE x.staff_id = s.id AND x.community_id = ANY(CAST(:communities AS text[]))))
    ORDER BY s.active DESC, s.team, s.account""")  # noqa: S608 - only constants are put in

_BY_ACCOUNT: Final = numbered(f"SELECT {_COLUMNS} FROM staff s WHERE s.account = :account")  # noqa: S608


async def of_communities(db: Direct, communities: Sequence[str]) -> list[Row]:
    """Everybody who serves one of these, those who have left at the end; `*` is the whole firm."""
    return [dict(row.items()) for row in await db.rows(_OF_COMMUNITIES, {"communities": list(communities)})]


async def by_account(db: Direct, account: str) -> Row | None:
    rows = await db.rows(_BY_ACCOUNT, {"account": account})
    return dict(rows[0].items()) if rows else None


def colleague(row: Mapping[str, Any]) -> Colleague:
    """What the rules about people read of a row."""
    communities = [scope["community_id"] for scope in row["scopes"]]
    return Colleague(id=row["id"], active=row["active"], firm_wide=row["firm_wide"], communities=communities)


_LOCK: Final = text("SELECT id FROM staff WHERE id = :staff FOR UPDATE")

_APPOINT: Final = text("""
    UPDATE staff SET roles = :roles, team = :team, skills = :skills, cap = :cap, firm_wide = :firm_wide
    WHERE id = :staff
""")
_NO_SCOPES: Final = text("DELETE FROM staff_scopes WHERE staff_id = :staff")
_SCOPE: Final = text("""
    INSERT INTO staff_scopes (staff_id, community_id, buildings)
    SELECT :staff, said.community_id, said.buildings
    FROM jsonb_to_recordset(CAST(:scopes AS jsonb)) AS said(community_id text, buildings text[])
""")
_CHANGED: Final = text(STAFF_CHANGED.format(staff=":staff"))


def appoint(conn: Connection, staff: str, values: Mapping[str, Any], scopes: Sequence[Mapping[str, Any]]) -> None:
    """Give a person these roles, team, skills, cap and scope instead of what they had.

    `values` are `roles`, `team`, `skills`, `cap`, `firm_wide`; a scope is `{community_id, buildings}`.
    """
    conn.execute(_LOCK, {"staff": staff})
    conn.execute(_APPOINT, {"staff": staff, **values})
    conn.execute(_NO_SCOPES, {"staff": staff})
    conn.execute(_SCOPE, {"staff": staff, "scopes": json.dumps(list(scopes))})
    conn.execute(_CHANGED, {"staff": staff})


_PHONE: Final = numbered("SELECT phone_sealed FROM staff WHERE id = :staff")
_SET_PHONE: Final = text("UPDATE staff SET phone_sealed = :sealed WHERE id = :staff")


async def sealed_phone(db: Direct, staff: str) -> bytes | None:
    (row,) = await db.rows(_PHONE, {"staff": staff})
    return None if row["phone_sealed"] is None else bytes(row["phone_sealed"])


def set_phone(conn: Connection, staff: str, sealed: bytes | None) -> None:
    conn.execute(_SET_PHONE, {"staff": staff, "sealed": sealed})


# -- a technician's day ------------------------------------------------------------------------------------------------

_DAY: Final = numbered(f"""
    SELECT t.id, t.number, t.kind, t.order_kind, t.holder_id, t.roles, t.opened_at, t.due_at, t.gives_up_at,
           w.stage, w.priority, w.urged, w.category, w.place_label, w.description, w.community_id, w.submitted_at,
           true AS readable, w.state,
           w.next_due_at, w.started_at, s.account AS holder_account, s.name AS holder_name,
           (w.state->'appointment'->>'from')::timestamptz AS appointment_from,
           (w.state->'appointment'->>'to')::timestamptz AS appointment_to,
           (w.state->'hold'->>'until')::timestamptz AS held_until
    FROM tasks t JOIN work_orders w ON w.number = t.number JOIN staff s ON s.id = t.holder_id
    WHERE t.holder_id = ANY(CAST(:staff AS text[])) AND t.closed_at IS NULL
      AND NOT CAST(:staff AS text[]) && CAST(w.excluded AS text[])
      AND t.kind IN ({", ".join(f"'{kind}'" for kind in WORK_KINDS)})
    ORDER BY coalesce(greatest((w.state->'appointment'->>'from')::timestamptz,
                               (w.state->'hold'->>'until')::timestamptz) >= :tomorrow, false),
             CASE w.priority WHEN 'emergency' THEN 0 ELSE 1 END,
             coalesce((w.state->'appointment'->>'from')::timestamptz, 'infinity'),
             coalesce(t.due_at, 'infinity'), t.id
    LIMIT :limit""")  # noqa: S608 - only our own kinds of task


async def day_of(db: Direct, staff: Sequence[str], tomorrow: datetime, limit: int) -> list[Row]:
    """Open work of these people: emergencies, then by appointment, then what has the least time left; what is agreed
    for tomorrow or later, or on hold until then, stands at the end. Whoever holds a task may read its words.
    """
    values = {"staff": list(staff), "tomorrow": tomorrow, "limit": limit}
    return [dict(row.items()) for row in await db.rows(_DAY, values)]
