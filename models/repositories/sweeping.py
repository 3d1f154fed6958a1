"""Statements of the sweep: what was left behind, found by its age. Each may run twice, or in two processes at once."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from models.domain.lifecycles import LIFECYCLES
from models.repositories import accompanying
from models.repositories.rows_of import RANK_OF_START

PER_SWEEP: Final = 500
"""Rows of one statement, so that a sweep after a long pause holds no lock for seconds."""


CALLED_OFF: Final = sorted({stage for lifecycle in LIFECYCLES.values() for stage in lifecycle.called_off})


class Waiting(NamedTuple):
    """A pending notice and the standalone activity that should be delivering it."""

    notice_id: str
    activity_id: str


_WAITING: Final = text("""
    SELECT n.id, o.id FROM notices n
    JOIN LATERAL (
        SELECT id, done_at FROM outbox
        WHERE action = 'notice'
            AND (number = coalesce(n.number, n.patrol_id) AND (id = n.id OR body->>'notice' = n.id)
                OR coalesce(n.incident_id, n.vehicle_id) IS NOT NULL AND id = n.id)
        ORDER BY created_at DESC, id DESC LIMIT 1
    ) o ON o.done_at < :before
    WHERE n.delivery = 'pending' ORDER BY n.created_at LIMIT :limit
""")

_GIVE_UP: Final = text("""
    UPDATE notices SET delivery = 'centre_only', channel = 'centre', delivered_at = :at, error = :error
    WHERE id = :id AND delivery = 'pending'
""")

_ABANDONED: Final = text("""
    SELECT id, upload_key FROM photos WHERE status = 'awaiting' AND created_at < :before
    ORDER BY created_at LIMIT :limit
""")

_FORGET_PHOTO: Final = text("DELETE FROM photos WHERE id = :id AND status = 'awaiting'")

_FORGET_REQUESTS: Final = text("""
    DELETE FROM handled_requests WHERE update_id IN (
        SELECT update_id FROM handled_requests WHERE at < :before LIMIT :limit
    ) RETURNING update_id
""")

_START_AGAIN: Final = text(f"""
    INSERT INTO outbox (id, action, number, version, rank, body, created_at, not_before, attempts)
    SELECT number, 'start', number, version, {RANK_OF_START}, '{{}}'::jsonb, now(), now(), 0
    FROM work_orders w
    WHERE started_at IS NULL AND workflow_ended_at IS NULL AND submitted_at < :before AND open
        AND NOT EXISTS (SELECT FROM outbox o WHERE o.id = w.number AND o.done_at IS NULL)
    ORDER BY submitted_at LIMIT :limit
    ON CONFLICT (id) DO UPDATE SET done_at = NULL, leased_until = NULL, not_before = excluded.not_before
    RETURNING id
""")  # noqa: S608 - only constants are put in


_FORGOTTEN_FOLLOWERS: Final = text("""
    SELECT w.number FROM work_orders w
    LEFT JOIN work_orders p ON p.number = w.primary_number
    LEFT JOIN incidents i ON i.id = w.incident_id
    WHERE w.open AND w.workflow_ended_at IS NULL AND w.started_at IS NOT NULL
        AND (w.primary_number IS NOT NULL OR w.incident_id IS NOT NULL)
        AND (p.finished_at IS NOT NULL OR NOT p.open OR p.stage = ANY(:called_off) OR i.closed_at IS NOT NULL)
        AND coalesce(p.touched_at, i.closed_at) < :before AND w.touched_at < :before
        AND NOT EXISTS (SELECT FROM outbox o WHERE o.number = w.number AND o.action = 'command' AND o.done_at IS NULL)
    ORDER BY w.number LIMIT :limit
""")


def wake_forgotten(conn: Connection, before: datetime, now: datetime) -> list[str]:
    """Have orders look again that still follow what has been over since then: their wake-up was lost, or came while
    they were just joining.
    """
    numbers = list(
        conn.execute(_FORGOTTEN_FOLLOWERS, {"before": before, "called_off": CALLED_OFF, "limit": PER_SWEEP}).scalars()
    )
    accompanying.wake(conn, numbers, f"sweep-{int(now.timestamp())}")
    return numbers


def waiting(conn: Connection, before: datetime) -> list[Waiting]:
    """Undelivered notices whose activity was started before then."""
    return [Waiting(*row) for row in conn.execute(_WAITING, {"before": before, "limit": PER_SWEEP})]


def give_up(conn: Connection, notice_id: str, error: str, at: datetime) -> bool:
    """Nobody delivers it any more: it stays in the message centre, and the order shows why."""
    return conn.execute(_GIVE_UP, {"id": notice_id, "error": error, "at": at}).rowcount == 1


def abandoned_photos(conn: Connection, before: datetime) -> list[tuple[str, str]]:
    """Id and upload key of photos that were announced and never completed."""
    return [(row.id, row.upload_key) for row in conn.execute(_ABANDONED, {"before": before, "limit": PER_SWEEP})]


def forget_photo(conn: Connection, photo_id: str) -> None:
    """Unless it was completed meanwhile."""
    conn.execute(_FORGET_PHOTO, {"id": photo_id})


def forget_requests(conn: Connection, before: datetime) -> int:
    return len(conn.execute(_FORGET_REQUESTS, {"before": before, "limit": PER_SWEEP}).all())


def start_again(conn: Connection, before: datetime) -> list[str]:
    """Orders filed before then that have neither a workflow nor a wish for one."""
    return [str(number) for number in conn.execute(_START_AGAIN, {"before": before, "limit": PER_SWEEP}).scalars()]
