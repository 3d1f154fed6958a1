"""Repairs in public areas as the neighbours see them, and who has joined them. Never a reporter or their words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from models.repositories.direct import Direct, numbered
from models.repositories.reading import NEWEST, TIE_HOLDS, OrderKey

Row = dict[str, Any]

PUBLIC: Final = """w.kind = 'repair' AND w.house_id IS NULL AND w.primary_number IS NULL AND w.incident_id IS NULL"""
"""Orders that follow another are counted with it, and not shown beside it."""

NEAR: Final = f"""EXISTS (SELECT FROM ties t JOIN houses h ON h.id = t.house_id
    WHERE t.resident_id = :resident AND h.community_id = w.community_id AND {TIE_HOLDS}
      AND (w.building_id IS NULL OR h.building_id = w.building_id)
      AND (w.state->'place'->>'unit' IS NULL OR h.unit = w.state->'place'->>'unit'))"""
"""A home in the same building and unit, as far as the place names them (`lifecycles.md`, "Public works")."""

COLUMNS: Final = """w.number, w.category, w.place_label, w.stage, w.submitted_at, w.next_due_at, w.finished_at,
    w.state->'place' AS place,
    (SELECT count(*) FROM public_joins j WHERE j.number = w.number)
        + (SELECT count(*) FROM work_orders f WHERE f.primary_number = w.number AND f.open) AS joined,
    EXISTS (SELECT FROM public_joins j WHERE j.number = w.number AND j.resident_id = :resident) AS joined_by_me,
    (w.reporter_kind = 'resident' AND w.reporter_id = :resident) AS mine,
    coalesce((SELECT jsonb_agg(p.id ORDER BY p.created_at, p.id) FROM photos p
              WHERE p.number = w.number AND p.used_as = 'after' AND p.status = 'ready'), '[]') AS photos"""


async def near(db: Direct, resident: str, after: OrderKey | None, limit: int) -> list[Row]:
    """The open public repairs near a resident's homes, newest first."""
    beyond = " AND (w.submitted_at, w.number) < (:at, :number)" if after is not None else ""
    sql = f"""
        SELECT {COLUMNS} FROM work_orders w
        WHERE w.community_id IN (SELECT h.community_id FROM ties t JOIN houses h ON h.id = t.house_id
                                 WHERE t.resident_id = :resident AND {TIE_HOLDS})
          AND w.open AND {PUBLIC} AND {NEAR}{beyond} {NEWEST}"""  # noqa: S608 - only constants of this module are put in
    values: Row = {"resident": resident, "limit": limit}
    if after is not None:
        values |= {"at": after.submitted_at, "number": after.number}
    return [dict(row.items()) for row in await db.rows(numbered(sql), values)]


ONE: Final = numbered(f"""
    SELECT {COLUMNS} FROM work_orders w
    WHERE w.number = :number AND {PUBLIC}
      AND (w.open OR EXISTS (SELECT FROM public_joins j WHERE j.number = w.number AND j.resident_id = :resident))
      AND {NEAR}""")  # noqa: S608 - only constants of this module are put in


async def one(db: Direct, resident: str, number: str) -> Row | None:
    """One of them; who has joined it still sees it after its end."""
    rows = await db.rows(ONE, {"resident": resident, "number": number})
    return dict(rows[0].items()) if rows else None


SOME: Final = numbered(f"SELECT {COLUMNS} FROM work_orders w WHERE w.number = ANY(CAST(:numbers AS text[]))")  # noqa: S608 - only constants of this module are put in


async def some(db: Direct, resident: str, numbers: Sequence[str]) -> dict[str, Row]:
    """By number, of public orders of a community where the resident lives."""
    rows = await db.rows(SOME, {"resident": resident, "numbers": list(numbers)})
    return {row["number"]: dict(row.items()) for row in rows}


PHOTO_NEAR: Final = numbered(f"""
    SELECT 1 AS found FROM photos p JOIN work_orders w ON w.number = p.number
    WHERE p.id = :photo AND p.used_as = 'after' AND p.status = 'ready' AND {PUBLIC} AND {NEAR}""")  # noqa: S608 - only constants of this module are put in


async def shows_photo(db: Direct, resident: str, photo: str) -> bool:
    """Whether a photo shows the result of a public repair near the resident."""
    return bool(await db.rows(PHOTO_NEAR, {"resident": resident, "photo": photo}))


_LOCK: Final = text(
    "SELECT finished_at IS NOT NULL OR NOT open FROM work_orders WHERE number = :number FOR NO KEY UPDATE"
)
_JOIN: Final = text(
    "INSERT INTO public_joins (number, resident_id, joined_at) VALUES (:number, :resident, :at) ON CONFLICT DO NOTHING"
)
_ACCOMPANY: Final = text("UPDATE work_orders SET accompanied = true WHERE number = :number AND NOT accompanied")


def join(conn: Connection, number: str, resident: str, at: datetime) -> bool:
    """我也遇到, once. False when the work was done meanwhile: the row is locked, so its news reaches whoever joined."""
    if conn.execute(_LOCK, {"number": number}).scalar_one():
        return False
    conn.execute(_JOIN, {"number": number, "resident": resident, "at": at})
    conn.execute(_ACCOMPANY, {"number": number})
    return True
