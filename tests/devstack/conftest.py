"""A small stack of the four embedded servers, started once for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.stack import Stack

INFRASTRUCTURE = ("postgres", "temporal", "storage", "mqtt")


@pytest.fixture(scope="module")
def infrastructure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Postgres, Temporal, photo storage and broker, running."""
    with Stack(tmp_path_factory.mktemp("stack"), INFRASTRUCTURE) as stack:
        yield stack


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A place for a stack that does not exist yet."""
    return tmp_path / "home"
