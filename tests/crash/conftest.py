"""A stack of its own for the tests that break it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devstack.stack import Stack
from settings import Settings
from tests.world import World


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("broken")
    with Stack(home, given=Settings.model_construct(_fields_set={"demo"}, demo=True)) as stack:
        world = World(stack)
        yield world
        world.close()


@pytest.fixture(autouse=True)
def _whole_again(world: World) -> Iterator[None]:
    """Whatever a test has killed is started again before the next one."""
    yield
    for part in ("postgres", "temporal", "storage", "wechat", "worker", "api"):
        world.stack.start(part)
