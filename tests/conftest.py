"""What several folders of tests share: one whole stack, started once, with the demo community in it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from devstack.ports import RANGE_VARIABLE
from tests.world import World, whole_world

settings.register_profile("wuyou", deadline=None)
settings.load_profile("wuyou")
"""No property is a matter of time, and a busy machine stretches every example."""


PORTS_PER_PROCESS = 1300
"""Several tests run a dozen servers each; the processes of one test run must not take each other's ports."""

process = os.environ.get("PYTEST_XDIST_WORKER")
if process is not None:
    lowest = 20_000 + PORTS_PER_PROCESS * int(process.removeprefix("gw"))
    os.environ[RANGE_VARIABLE] = f"{lowest}-{lowest + PORTS_PER_PROCESS - 1}"


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For those who use the system as it is. Who breaks it starts one of their own."""
    with whole_world(tmp_path_factory.mktemp("stack")) as world:
        yield world
