"""The log of guard posts. A shift is locked while anything of it changes, so that handing over has one moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import DateTime, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.domain.shifts import Standing
from models.repositories.direct import Direct, numbered
from models.repositories.rounds import IN_REACH
from models.tables.base import new_id

Row = dict[str, Any]

_NOW: Final = bindparam("now", type_=DateTime(timezone=True))

SHIFT: Final = """s.id, s.community_id, c.name AS community, s.post, s.begun_at, s.handed_over_at, s.taken_over_at,
    s.previous_id, s.begun_by AS begun_by_id, s.handed_over_by AS handed_over_by_id, g.name AS begun_by,
    h.name AS handed_over_by, t.name AS taken_over_by"""
PEOPLE: Final = """JOIN communities c ON c.id = s.community_id JOIN staff g ON g.id = s.begun_by
    LEFT JOIN staff h ON h.id = s.handed_over_by LEFT JOIN staff t ON t.id = s.taken_over_by"""
OPEN_POINTS: Final = """(SELECT count(*) FROM shift_entries e
    WHERE e.shift_id = s.id AND e.open_point AND e.settled_at IS NULL) AS open_points"""
ENTRIES: Final = """coalesce((
    SELECT jsonb_agg(jsonb_build_object('id', e.id, 'at', e.at, 'by', a.name, 'text', e.text,
            'open_point', e.open_point, 'carried', e.origin_id <> e.id, 'settled_at', e.settled_at,
            'settled_by', z.name, 'photos', coalesce((
                SELECT jsonb_agg(jsonb_build_object('id', p.id, 'status', p.status) ORDER BY p.created_at, p.id)
                FROM shift_photos f JOIN photos p ON p.id = f.photo_id WHERE f.entry_id = e.origin_id), '[]'))
        ORDER BY e.origin_id = e.id, e.at, e.id)
    FROM shift_entries e JOIN staff a ON a.id = e.by_id LEFT JOIN staff z ON z.id = e.settled_by
    WHERE e.shift_id = s.id), '[]') AS entries"""


async def shifts(
    db: Direct,
    communities: Sequence[str],
    *,
    current: bool = False,
    after: tuple[datetime, str] | None = None,
    limit: int,
) -> list[Row]:
    """The shifts of some communities, newest first; `current` leaves out those that somebody has taken over."""
    sql = f"SELECT {SHIFT}, {OPEN_POINTS} FROM shifts s {PEOPLE} WHERE {IN_REACH.format(t='s')}"  # noqa: S608 - constants
    values: Row = {"communities": list(communities), "limit": limit}
    if current:
        sql += " AND s.taken_over_at IS NULL"
    if after is not None:
        sql += " AND (s.begun_at, s.id) < (:at, :after_id)"
        values |= {"at": after[0], "after_id": after[1]}
    sql += " ORDER BY s.begun_at DESC, s.id DESC LIMIT :limit"
    return [dict(row.items()) for row in await db.rows(numbered(sql), values)]


ONE: Final = numbered(f"SELECT {SHIFT}, {OPEN_POINTS}, {ENTRIES} FROM shifts s {PEOPLE} WHERE s.id = :id")  # noqa: S608


async def shift(db: Direct, shift_id: str) -> Row | None:
    """One shift with its log: what was carried on comes first. The question of scope is the caller's."""
    rows = await db.rows(ONE, {"id": shift_id})
    return dict(rows[0].items()) if rows else None


PHOTO_OF: Final = numbered("""
    SELECT s.community_id FROM shift_photos f JOIN shift_entries e ON e.id = f.entry_id
    JOIN shifts s ON s.id = e.shift_id WHERE f.photo_id = :photo""")


async def community_of_photo(db: Direct, photo_id: str) -> str | None:
    """Where the log is that shows this photo."""
    rows = await db.rows(PHOTO_OF, {"photo": photo_id})
    return rows[0]["community_id"] if rows else None


# -- changes ----------------------------------------------------------------------------------------------------------

