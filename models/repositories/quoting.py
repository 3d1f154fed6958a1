"""Whose word a quote needs, and the day's takings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from models.domain.quotes import Parties
from models.repositories import policies
from models.repositories.direct import Direct, numbered

Row = dict[str, Any]

_PARTIES: Final = text("""
    SELECT w.community_id, t.resident_id AS owner, coalesce(NOT r.is_minor, true) AS reporter_of_age
    FROM work_orders w
    LEFT JOIN ties t ON t.house_id = w.house_id AND t.kind = 'owner' AND t.until IS NULL
    LEFT JOIN residents r ON w.reporter_kind = 'resident' AND r.id = w.reporter_id
    WHERE w.number = :number""")


def parties(conn: Connection, number: str) -> Parties:
    """The owner of the house at this moment, and whether the reporter is of age."""
    row = conn.execute(_PARTIES, {"number": number}).one_or_none()
    if row is None:
        return Parties()
    limit = policies.policy_of(conn, row.community_id).quote_owner_above
    return Parties(owner=row.owner, limit=limit, reporter_of_age=row.reporter_of_age)


# -- the day's takings ------------------------------------------------------------------------------------------------

_CLAIM: Final = """
    SELECT t.number, t.community_id, w.kind, w.place_label, w.category, t.outcome, t.form->>'method' AS method,
           CAST(t.form->>'amount' AS bigint) AS amount, t.form->>'receipt_no' AS receipt_no,
           t.form->>'reason' AS reason, s.account AS by_account, s.name AS by_name, {more}
    FROM tasks t JOIN work_orders w ON w.number = t.number LEFT JOIN staff s ON s.id = t.closed_by
    WHERE t.kind = 'settle' AND {where}
      AND ('*' = ANY(CAST(:communities AS text[])) OR t.community_id = ANY(CAST(:communities AS text[])))
    ORDER BY at, t.id"""

_SETTLED: Final = numbered(
    _CLAIM.format(
        more="t.closed_at AS at, CAST(w.state->'settlement'->>'settled' AS bigint) AS total",
        where="t.outcome IN ('received', 'waived') AND t.closed_at >= :begin AND t.closed_at < :end",
    )
)
_OUTSTANDING: Final = numbered(
    _CLAIM.format(
        more="""t.opened_at AS at, CAST(w.state->'quote'->>'total' AS bigint)
           - coalesce(CAST(w.state->'settlement'->>'settled' AS bigint), 0) AS total""",
        where="t.closed_at IS NULL",
    )
)


async def settled(db: Direct, communities: Sequence[str], begin: datetime, end: datetime) -> list[Row]:
    """The claims of some communities (`*`: all) that were paid or waived from `begin` until before `end`, in order."""
    found = await db.rows(_SETTLED, {"communities": list(communities), "begin": begin, "end": end})
    return [dict(row.items()) for row in found]


async def outstanding(db: Direct, communities: Sequence[str]) -> list[Row]:
    """The claims still open, the oldest first; `total` is what may still be taken."""
    found = await db.rows(_OUTSTANDING, {"communities": list(communities)})
    return [dict(row.items()) for row in found]
