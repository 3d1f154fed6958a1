"""Which car each row is about: a guard with ten requests before them looks for a plate."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from api.state import State
from models.domain.numbers import PREFIXES
from models.repositories import move_cars

Json = dict[str, Any]

OF_CARS: Final = PREFIXES["move_car"]


async def shown(state: State, rows: list[Json]) -> list[Json]:
    """The rows of a list with their plates, which lie sealed; lists without cars ask nothing more."""
    numbers = [row["number"] for row in rows if str(row["number"]).startswith(OF_CARS)]
    sealed = await move_cars.plates_of(state.direct, numbers) if numbers else {}
    plates = await asyncio.to_thread(lambda: {number: state.sealing.open(it) for number, it in sealed.items()})
    return [row | {"plate": plates.get(row["number"], "")} for row in rows]
