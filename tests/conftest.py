"""What several folders of tests share: one whole stack, started once, with the demo community in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.world import World, whole_world

settings.register_profile("wuyou", deadline=None)
settings.load_profile("wuyou")
"""No property is a matter of time, and a busy machine stretches every example."""


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For those who use the system as it is. Who breaks it starts one of their own."""
    with whole_world(tmp_path_factory.mktemp("stack")) as world:
        yield world
