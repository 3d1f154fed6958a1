"""Staff as the actors of commands, for programs that act without a session: `./wuyou act` and the demo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import JSONB

from models.domain.people import Absentee, Actor, Role, Team

EVERYWHERE: Final = ("*",)
"""The scope of firm-wide staff, as `SCOPE` reads it."""

SCOPE: Final = """CASE WHEN s.firm_wide THEN CAST(ARRAY['*'] AS varchar[])
    ELSE ARRAY(SELECT sc.community_id FROM staff_scopes sc WHERE sc.staff_id = s.id ORDER BY 1) END AS communities"""
"""What the staff member `s` may see; nothing at all for want of rows."""

SERVES: Final = """(s.firm_wide
    OR EXISTS (SELECT 1 FROM staff_scopes sc WHERE sc.staff_id = s.id AND sc.community_id = {community}))"""
"""Whether the staff member `s` serves a community."""

COVERS: Final = """(CAST({building} AS text) IS NULL OR NOT EXISTS (SELECT 1 FROM staff_scopes sc
    WHERE sc.staff_id = s.id AND sc.community_id = {community} AND sc.buildings <> '{{}}'
      AND NOT CAST({building} AS text) = ANY(sc.buildings)))"""
"""Whether a building of a community that `s` serves is theirs; what stands in no building is everybody's."""

NARROWED: Final = """ARRAY(SELECT sc.community_id FROM staff_scopes sc
        WHERE sc.staff_id = s.id AND sc.buildings <> '{}') AS narrowed,
    ARRAY(SELECT unnest(sc.buildings) FROM staff_scopes sc WHERE sc.staff_id = s.id) AS buildings"""
"""Where `s` serves some buildings only, and which."""

DEPUTISES: Final = """coalesce((SELECT jsonb_agg(jsonb_build_object('id', x.id, 'account', x.account, 'name', x.name,
        'roles', x.roles) ORDER BY x.account)
    FROM absences ab JOIN staff x ON x.id = ab.staff_id AND x.active
    WHERE ab.deputy_id = s.id AND ab.ended_at IS NULL
      AND (now() AT TIME ZONE 'Asia/Shanghai')::date BETWEEN ab.since AND ab.until), '[]') AS deputises"""
"""Those for whom `s` acts today."""

ACTING: Final = f"{SCOPE}, {NARROWED}, {DEPUTISES}"
"""What an actor needs beside id, roles and team."""

_STAFF: Final = text(
    f"""
    SELECT s.id, s.roles, s.team, s.password_hash, {ACTING}
    FROM staff s WHERE s.account = :account AND s.active
    """  # noqa: S608 - only constants of this module are put in
).columns(deputises=JSONB)


def staff_by_account(conn: Connection, account: str) -> tuple[Actor, str] | None:
    """The actor and their password's hash; None for an unknown account and for somebody who has left."""
    row = conn.execute(_STAFF, {"account": account}).one_or_none()
    if row is None:
        return None
    return actor_of(row._asdict()), row.password_hash


def actor_of(row: Mapping[str, Any]) -> Actor:
    """The actor behind a row with the columns of `ACTING`."""
    return Actor(
        kind="staff",
        id=row["id"],
        roles=tuple(Role(role) for role in row["roles"]),
        team=Team(row["team"]),
        communities=tuple(row["communities"]),
        narrowed=tuple(row["narrowed"]),
        buildings=tuple(row["buildings"]),
        deputises=tuple(Absentee(id=one["id"], roles=tuple(one["roles"])) for one in row["deputises"]),
    )
