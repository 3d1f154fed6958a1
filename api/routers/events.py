"""Changes as they happen, as server-sent events: clients reload what they show instead of asking every few seconds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter
from sse_starlette import EventSourceResponse

from api import shapes
from api.answering import answers
from api.deps import Owner, Staff, StateDep
from api.errors import READING
from api.state import State
from models.repositories import reading

router = APIRouter(tags=["live"])

STREAM: dict[int | str, dict[str, Any]] = {
    **answers(shapes.Health, *READING),
    200: {
        "description": "`change` events with an order number, or `everything`.",
        "content": {"text/event-stream": {}},
    },
}


@router.get("/staff/events", responses=STREAM, response_class=EventSourceResponse)
async def of_staff(state: StateDep, staff: Staff) -> EventSourceResponse:
    """Orders of the caller's communities that change from now on."""
    return EventSourceResponse(_changes(state, communities=staff.actor.communities))


@router.get("/owner/events", responses=STREAM, response_class=EventSourceResponse)
async def of_owner(state: StateDep, owner: Owner) -> EventSourceResponse:
    """The caller's orders and the repairs in their houses that change from now on."""
    row = await reading.resident(state.direct, owner.id)
    houses = [house["id"] for house in row["houses"]] if row else []
    return EventSourceResponse(_changes(state, resident_id=owner.id, houses=houses))


async def _changes(state: State, **whose: Any) -> AsyncIterator[dict[str, str]]:
    async with state.live.subscribe(**whose) as changes:
        async for change in changes:
            if change.number is None:
                yield {"event": "everything", "data": ""}
            else:
                yield {"event": "change", "data": change.number}
