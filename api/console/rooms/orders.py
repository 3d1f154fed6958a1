"""The list of orders with its filters, paged by key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api import views as api_views
from api.console import frame, views
from api.console.frame import Member
from api.console.guard import Room
from api.console.templating import render
from api.console.wording import ORDERS
from api.deps import StateDep
from api.paging import cursor_of, order_key
from api.reader import Reader
from api.sessions import StaffMember
from api.state import State
from models.domain import words
from models.domain.lifecycles import LIFECYCLES
from models.repositories import reading

router = APIRouter(route_class=Room)

PAGE: Final = 30
OPEN: Final = "open"
"""Beside the stages, the filter offers everything that has not ended."""

WORDS_AT_MOST: Final = 60


@router.get("/orders")
async def show(
    request: Request,
    state: StateDep,
    member: Member,
    stage: str = "",
    kind: str = "",
    q: Annotated[str, Query(max_length=WORDS_AT_MOST)] = "",
    overdue: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    now = datetime.now(UTC)
    rows = await _found(state, member, stage, kind, q.strip(), bool(overdue), cursor, now)
    titles = await state.catalog.titles(state.single)
    reader = Reader(member.actor)
    drawn = [views.order_row(api_views.order_item(row, reader, now, titles), now) for row in rows[:PAGE]]
    more = ""
    if len(rows) > PAGE:
        last = rows[PAGE - 1]
        query = {"stage": stage, "kind": kind, "q": q, "overdue": overdue}
        where = {name: value for name, value in query.items() if value}
        more = "/console/orders?" + urlencode({**where, "cursor": cursor_of(last["submitted_at"], last["number"])})
    if request.headers.get("x-part") == "rows":
        return HTMLResponse(render("orders_rows.html", rows=drawn, more=more))
    return await frame.page(
        "orders.html",
        state,
        member,
        "orders",
        rows=drawn,
        more=more,
        q=q,
        kind=kind,
        kinds=frame.kinds(),
        chosen_stage=stage,
        stages=stages(),
        overdue=bool(overdue),
    )


async def _found(
    state: State,
    member: StaffMember,
    stage: str,
    kind: str,
    q: str,
    overdue: bool,
    cursor: str | None,
    now: datetime,
) -> list[dict[str, Any]]:
    communities = await state.catalog.communities(state.single)
    reach = [one for one in communities if member.actor.reaches(one)]
    async with state.single.connect() as conn:
        return await reading.orders_of_staff(
            conn,
            reach,
            now=now,
            kind=kind or None,
            stage=stage if stage and stage != OPEN else None,
            is_open=True if stage == OPEN else None,
            words=q or None,
            overdue=True if overdue else None,
            after=order_key(cursor),
            limit=PAGE + 1,
        )


def stages() -> list[tuple[str, str]]:
    """Everything open first, then the stages in the order of the way."""
    known = dict.fromkeys(stage for lifecycle in LIFECYCLES.values() for stage in lifecycle.edges)
    return [(OPEN, ORDERS["open"]), *((stage, words.STAGES[stage]) for stage in known)]

