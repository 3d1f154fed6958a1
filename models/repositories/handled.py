"""Requests that have been carried out, for those who must not carry them out again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

KEEP: Final = timedelta(days=7)
"""How long an idempotency key lives (`contract.md`)."""


class Before(NamedTuple):
    """A request that was carried out, and the order's version that it led to."""

    digest: str
    number: str | None
    version: int


_FIND: Final = text("SELECT digest, number, version FROM handled_requests WHERE update_id = :update_id")
_FORGET: Final = text("DELETE FROM handled_requests WHERE at < :before")


def find(conn: Connection, update_id: str) -> Before | None:
    row = conn.execute(_FIND, {"update_id": update_id}).one_or_none()
    return None if row is None else Before(*row)


def forget_old(conn: Connection, now: datetime) -> int:
    """Delete keys that have outlived their time; tells how many."""
    return conn.execute(_FORGET, {"before": now - KEEP}).rowcount
