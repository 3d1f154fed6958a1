"""What several folders of tests share: one whole stack, started once, with the demo community in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devstack.stack import Stack
from settings import Settings
from tests.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For those who use the system as it is. Who breaks it starts one of their own."""
    home = tmp_path_factory.mktemp("stack")
    with Stack(home, given=Settings.model_construct(_fields_set={"demo"}, demo=True)) as stack:
        world = World(stack)
        yield world
        world.close()
