"""What a connection has planned once, and a connection that has died unnoticed."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from models.repositories import engines
from models.repositories.prepared import Prepared

ECHO = Prepared("echo", "SELECT CAST(:said AS jsonb) AS said, CAST(:many AS text[]) AS many", said=JSONB)
PID = text("SELECT pg_backend_pid()")
HEARD_SECONDS = 0.2
"""The ends of connections reach the event loop in far less."""
KILL = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND pid = :pid")


def plans(conn: Connection) -> int:
    found: int = conn.execute(text("SELECT count(*) FROM pg_prepared_statements WHERE name = 'echo'")).scalar_one()
    return found


def test_each_connection_plans_it_once_whatever_becomes_of_its_transactions(engine: Engine) -> None:
    with engine.connect() as conn:
        for _ in range(3):
            assert ECHO.run(conn, {"said": '{"a": [1]}', "many": ["x", "y"]}).one() == ({"a": [1]}, ["x", "y"])
            conn.rollback()
        assert plans(conn) == 1
        with engine.connect() as other:
            assert ECHO.run(other, {"said": "null", "many": []}).one() == (None, [])


async def test_whoever_comes_after_a_restart_of_the_database_hears_nothing_of_it(
    async_engine: AsyncEngine, engine: Engine
) -> None:
    async with async_engine.connect() as one, async_engine.connect() as another:
        before = [(await each.execute(PID)).scalar_one() for each in (one, another)]
    with engine.connect() as conn:
        for pid in before:
            conn.execute(KILL, {"pid": pid})
    await asyncio.sleep(HEARD_SECONDS)
    async with async_engine.connect() as one, async_engine.connect() as another:
        after = [(await each.execute(PID)).scalar_one() for each in (one, another)]
    assert not set(before) & set(after)


@pytest.mark.parametrize("trusted", [0.0, engines.TRUSTED_SECONDS])
def test_a_dead_connection_is_replaced_after_it_has_idled(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, trusted: float
) -> None:
    """One in use this very second is trusted: its user hears of the death and tries again."""
    own = engines.sync_engine(engine.url.render_as_string(hide_password=False))
    with own.connect() as conn:
        pid = conn.execute(PID).scalar_one()
    with engine.connect() as conn:
        conn.execute(KILL, {"pid": pid})
    monkeypatch.setattr(engines, "TRUSTED_SECONDS", trusted)
    if trusted:
        with pytest.raises(DBAPIError), own.connect() as conn:
            conn.execute(text("SELECT 1"))
    with own.connect() as conn:
        assert ECHO.run(conn, {"said": "1", "many": None}).one() == (1, None)
        assert conn.execute(PID).scalar_one() != pid
    own.dispose()
