"""A stack of its own for the tests that break it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.world import World, whole_world


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
