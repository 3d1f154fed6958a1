"""Server-sent events: one word per change, upon which the page fetches its parts again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from fastapi import APIRouter
from sse_starlette.sse import EventSourceResponse

from api.console.frame import Member
from api.console.guard import Room
from api.deps import StateDep
from api.engine import ASK_EVERY_SECONDS, EngineWatch
from api.live import EVERYTHING, STREAM_SECONDS, Subscription, may_see
from api.sessions import StaffMember
from api.state import State
from models.repositories import reading

router = APIRouter(route_class=Room)

GATHER_SECONDS: Final = 0.15
"""Changes in quick succession are one refresh: a person sees no difference, the database does."""

ALIVE_SECONDS: Final = 20
"""How often an idle stream says that it lives; proxies close silent ones after a minute."""


@router.get("/live")
async def live(state: StateDep, member: Member, number: str = "", version: int = 0) -> EventSourceResponse:
    """`changed` for every change of one order since this version, or of any order within the caller's scope."""
    return EventSourceResponse(
        _changes(state, member, number, version), ping=ALIVE_SECONDS, headers={"X-Accel-Buffering": "no"}
    )


async def _changes(state: State, member: StaffMember, number: str, version: int) -> AsyncIterator[dict[str, str]]:
    watch = state.gateway.watch
    loop = asyncio.get_running_loop()
    end = loop.time() + STREAM_SECONDS
    async with state.live.subscribe(staff=member.actor) as changes:
        if version and await _moved_on(state, member, number, version):
            yield {"event": "changed", "data": "1"}
        while loop.time() < end:
            # The end of a login too is a change: the page fetches itself anew, or finds the way to the login.
            if await _concerned(changes, number, watch):
                yield {"event": "changed", "data": "1"}
                if changes.ended:
                    return
                await asyncio.sleep(GATHER_SECONDS)


async def _moved_on(state: State, member: StaffMember, number: str, version: int) -> bool:
    """Whether the order has changed between the drawing of its page and the opening of this stream, as a new one does
    whose workflow has just begun.
    """
    row = await reading.standing(state.direct, number)
    return row is not None and may_see(member.actor, row) and row["version"] > version


async def _concerned(changes: Subscription, number: str, watch: EngineWatch) -> bool:
    """Wait for the next change or for news of the engine. Answers whether the page has something to show."""
    was_up = watch.up
    concerned = False
    try:
        async with asyncio.timeout(ASK_EVERY_SECONDS):
            while not concerned:
                change = await anext(changes, EVERYTHING)
                concerned = not number or change.number in (None, number)
            # What has gathered meanwhile is part of the same refresh; nothing here waits.
            async with asyncio.timeout(0):
                while not changes.ended:
                    await anext(changes)
    except TimeoutError:
        return concerned or watch.up != was_up
    return concerned
