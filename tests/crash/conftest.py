"""A stack of its own for the tests that break it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine

from tests.world import Owner, Person, World, whole_world


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with whole_world(tmp_path_factory.mktemp("broken")) as world:
        yield world


@pytest.fixture(autouse=True)
def _whole_again(world: World) -> Iterator[None]:
    """Whatever a test has killed is started again before the next one."""
    yield
    for part in ("postgres", "temporal", "storage", "wechat", "worker", "api"):
        world.stack.start(part)


@pytest.fixture(scope="package")
def owner(world: World) -> Owner:
    return world.owner("demo-owner-2")


@pytest.fixture(scope="package")
def dispatcher(world: World) -> Person:
    return world.staff("dispatcher")


@pytest.fixture(scope="package")
def tech(world: World) -> Person:
    return world.staff("tech1")


@pytest.fixture(scope="package")
def database(world: World) -> Engine:
    return create_engine(world.settings.sync_database_url, pool_pre_ping=True)
