"""Phone numbers as they are shown to staff: none without a row that tells who saw it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from models.repositories.direct import Direct, numbered
from models.tables.base import new_id

REVEAL: Final = numbered("""
    WITH found AS (
        SELECT w.number, coalesce(w.contact_phone_sealed, r.phone_sealed) AS sealed,
               CASE WHEN w.contact_phone_sealed IS NULL THEN 'reporter' ELSE 'contact' END AS what
        FROM work_orders w LEFT JOIN residents r ON w.reporter_kind = 'resident' AND r.id = w.reporter_id
        WHERE w.number = :number
    ), noted AS (
        INSERT INTO reveals (id, number, staff_id, what, at)
        SELECT :id, number, :staff_id, what, :at FROM found WHERE sealed IS NOT NULL
        RETURNING number
    )
    SELECT sealed FROM found JOIN noted USING (number)""")


async def sealed_phone(db: Direct, number: str, staff_id: str, at: datetime) -> bytes | None:
    """The phone of an order's contact, else the reporter's own, noted as shown to this staff member.

    None, and nothing noted, when there is neither.
    """
    rows = await db.rows(REVEAL, {"id": new_id("rev"), "number": number, "staff_id": staff_id, "at": at})
    return bytes(rows[0]["sealed"]) if rows else None
