"""Staff as the actors of commands, for programs that act without a session: `./wuyou act` and the demo."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from models.domain.people import Actor, Role, Team

EVERYWHERE: Final = ("*",)
"""The scope of firm-wide staff, as `SCOPE` reads it."""

SCOPE: Final = """CASE WHEN s.firm_wide THEN CAST(ARRAY['*'] AS varchar[])
    ELSE ARRAY(SELECT sc.community_id FROM staff_scopes sc WHERE sc.staff_id = s.id ORDER BY 1) END AS communities"""
"""What the staff member `s` may see; nothing at all for want of rows."""

SERVES: Final = """(s.firm_wide
    OR EXISTS (SELECT 1 FROM staff_scopes sc WHERE sc.staff_id = s.id AND sc.community_id = {community}))"""
"""Whether the staff member `s` serves a community."""

_STAFF: Final = text(
    f"""
    SELECT s.id, s.roles, s.team, s.password_hash, {SCOPE}
    FROM staff s WHERE s.account = :account AND s.active
    """  # noqa: S608 - only constants of this module are put in
)


def staff_by_account(conn: Connection, account: str) -> tuple[Actor, str] | None:
    """The actor and their password's hash; None for an unknown account and for somebody who has left."""
    row = conn.execute(_STAFF, {"account": account}).one_or_none()
    if row is None:
        return None
    actor = Actor(
        kind="staff",
        id=row.id,
        roles=tuple(Role(role) for role in row.roles),
        team=Team(row.team),
        communities=tuple(row.communities),
    )
    return actor, row.password_hash
