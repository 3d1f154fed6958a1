"""Who lives with us at all: what is shown to residents of a community is no empty list for everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.state import State
from models.domain.errors import NotBound
from models.repositories import reading


async def needed_for(state: State, resident_id: str, found: Sequence[Any], cursor: str | None) -> None:
    """Asks only when a first page is empty. Raises NotBound."""
    if not found and cursor is None and await reading.tied_house(state.direct, resident_id) is None:
        raise NotBound
