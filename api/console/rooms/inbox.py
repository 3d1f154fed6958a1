"""The inbox: my tasks, those I may take, and my team's; least time left first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from api import views as api_views
from api.console import frame, views
from api.console.engine import probe_of
from api.console.frame import Member
from api.console.guard import Room
from api.console.wording import INBOX
from api.deps import StateDep
from api.sessions import StaffMember
from api.state import State
from models.repositories import reading

router = APIRouter(route_class=Room)

Box = Literal["mine", "pool", "team"]

PAGE: Final = 30
"""Rows of one screen and a half; a live update draws all that are loaded again."""

PAGES_AT_MOST: Final = 10
"""Whoever scrolls further needs the list of orders and its filters."""


@router.get("")
async def home() -> RedirectResponse:
    return RedirectResponse("/console/inbox", status_code=303)


@router.get("/inbox")
async def show(
    state: StateDep,
    member: Member,
    box: Box = "mine",
    kind: str = "",
    pages: Annotated[int, Query(ge=1, le=PAGES_AT_MOST)] = 1,
) -> HTMLResponse:
    return await draw(state, member, box, kind, pages)


async def draw(state: State, member: StaffMember, box: Box, kind: str = "", pages: int = 1) -> HTMLResponse:
    actor, now = member.actor, datetime.now(UTC)
    limit = PAGE * pages
    roles = [role.value for role in actor.roles]
    async with state.single.connect() as conn:
        rows = await reading.inbox(
            conn,
            box,
            me=actor.id,
            roles=roles,
            team=member.team,
            communities=actor.communities,
            kind=kind or None,
            limit=limit + 1,
        )
        waiting = await reading.waiting_starts(conn)
    titles = await state.catalog.titles(state.single)
    drawn = [views.inbox_row(api_views.inbox_task(row, now, titles), member.account, roles, now) for row in rows[:limit]]
    boxes = await frame.counts(state, member)
    return await frame.page(
        "inbox.html",
        state,
        member,
        "inbox",
        boxes,
        box=box,
        kind=kind,
        kinds=frame.kinds(),
        counts=boxes,
        rows=drawn,
        pages=pages,
        next_pages=pages + 1 if len(rows) > limit and pages < PAGES_AT_MOST else 0,
        engine=engine_banner(probe_of(state.gateway).up(), waiting),
    )


def engine_banner(up: bool, waiting: int) -> str:
    """Nothing while all is well: a start that is a second old is no news."""
    if up:
        return ""
    return INBOX["engine"].format(count=waiting) if waiting else INBOX["engine_acts"]
