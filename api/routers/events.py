"""Changes as they happen, as server-sent events: clients reload what they show instead of asking every few seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import APIRouter
from sse_starlette import EventSourceResponse

from api import shapes
from api.answering import answers
from api.deps import Owner, Staff, StateDep
from api.errors import READING
from api.live import STREAM_SECONDS, Live
from models.repositories import reading

router = APIRouter(tags=["live"])

PATROL: Final = "pat_"
"""So the ids of walks begin."""

STREAM: dict[int | str, dict[str, Any]] = {
    **answers(shapes.Health, *READING),
    200: {
        "description": "`change` events with an order number, for staff `patrol` with a walk's id, or `everything`.",
        "content": {"text/event-stream": {"example": "event: change\r\ndata: BX20261122-00017\r\n\r\n"}},
    },
}


@router.get("/staff/events", responses=STREAM, response_class=EventSourceResponse)
async def of_staff(state: StateDep, staff: Staff) -> EventSourceResponse:
    """Orders in the caller's scope that change from now on."""
    return EventSourceResponse(changes_of(state.live, staff=staff.actor))


@router.get("/owner/events", responses=STREAM, response_class=EventSourceResponse)
async def of_owner(state: StateDep, owner: Owner) -> EventSourceResponse:
    """The caller's orders and the repairs in their houses that change from now on."""
    row = await reading.resident(state.direct, owner.id)
    houses = [house["id"] for house in row["houses"]] if row else []
    return EventSourceResponse(changes_of(state.live, resident_id=owner.id, houses=houses))


async def changes_of(live: Live, seconds: float = STREAM_SECONDS, **whose: Any) -> AsyncIterator[dict[str, str]]:
    """Events until the stream has lasted so many seconds, or the subscription ends; clients reconnect, and are asked
    again who they are.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    async with live.subscribe(**whose) as changes:
        while loop.time() < end:
            try:
                async with asyncio.timeout_at(end):
                    change = await anext(changes, None)
            except TimeoutError:
                return
            if change is None:
                return
            if change.number is None:
                yield {"event": "everything", "data": ""}
            else:
                yield {"event": "patrol" if change.number.startswith(PATROL) else "change", "data": change.number}
