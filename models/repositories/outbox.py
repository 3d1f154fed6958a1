"""The outbox: wishes for Temporal, leased by a relay and carried out once.

A lease is a time in the row, not a lock: nothing is held while Temporal is called, and a relay that dies loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import JSONB

from models.repositories.prepared import Prepared
from models.repositories.rows_of import RANK_EMERGENCY, RANK_OTHER, RANK_START

LEASE: Final = timedelta(seconds=60)
"""Longer than the slowest call with its retries, so that two relays never carry out the same row at once."""

FIRST_DELAY: Final = timedelta(seconds=1)
LONGEST_DELAY: Final = timedelta(minutes=5)
"""A row that fails is tried again after 1, 2, 4 … seconds, and every five minutes in the end; it is never given up."""

KEEP_DONE: Final = timedelta(days=7)
"""How long a row that is done can still be looked at by an operator."""


@dataclass(frozen=True)
class Leased:
    id: str
    action: str
    number: str | None
    version: int | None
    rank: int
    body: dict[str, Any]
    attempts: int
    created_at: datetime


_DUE: Final = "done_at IS NULL AND not_before <= :now AND (leased_until IS NULL OR leased_until <= :now)"
_OLDEST: Final = "ORDER BY not_before, id"

_LEASE: Final = Prepared(
    "outbox_lease",
    f"""
    WITH emergencies AS (
        SELECT id, rank, not_before FROM outbox WHERE rank = {RANK_EMERGENCY} AND {_DUE} {_OLDEST} LIMIT :limit
        FOR UPDATE SKIP LOCKED
    ), starts AS (
        SELECT id, rank, not_before FROM outbox WHERE rank = {RANK_START} AND {_DUE} {_OLDEST} LIMIT :starts
        FOR UPDATE SKIP LOCKED
    ), others AS (
        SELECT id, rank, not_before FROM outbox WHERE rank = {RANK_OTHER} AND {_DUE} {_OLDEST} LIMIT :limit
        FOR UPDATE SKIP LOCKED
    ), next AS (
        SELECT id FROM (TABLE emergencies UNION ALL TABLE starts UNION ALL TABLE others) AS due
        ORDER BY rank, not_before, id LIMIT :limit
    )
    UPDATE outbox SET leased_until = :until, attempts = attempts + 1 FROM next WHERE outbox.id = next.id
    RETURNING outbox.id, action, number, version, rank, body, attempts, created_at, not_before
    """,  # noqa: S608 - only constants are put in
    body=JSONB,
)
"""Each rank by itself, so that what may not start yet is neither touched nor read past, however much of it there is."""


def lease(conn: Connection, limit: int, now: datetime, *, starts: int | None = None) -> list[Leased]:
    """The next rows that are due: emergencies, then at most so many `starts`, then the rest; of one rank the oldest
    first.
    """
    starts = limit if starts is None else min(starts, limit)
    rows = _LEASE.run(conn, {"limit": limit, "starts": starts, "now": now, "until": now + LEASE}).all()
    rows = sorted(rows, key=lambda row: (row.rank, row.not_before, row.id))
    return [
        Leased(row.id, row.action, row.number, row.version, row.rank, row.body, row.attempts, row.created_at)
        for row in rows
    ]


_DONE: Final = Prepared(
    "outbox_done",
    """
    WITH closed AS (
        UPDATE outbox SET done_at = :now, leased_until = NULL, error = NULL WHERE id = ANY(:ids)
        RETURNING action, number
    )
    UPDATE work_orders SET started_at = coalesce(started_at, :now) FROM closed
    WHERE closed.action = 'start' AND work_orders.number = closed.number
    """,
)


def done(conn: Connection, ids: Sequence[str], now: datetime) -> None:
    """These have been carried out. A start also marks its order as started."""
    _DONE.run(conn, {"ids": sorted(ids), "now": now})


_RELEASE: Final = text(
    """
    UPDATE outbox SET leased_until = NULL, attempts = greatest(attempts - 1, 0)
    WHERE id = ANY(:ids) AND done_at IS NULL
    """
)


def release(conn: Connection, ids: Sequence[str]) -> None:
    """Give leases back unused, as when Temporal is away. It counts as no attempt."""
    conn.execute(_RELEASE, {"ids": sorted(ids)})


_FAIL: Final = text(
    """
    UPDATE outbox SET leased_until = NULL, error = :error, not_before = CAST(:now AS timestamptz)
        + least(:longest * interval '1 second', :first * interval '1 second' * 2 ^ least(attempts - 1, 30))
    WHERE id = :id AND done_at IS NULL
    """
)


def fail(conn: Connection, row_id: str, error: str, now: datetime) -> None:
    """This row could not be carried out; it is tried again, ever more seldom."""
    conn.execute(
        _FAIL,
        {
            "id": row_id,
            "error": error,
            "now": now,
            "first": FIRST_DELAY.total_seconds(),
            "longest": LONGEST_DELAY.total_seconds(),
        },
    )


def waiting(conn: Connection, now: datetime) -> int:
    """How many rows are due and not done, leased ones included."""
    count: int = conn.execute(_WAITING, {"now": now}).scalar_one()
    return count


_WAITING: Final = text("SELECT count(*) FROM outbox WHERE done_at IS NULL AND not_before <= :now")


def forget_done(conn: Connection, now: datetime) -> int:
    """Delete what was done long ago; tells how many rows."""
    return conn.execute(_FORGET, {"before": now - KEEP_DONE}).rowcount


_FORGET: Final = text("DELETE FROM outbox WHERE done_at < :before")
