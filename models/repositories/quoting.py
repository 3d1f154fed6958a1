"""Whose word a quote needs, and the day's takings."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from models.domain.quotes import Parties
from models.repositories import policies

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
