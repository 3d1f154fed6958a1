"""The two engines on the same tables: synchronous for workers and migrations, asynchronous for the API."""

from __future__ import annotations

from typing import Any, Final

import orjson
from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

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


SERVER_SETTINGS: Final = {"jit": "off", "timezone": "UTC"}
"""Of the API's connections. The planner's just-in-time compiler costs more than any of our short statements."""


def sync_engine(url: str, pool_size: int = POOL_SIZE) -> Engine:
    """For workers: psycopg2. A dead connection is noticed before it is used, because a worker outlives its database."""
    return create_engine(
        _on(url, "postgresql+psycopg2"),
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "options": f"-c statement_timeout={STATEMENT_SECONDS}s -c timezone=UTC -c jit=off",
        },
        **_common(pool_size),
    )


def async_engine(url: str, pool_size: int = POOL_SIZE) -> AsyncEngine:
    """For the API: asyncpg. After a restart of Postgres the first request hears 503, and the whole pool is renewed."""
    return create_async_engine(
        _on(url, "postgresql+asyncpg"),
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": STATEMENT_SECONDS,
            "prepared_statement_cache_size": STATEMENTS_REMEMBERED,
            "server_settings": SERVER_SETTINGS,
        },
        **_common(pool_size),
    )


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
