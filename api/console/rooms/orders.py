"""The list of orders with its filters, paged by key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api import inbox
from api.console import frame, views
from api.console.frame import Member
from api.console.guard import Room
from api.console.templating import render
from api.console.wording import ORDERS
from api.deps import StateDep
from models.domain import words
from models.domain.lifecycles import LIFECYCLES

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
    found = await inbox.orders(
        state,
        member,
        kind=kind or None,
        stage=stage if stage and stage != OPEN else None,
        is_open=True if stage == OPEN else None,
        q=q,
        overdue=True if overdue else None,
        cursor=cursor,
        limit=PAGE,
    )
    now = datetime.now(UTC)
    rows = [views.order_row(order, now) for order in found["items"]]
    query = {"stage": stage, "kind": kind, "q": q, "overdue": overdue, "cursor": found["next_cursor"]}
    more = "/console/orders?" + urlencode({name: value for name, value in query.items() if value})
    facts: dict[str, Any] = {"rows": rows, "more": more if found["next_cursor"] else ""}
    if request.headers.get("x-part") == "rows":
        return HTMLResponse(render("orders_rows.html", **facts))
    return await frame.page(
        "orders.html",
        state,
        member,
        "orders",
        None,
        **facts,
        q=q,
        kind=kind,
        kinds=frame.kinds(),
        chosen_stage=stage,
        stages=stages(),
        overdue=bool(overdue),
    )


def stages() -> list[tuple[str, str]]:
    """Everything open first, then the stages in the order of the way."""
    known = dict.fromkeys(stage for lifecycle in LIFECYCLES.values() for stage in lifecycle.edges)
    return [(OPEN, ORDERS["open"]), *((stage, words.STAGES[stage]) for stage in known)]
