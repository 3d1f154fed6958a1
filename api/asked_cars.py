"""What is asked of the cars that a resident may answer for."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from api import move_car_views, paging, views
from api.state import State
from models.domain.order import OrderState
from models.domain.people import Actor
from models.repositories import move_cars

Json = dict[str, Any]


async def page(state: State, owner: Actor, cursor: str | None, limit: int, now: datetime) -> Json:
    """`{items, next_cursor}`, newest first, each with the tasks that they may answer."""
    rows = await move_cars.asked_of(state.direct, owner.id, after=paging.order_key(cursor), limit=limit + 1)
    titles = await state.catalog.titles(state.direct)
    plates = await asyncio.to_thread(lambda: [state.sealing.open(bytes(row["plate_sealed"])) for row in rows[:limit]])
    items = []
    for row, plate in zip(rows, plates, strict=False):
        order = OrderState.model_validate(row["state"])
        tasks = views.tasks_of_resident(row, order, owner, now, titles)
        items.append(move_car_views.asked(row, order, plate, tasks))
    return paging.page(items, rows, limit, "submitted_at", "number")
