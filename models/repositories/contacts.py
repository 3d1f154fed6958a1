"""Whom to ask for at the door. Names and phones stay in Postgres; the workflow only hears that they have changed.

A new contact waits beside the order until the step that records the change is published. So a command that is refused,
or of which nobody knows what became, leaves the order as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

from models.domain.step import Handled
from models.repositories.direct import Direct, numbered

_KEEP: Final = numbered("""
    INSERT INTO pending_contacts (update_id, digest, name, phone_sealed, at)
    VALUES (:update_id, :digest, :name, :phone, :at) ON CONFLICT (update_id, digest) DO NOTHING""")

_TAKE: Final = text("""
    WITH taken AS (
        DELETE FROM pending_contacts p USING unnest(CAST(:ids AS text[]), CAST(:digests AS text[])) AS h(id, digest)
        WHERE p.update_id = h.id AND p.digest = h.digest RETURNING p.name, p.phone_sealed, p.at
    )
    UPDATE work_orders SET contact_name = last.name, contact_phone_sealed = last.phone_sealed
    FROM (SELECT * FROM taken ORDER BY at DESC LIMIT 1) AS last WHERE number = :number""")

_FORGET: Final = text("DELETE FROM pending_contacts WHERE at < :before")


async def keep(db: Direct, request: Handled, name: str, phone_sealed: bytes, at: datetime) -> None:
    """Until the order's step says that this request has been carried out."""
    values = {"update_id": request.update_id, "digest": request.digest, "name": name, "phone": phone_sealed, "at": at}
    await db.rows(_KEEP, values)


def take(conn: Connection, number: str, handled: Sequence[Handled]) -> None:
    """Put what these requests brought onto the order, in the transaction of its step."""
    ids, digests = [one.update_id for one in handled], [one.digest for one in handled]
    conn.execute(_TAKE, {"number": number, "ids": ids, "digests": digests})


def forget(conn: Connection, before: datetime) -> int:
    """Those that no step has asked for since then."""
    return conn.execute(_FORGET, {"before": before}).rowcount
