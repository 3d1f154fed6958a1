"""The inbox: my tasks, those I may take, and my team's; least time left first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from api import inbox, rounds
from api.console import frame, plates, views
from api.console.frame import Member
from api.console.guard import Room
from api.console.wording import INBOX, ROUNDS
from api.deps import StateDep
from api.sessions import StaffMember
from api.state import State
from models.domain import words
from models.domain.rounds import PATROL

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
    box: Box | None = None,
    kind: str = "",
    pages: Annotated[int, Query(ge=1, le=PAGES_AT_MOST)] = 1,
) -> HTMLResponse:
    return await draw(state, member, box, kind, pages)


async def draw(state: State, member: StaffMember, box: Box | None, kind: str = "", pages: int = 1) -> HTMLResponse:
    boxes = await inbox.counts(state, member)
    if box is None:
        # Nobody is greeted by an empty box while work lies in the next one.
        box = "mine" if boxes["mine"] or not boxes["pool"] else "pool"
    found = await inbox.page(state, member, box, kind=kind or None, limit=PAGE * pages)
    now = datetime.now(UTC)
    return await frame.page(
        "inbox.html",
        state,
        member,
        "inbox",
        boxes["mine"],
        box=box,
        kind=kind,
        kinds=[*frame.kinds(), (PATROL, words.TASKS[PATROL])],
        counts=boxes,
        rows=await plates.shown(state, [views.inbox_row(task, member, now) for task in found["items"]]),
        pages=pages,
        next_pages=pages + 1 if found["next_cursor"] and pages < PAGES_AT_MOST else 0,
        missed=missed_banner(await rounds.missed(state, member)),
        engine=engine_banner(state.gateway.watch.up, boxes["waiting_starts"]),
    )


def missed_banner(missed: int) -> str:
    """Walks that nobody made; those that are due lie among the tasks."""
    return ROUNDS["nobody_went"].format(missed=missed) if missed else ""


def engine_banner(up: bool, waiting: int) -> str:
    """Nothing while all is well: a start that is a second old is no news."""
    if up:
        return ""
    return INBOX["engine"].format(count=waiting) if waiting else INBOX["engine_acts"]
