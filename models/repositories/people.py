"""Staff as the actors of commands, for programs that act without a session: `./wuyou act` and the demo."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from models.domain.people import Actor, Role, Team

EVERYWHERE: Final = ("*",)
"""The scope of staff without communities of their own (`models.tables.people.StaffScope`)."""

_STAFF: Final = text(
    """
    SELECT s.id, s.roles, s.team, s.password_hash,
           array(SELECT community_id FROM staff_scopes c WHERE c.staff_id = s.id ORDER BY 1) AS communities
    FROM staff s WHERE s.account = :account AND s.active
    """
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
        communities=tuple(row.communities) or EVERYWHERE,
    )
    return actor, row.password_hash