_BEGIN: Final = text("""
    INSERT INTO shifts (id, community_id, post, begun_at, begun_by, previous_id)
    VALUES (:id, :community_id, :post, :now, :by, :previous)
    ON CONFLICT DO NOTHING""").bindparams(_NOW)
_LOCK: Final = text("""
    SELECT community_id, post, begun_by, handed_over_by, handed_over_at, taken_over_at
    FROM shifts WHERE id = :id FOR UPDATE""")
_WRITE: Final = text("""
    INSERT INTO shift_entries (id, shift_id, origin_id, at, by_id, text, open_point)
    VALUES (:id, :shift, :id, :now, :by, :text, :open_point)""").bindparams(_NOW)
_SHOW: Final = text("INSERT INTO shift_photos (photo_id, entry_id) VALUES (:photo, :entry) ON CONFLICT DO NOTHING")
_SETTLE: Final = text("""
    UPDATE shift_entries SET settled_at = :now, settled_by = :by
    WHERE id = :entry AND shift_id = :shift AND open_point AND settled_at IS NULL""").bindparams(_NOW)
_HAND_OVER: Final = text("UPDATE shifts SET handed_over_at = :now, handed_over_by = :by WHERE id = :id").bindparams(
    _NOW
)
_TAKE_OVER: Final = text("UPDATE shifts SET taken_over_at = :now, taken_over_by = :by WHERE id = :id").bindparams(_NOW)
_UNSETTLED: Final = text("""
    SELECT origin_id, at, by_id, text FROM shift_entries
    WHERE shift_id = :shift AND open_point AND settled_at IS NULL ORDER BY at, id""")
_CARRY: Final = text("""
    INSERT INTO shift_entries (id, shift_id, origin_id, at, by_id, text, open_point)
    VALUES (:id, :shift, :origin_id, :at, :by_id, :text, true)""").bindparams(
    bindparam("at", type_=DateTime(timezone=True))
)


async def begin(
    conn: AsyncConnection,
    shift_id: str,
    community_id: str,
    post: str,
    by: str,
    now: datetime,
    previous: str | None = None,
) -> bool:
    """A new shift; without a previous one the first of its post. False when the post has one that goes on."""
    values = {"id": shift_id, "community_id": community_id, "post": post, "by": by, "previous": previous, "now": now}
    return (await conn.execute(_BEGIN, values)).rowcount == 1


async def lock(conn: AsyncConnection, shift_id: str) -> Standing | None:
    """What the rules need, as it stays until the transaction ends."""
    row = (await conn.execute(_LOCK, {"id": shift_id})).mappings().one_or_none()
    return None if row is None else Standing(**row)


async def write(
    conn: AsyncConnection, shift_id: str, said: str, open_point: bool, photo_ids: Sequence[str], by: str, now: datetime
) -> None:
    entry = new_id("ent")
    values = {"id": entry, "shift": shift_id, "now": now, "by": by, "text": said, "open_point": open_point}
    await conn.execute(_WRITE, values)
    for photo in photo_ids:
        await conn.execute(_SHOW, {"photo": photo, "entry": entry})


async def settle(conn: AsyncConnection, shift_id: str, entry_id: str, by: str, now: datetime) -> bool:
    """False when there is no such open point in this shift, or somebody has settled it."""
    return (await conn.execute(_SETTLE, {"shift": shift_id, "entry": entry_id, "by": by, "now": now})).rowcount == 1


async def hand_over(conn: AsyncConnection, shift_id: str, by: str, now: datetime) -> None:
    await conn.execute(_HAND_OVER, {"id": shift_id, "by": by, "now": now})


async def take_over(conn: AsyncConnection, shift_id: str, shift: Standing, by: str, now: datetime) -> str:
    """Ends the shift and begins the next one with what is still open. Answers the new shift's id."""
    await conn.execute(_TAKE_OVER, {"id": shift_id, "by": by, "now": now})
    following = new_id("shf")
    await begin(conn, following, shift.community_id, shift.post, by, now, previous=shift_id)
    for point in (await conn.execute(_UNSETTLED, {"shift": shift_id})).mappings().all():
        await conn.execute(_CARRY, {**point, "id": new_id("ent"), "shift": following})
    return following
