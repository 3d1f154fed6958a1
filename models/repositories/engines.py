"""The two engines on the same tables: synchronous for workers and migrations, asynchronous for the API."""

from __future__ import annotations

import time
from typing import Any, Final

import orjson
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection

POOL_SIZE: Final = 10
"""Connections per process. API, worker and gate bridge together stay well below Postgres' default of 100."""

OVERFLOW: Final = 5
"""Extra connections for a burst, kept open like the others: SQLAlchemy's own overflow closes each after its use, and
the next one needed must connect and prepare its statements again."""

WAIT_FOR_CONNECTION_SECONDS: Final = 3
"""A caller who has waited this long hears `unavailable`, instead of adding to the queue."""

CONNECT_SECONDS: Final = 3
"""Opening a connection takes milliseconds; longer means that the server is not there."""

RECYCLE_SECONDS: Final = 1800
"""Older connections are replaced, so that a server's or a firewall's idle limit is never reached."""

STATEMENT_SECONDS: Final = 10
"""No statement of ours takes a second; one that takes ten is stuck and must not hold its locks longer."""

STATEMENTS_REMEMBERED: Final = 500
"""Prepared statements per asynchronous connection; the product has fewer, so each is prepared once."""


SERVER_SETTINGS: Final = {
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "plan_cache_mode": "force_generic_plan",
}
"""Of every connection. The planner's just-in-time compiler costs more than any of our short statements, and so do
processes that are started to help with one (ten milliseconds, and the cores of everybody else). What is
prepared is planned once, not six times until Postgres has seen that the values make no difference. They never do: each
statement goes by keys, and lists stop at their limit.
"""

TRUSTED_SECONDS: Final = 1.0
"""A connection that was in use this lately is not asked whether it still lives. Whoever meets the one second after a
database's death tries again anyway."""


def sync_engine(url: str, pool_size: int = POOL_SIZE) -> Engine:
    """For workers: psycopg2. A dead connection is noticed before it is used, because a worker outlives its database."""
    settings = {"statement_timeout": f"{STATEMENT_SECONDS}s", **SERVER_SETTINGS}
    engine = create_engine(
        _on(url, "postgresql+psycopg2"),
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        },
        **_common(pool_size),
    )
    _ask_after_idling(engine)
    return engine


def _ask_after_idling(engine: Engine) -> None:
    """`pool_pre_ping`, but not at every turn: under load it was one in four of the statements."""

    @event.listens_for(engine, "checkin")
    def remember(connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: DBAPIConnection, record: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
        """Raises DisconnectionError, upon which the pool opens another connection."""
        if time.monotonic() - record.info.get("used_at", 0.0) < TRUSTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            raise DisconnectionError from None


def async_engine(url: str, pool_size: int = POOL_SIZE) -> AsyncEngine:
    """For the API: asyncpg. A connection that Postgres has ended is known as such by then, and costs no question."""
    engine = create_async_engine(
        _on(url, "postgresql+asyncpg"),
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": STATEMENT_SECONDS,
            "prepared_statement_cache_size": STATEMENTS_REMEMBERED,
            "server_settings": SERVER_SETTINGS,
        },
        **_common(pool_size),
    )
    event.listen(engine.sync_engine, "checkout", _refuse_ended)
    return engine


def _refuse_ended(_: DBAPIConnection, record: ConnectionPoolEntry, __: PoolProxiedConnection) -> None:
    """Raises DisconnectionError, upon which the pool opens another connection."""
    if record.driver_connection is None or record.driver_connection.is_closed():
        raise DisconnectionError


def single_statements(engine: AsyncEngine) -> AsyncEngine:
    """The same pool without BEGIN and COMMIT around: for reads, and for writes that are one statement, as intake is."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def migration_engine(url: str) -> Engine:
    """One connection, no pool, no limit on how long a statement may take."""
    return create_engine(
        _on(url, "postgresql+psycopg2"), poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS}
    )


def _common(pool_size: int) -> dict[str, Any]:
    return {
        "pool_size": pool_size + OVERFLOW,
        "max_overflow": 0,
        "pool_timeout": WAIT_FOR_CONNECTION_SECONDS,
        "pool_recycle": RECYCLE_SECONDS,
        "json_serializer": _to_json,
        "json_deserializer": orjson.loads,
        # Parameters hold names and what people wrote; they have no place in a log or in a workflow's history.
        "hide_parameters": True,
    }


def _on(url: str, driver: str) -> URL:
    return make_url(url).set(drivername=driver)


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()
