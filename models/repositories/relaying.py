"""What the relay asks of Postgres beside the outbox itself: what a start needs, whom to wake, when it last lived."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, text

from models.repositories.direct import Direct, numbered
from models.repositories.live import OUTBOX_CHANNEL

HEARTBEAT: Final = "relay"
"""Key in `settings`: when the relay last went round, and since when the engine has been away."""


class Starting(NamedTuple):
    """An order whose workflow is to be started."""

    number: str
    state: dict[str, Any]
    category: str
    """Chinese title."""
    building: str | None


class Touched(NamedTuple):
    """Where Postgres believes an order to be."""

    number: str
    issued_at: datetime
    version: int


_STARTING: Final = text("""
    SELECT w.number, w.state, coalesce(c.title, w.category) AS category, b.name AS building
    FROM work_orders w
    LEFT JOIN categories c ON c.kind = w.kind AND c.code = w.category
    LEFT JOIN houses h ON h.id = w.house_id
    LEFT JOIN buildings b ON b.id = coalesce(w.building_id, h.building_id)
    WHERE w.number = ANY(:numbers)
""")

_STARTING_OF: Final = numbered(_STARTING.text)

_TOUCHED: Final = text("""
    SELECT number, issued_at, version FROM work_orders
    WHERE touched_at >= :since AND started_at IS NOT NULL AND workflow_ended_at IS NULL
    ORDER BY touched_at DESC LIMIT :limit
""")

_SHOWN: Final = text("SELECT issued_at, version FROM work_orders WHERE number = :number")

_BEAT: Final = text("""
    INSERT INTO settings (key, value) VALUES (:key, CAST(:value AS jsonb))
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
""")


def starting(conn: Connection, numbers: Sequence[str]) -> dict[str, Starting]:
    """By number; one that does not exist is left out."""
    rows = conn.execute(_STARTING, {"numbers": list(numbers)})
    return {row.number: Starting(*row) for row in rows}


async def starting_of(db: Direct, number: str) -> Starting:
    """The same for an order that exists, for an act that comes before the relay."""
    (row,) = await db.rows(_STARTING_OF, {"numbers": [number]})
    return Starting(**row)


def touched_since(conn: Connection, since: datetime, limit: int) -> list[Touched]:
    """Orders with a living workflow that were written since then, the latest first."""
    return [Touched(*row) for row in conn.execute(_TOUCHED, {"since": since, "limit": limit})]


def shown(conn: Connection, number: str) -> tuple[datetime, int] | None:
    """Where Postgres believes the order to be now."""
    row = conn.execute(_SHOWN, {"number": number}).one_or_none()
    return None if row is None else (row.issued_at, row.version)


def beat(conn: Connection, at: datetime, engine_down_since: datetime | None) -> None:
    """The console's banner and the next start of the relay read this."""
    down = engine_down_since.isoformat() if engine_down_since else None
    conn.execute(_BEAT, {"key": HEARTBEAT, "value": json.dumps({"at": at.isoformat(), "engine_down_since": down})})


def last_beat(conn: Connection) -> datetime | None:
    """When a relay last lived, before this one."""
    value = conn.execute(text("SELECT value FROM settings WHERE key = :key"), {"key": HEARTBEAT}).scalar_one_or_none()
    return datetime.fromisoformat(value["at"]) if value else None


def listen(engine: Engine) -> Any:
    """A connection of its own, outside the pool, that hears of new outbox rows. The caller polls and closes it."""
    borrowed = engine.raw_connection()
    borrowed.detach()
    connection: Any = borrowed.dbapi_connection
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {OUTBOX_CHANNEL}")
    return connection
