"""What complaints need of the database: who is kept out, who an alias is, and the board."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from models.repositories.direct import Direct, numbered
from models.repositories.people import SERVES
from models.tables.base import new_id

Row = dict[str, Any]

SUBJECT: Final = numbered(f"""
    WITH RECURSIVE below(id) AS (
        SELECT s.id FROM staff s WHERE s.account = :account AND {SERVES.format(community=":community")}
        UNION SELECT s.id FROM staff s JOIN below b ON s.reports_to = b.id
    )
    SELECT s.id, s.name, s.roles, ARRAY(SELECT id FROM below ORDER BY id) AS excluded FROM staff s
    WHERE s.account = :account AND {SERVES.format(community=":community")}""")  # noqa: S608 - only constants are put in
"""UNION, and not UNION ALL, also ends where two are said to report to each other."""


class Complained(NamedTuple):
    """A member of staff complained of, and whom that keeps out: themselves and all who report to them."""

    id: str
    name: str
    roles: tuple[str, ...]
    excluded: tuple[str, ...]


async def complained_of(db: Direct, account: str, community_id: str) -> Complained | None:
    """None for an account that does not serve the community; also of somebody who has left meanwhile."""
    rows = await db.rows(SUBJECT, {"account": account, "community": community_id})
    return (
        Complained(rows[0]["id"], rows[0]["name"], tuple(rows[0]["roles"]), tuple(rows[0]["excluded"]))
        if rows
        else None
    )


SERVING: Final = numbered(f"""
    SELECT s.account, s.name, s.team FROM staff s WHERE s.active AND {SERVES.format(community=":community")}
    ORDER BY s.name, s.account""")  # noqa: S608 - only constants are put in


async def serving(db: Direct, community_id: str) -> list[Row]:
    """Who may be complained of in a community: `{account, name, team}`."""
    return [dict(row.items()) for row in await db.rows(SERVING, {"community": community_id})]


IDENTITY: Final = numbered("""
    WITH found AS (
        SELECT w.number, r.name, ARRAY(SELECT h.label FROM ties t JOIN houses h ON h.id = t.house_id
            WHERE t.resident_id = r.id AND t.until IS NULL AND h.community_id = w.community_id ORDER BY h.label)
            AS houses
        FROM work_orders w JOIN aliases a ON a.id = w.reporter_id JOIN residents r ON r.id = a.resident_id
        WHERE w.number = :number
    ), noted AS (
        INSERT INTO reveals (id, number, staff_id, what, at)
        SELECT :id, number, :staff, 'identity', :at FROM found RETURNING number
    )
    SELECT name, houses FROM found JOIN noted USING (number)""")


async def identity(db: Direct, number: str, staff_id: str, at: datetime) -> Row | None:
    """Who made an anonymous complaint, noted as shown to this member of staff. None for an order that hides nobody."""
    rows = await db.rows(IDENTITY, {"id": new_id("rev"), "number": number, "staff": staff_id, "at": at})
    return dict(rows[0].items()) if rows else None


# -- the board ---------------------------------------------------------------------------------------------------------

POST: Final = numbered("""
    INSERT INTO board_posts (number, community_id, category, text, answer, anonymous, published_by, published_at)
    VALUES (:number, :community, :category, :text, :answer, :anonymous, :staff, :at)
    ON CONFLICT (number) DO NOTHING RETURNING number""")


async def publish(db: Direct, post: Mapping[str, Any]) -> bool:
    """Put a suggestion on the board. False when it hangs there already."""
    return bool(await db.rows(POST, dict(post)))


BOARD: Final = numbered("""
    SELECT b.number, b.community_id, b.category, b.text, b.answer, b.anonymous, b.published_at, c.name AS community
    FROM board_posts b JOIN communities c ON c.id = b.community_id
    WHERE b.community_id = ANY(CAST(:communities AS text[])) AND (b.published_at, b.number) < (:at, :after)
    ORDER BY b.published_at DESC, b.number DESC LIMIT :limit""")


async def board(db: Direct, communities: list[str], after: tuple[datetime, str], limit: int) -> list[Row]:
    """What hangs on these communities' boards before `after`, newest first."""
    values = {"communities": communities, "at": after[0], "after": after[1], "limit": limit}
    return [dict(row.items()) for row in await db.rows(BOARD, values)]
