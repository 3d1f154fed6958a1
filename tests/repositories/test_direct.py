"""The pool of plain connections, when Postgres ends them: an outage is heard as one, and never twice."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import pytest
from sqlalchemy import Engine, text

from models.repositories.direct import Direct, numbered

PID = numbered("SELECT pg_backend_pid() AS pid")
ARRIVES_SECONDS = 0.05


async def pid(direct: Direct) -> int:
    return int((await direct.rows(PID, {}))[0]["pid"])


@pytest.mark.parametrize("turns", range(4))
async def test_a_connection_that_ends_while_idle_is_an_outage(direct: Direct, engine: Engine, turns: int) -> None:
    """`turns` of the event loop lie between the server's last words and the next statement: it may have heard none of
    them, the words alone, or the end as well.
    """
    before = await pid(direct)
    with engine.begin() as conn:
        conn.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": before})
    time.sleep(ARRIVES_SECONDS)  # noqa: ASYNC251 - the event loop must not hear of it yet
    for _ in range(turns):
        await asyncio.sleep(0)
    try:
        after = await pid(direct)
    except (asyncpg.PostgresError, asyncpg.InterfaceError):
        after = await pid(direct)
    assert after != before


async def test_what_a_type_is_made_of_is_asked_once_for_all_connections(database: str, engine: Engine) -> None:
    roles = numbered("SELECT CAST(:roles AS varchar[]) AS roles")
    asked = numbered("SELECT count(*) AS times FROM pg_prepared_statements WHERE statement LIKE 'WITH RECURSIVE%'")
    for _ in range(2):
        direct = Direct(database, 1)
        assert (await direct.rows(roles, {"roles": ["lead", "clerk"]}))[0]["roles"] == ["lead", "clerk"]
        times = (await direct.rows(asked, {}))[0]["times"]
        await direct.close()
    assert times == 0
