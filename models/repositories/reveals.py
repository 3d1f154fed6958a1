"""Phone numbers as they are shown to staff: none without a row that tells who saw it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from models.repositories.direct import Direct, Numbered, numbered
from models.tables.base import new_id

_NOTED: Final = """, noted AS (
        INSERT INTO reveals (id, number, staff_id, what, at)
        SELECT :id, number, :staff_id, what, :at FROM found WHERE sealed IS NOT NULL
        RETURNING number
    )
    SELECT sealed FROM found JOIN noted USING (number)"""

REVEAL: Final = numbered(f"""
    WITH found AS (
        SELECT w.number, coalesce(w.contact_phone_sealed, r.phone_sealed) AS sealed,
               CASE WHEN w.contact_phone_sealed IS NULL THEN 'reporter' ELSE 'contact' END AS what
        FROM work_orders w LEFT JOIN residents r ON w.reporter_kind = 'resident' AND r.id = w.reporter_id
        WHERE w.number = :number
    ){_NOTED}""")  # noqa: S608 - only constants are put in


def _of_the_first(people: str, what: str) -> Numbered:
    """Of the first with a phone among those whom the state lists at this place."""
    return numbered(f"""
        WITH found AS (
            SELECT w.number, r.phone_sealed AS sealed, '{what}' AS what
            FROM work_orders w, jsonb_array_elements_text(w.state->{people}) WITH ORDINALITY AS u(id, place)
            JOIN residents r ON r.id = u.id
            WHERE w.number = :number AND r.phone_sealed IS NOT NULL ORDER BY u.place LIMIT 1
        ){_NOTED}""")  # noqa: S608 - only constants are put in


REVEAL_CAR_USER: Final = _of_the_first("'move_car'->'users'", "car_user")
REVEAL_HOST: Final = _of_the_first("'visit'->'hosts'", "host")
REVEAL_VISITOR: Final = numbered(f"""
    WITH found AS (
        SELECT CAST(:number AS text) AS number, v.phone_sealed AS sealed, 'visitor' AS what FROM visitor_passes v
        WHERE v.number = :pass
    ){_NOTED}""")  # noqa: S608 - only constants are put in


async def sealed_phone(db: Direct, number: str, staff_id: str, at: datetime) -> bytes | None:
    """The phone of an order's contact, else the reporter's own, noted as shown to this staff member.

    None, and nothing noted, when there is neither.
    """
    return await _noted(db, REVEAL, number, staff_id, at)


async def sealed_car_users_phone(db: Direct, number: str, staff_id: str, at: datetime) -> bytes | None:
    """The phone of a car's registrant, else of the household, noted as shown. None, and nothing noted, without one."""
    return await _noted(db, REVEAL_CAR_USER, number, staff_id, at)


async def sealed_hosts_phone(db: Direct, number: str, staff_id: str, at: datetime) -> bytes | None:
    """The phone of the first host of a visit who has one, noted as shown."""
    return await _noted(db, REVEAL_HOST, number, staff_id, at)


async def sealed_visitors_phone(db: Direct, number: str, pass_: str, staff_id: str, at: datetime) -> bytes | None:
    """The phone on a pass, noted as shown on the order for whose sake it was looked at, which may be another."""
    return await _noted(db, REVEAL_VISITOR, number, staff_id, at, {"pass": pass_})


async def _noted(
    db: Direct, statement: Numbered, number: str, staff_id: str, at: datetime, more: Mapping[str, str] | None = None
) -> bytes | None:
    values = {"id": new_id("rev"), "number": number, "staff_id": staff_id, "at": at, **(more or {})}
    rows = await db.rows(statement, values)
    return bytes(rows[0]["sealed"]) if rows else None
