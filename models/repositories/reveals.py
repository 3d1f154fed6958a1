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


REVEAL_CAR_USER: Final = numbered("""
    WITH found AS (
        SELECT w.number, r.phone_sealed AS sealed
        FROM work_orders w, jsonb_array_elements_text(w.state->'move_car'->'users') WITH ORDINALITY AS u(id, place)
        JOIN residents r ON r.id = u.id
        WHERE w.number = :number AND r.phone_sealed IS NOT NULL ORDER BY u.place LIMIT 1
    ), noted AS (
        INSERT INTO reveals (id, number, staff_id, what, at) SELECT :id, number, :staff_id, 'car_user', :at FROM found
        RETURNING number
    )
    SELECT sealed FROM found JOIN noted USING (number)""")


async def sealed_car_users_phone(db: Direct, number: str, staff_id: str, at: datetime) -> bytes | None:
    """The phone of a car's registrant, else of the household, noted as shown. None, and nothing noted, without one."""
    rows = await db.rows(REVEAL_CAR_USER, {"id": new_id("rev"), "number": number, "staff_id": staff_id, "at": at})
    return bytes(rows[0]["sealed"]) if rows else None


REVEAL_VISITOR: Final = numbered("""
    WITH found AS (
        SELECT CAST(:number AS text) AS number, v.phone_sealed AS sealed FROM visitor_passes v
        WHERE v.number = :pass AND v.phone_sealed IS NOT NULL
    ), noted AS (
        INSERT INTO reveals (id, number, staff_id, what, at) SELECT :id, number, :staff_id, 'visitor', :at FROM found
        RETURNING number
    )
    SELECT sealed FROM found JOIN noted USING (number)""")

REVEAL_HOST: Final = numbered("""
    WITH found AS (
        SELECT w.number, r.phone_sealed AS sealed
        FROM work_orders w, jsonb_array_elements_text(w.state->'visit'->'hosts') WITH ORDINALITY AS h(id, place)
        JOIN residents r ON r.id = h.id
        WHERE w.number = :number AND r.phone_sealed IS NOT NULL ORDER BY h.place LIMIT 1
    ), noted AS (
        INSERT INTO reveals (id, number, staff_id, what, at) SELECT :id, number, :staff_id, 'host', :at FROM found
        RETURNING number
    )
    SELECT sealed FROM found JOIN noted USING (number)""")


async def sealed_visitors_phone(db: Direct, number: str, pass_: str, staff_id: str, at: datetime) -> bytes | None:
    """The phone on a pass, noted as shown on the order for whose sake it was looked at, which may be another."""
    values = {"id": new_id("rev"), "number": number, "pass": pass_, "staff_id": staff_id, "at": at}
    rows = await db.rows(REVEAL_VISITOR, values)
    return bytes(rows[0]["sealed"]) if rows else None


async def sealed_hosts_phone(db: Direct, number: str, staff_id: str, at: datetime) -> bytes | None:
    """The phone of the first host of a visit who has one, noted as shown."""
    rows = await db.rows(REVEAL_HOST, {"id": new_id("rev"), "number": number, "staff_id": staff_id, "at": at})
    return bytes(rows[0]["sealed"]) if rows else None


async def sealed_phone(db: Direct, number: str, staff_id: str, at: datetime) -> bytes | None:
    """The phone of an order's contact, else the reporter's own, noted as shown to this staff member.

    None, and nothing noted, when there is neither.
    """
    rows = await db.rows(REVEAL, {"id": new_id("rev"), "number": number, "staff_id": staff_id, "at": at})
    return bytes(rows[0]["sealed"]) if rows else None
