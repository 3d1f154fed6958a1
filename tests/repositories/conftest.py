"""One fresh database per module, on both engines, with the small world of `rows.world`."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from models.repositories import engines
from models.repositories.direct import Direct
from tests import postgres
from tests.repositories.rows import world

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="module")
def engine(database: str) -> Iterator[Engine]:
    engine = engines.sync_engine(database)
    with engine.begin() as conn:
        world(conn)
    yield engine
    engine.dispose()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def async_engine(database: str, engine: Engine) -> AsyncIterator[AsyncEngine]:
    """Asks for `engine` first, because that one fills the database."""
    async_engine = engines.async_engine(database)
    yield async_engine
    await async_engine.dispose()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def direct(database: str, engine: Engine) -> AsyncIterator[Direct]:
    """Asks for `engine` first, as `async_engine` does."""
    direct = Direct(database, engines.POOL_SIZE)
    yield direct
    await direct.close()


@pytest.fixture
def number() -> str:
    """An order number that no other test uses."""
    return f"BX20261121-{next(_numbers):05d}"
