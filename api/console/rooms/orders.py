"""The list of orders with its filters, paged by key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api import inbox, people
from api.bulk import Bulk, carry_out
from api.console import frame, views
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.people_words import BULK
from api.console.templating import render
from api.console.wording import ORDERS
from api.deps import StateDep
from api.sessions import StaffMember
from models.domain import rights, words
from models.domain.errors import ValidationFailed
from models.domain.forms import parse
from models.domain.lifecycles import LIFECYCLES
from models.domain.people import Role

router = APIRouter(route_class=Room)

PAGE: Final = 30
OPEN: Final = "open"
"""Beside the stages, the filter offers everything that has not ended."""

WORDS_AT_MOST: Final = 60

PICKERS: Final = (Role.CLERK, Role.DISPATCHER, Role.LEAD, Role.MANAGER)
"""Roles that deal with many orders at once; others see no boxes to tick."""


def wanted(stage: str, kind: str, q: str, overdue: str) -> dict[str, Any]:
    """The filter of the list, as it stands in the page's address, in the terms of :func:`api.inbox.orders`."""
    return {
        "kind": kind or None,
        "stage": stage if stage and stage != OPEN else None,
        "is_open": True if stage == OPEN else None,
        "q": q,
        "overdue": True if overdue else None,
    }


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
        **wanted(stage, kind, q, overdue),
        cursor=cursor,
        limit=PAGE,
    )
    now = datetime.now(UTC)
    rows = [views.order_row(order, now) for order in found["items"]]
    query = {"stage": stage, "kind": kind, "q": q, "overdue": overdue, "cursor": found["next_cursor"]}
    more = "/console/orders?" + urlencode({name: value for name, value in query.items() if value})
    actions = bulk_actions(member)
    facts: dict[str, Any] = {"may_pick": bool(actions), "rows": rows, "more": more if found["next_cursor"] else ""}
    if request.headers.get("x-part") == "rows":
        return HTMLResponse(render("orders_rows.html", **facts))
    return await frame.page(
        "orders.html",
        state,
        member,
        "orders",
        None,
        **facts,
        bulk_actions=actions,
        bulk_key=views.new_key(),
        assignees=await people.assignees(state, member) if "assign" in actions else [],
        q=q,
        kind=kind,
        kinds=frame.kinds(),
        chosen_stage=stage,
        stages=stages(),
        overdue=bool(overdue),
        query=urlencode({name: value for name, value in query.items() if value and name != "cursor"}),
    )


def bulk_actions(member: StaffMember) -> list[str]:
    """What somebody may ever do to many orders at once; whether each order agrees, it says itself."""
    actions = ["assign"] if member.actor.has(*rights.MAY_REASSIGN_EARLY) else []
    return [*actions, "cancel", "comment"] if member.actor.has(*PICKERS) else []


@router.post("/orders/bulk")
async def bulk(request: Request, state: StateDep, member: Member) -> HTMLResponse:
    """One act on the chosen orders. The fragment says of each what became of it; the list then draws itself anew."""
    said = await request.form()
    note_form(request, Posted("bulk", names={}))
    if not said.getlist("number"):
        raise ValidationFailed(BULK["none"])
    action, typed = str(said.get("action") or ""), str(said.get("words") or "").strip() or None
    body: dict[str, Any] = {"action": action, "numbers": said.getlist("number")}
    body |= {"text": typed} if action == "comment" else {"reason": typed}
    body |= {"staff": said.get("staff")} if action == "assign" else {}
    told = await carry_out(state, member.actor, parse(Bulk, body, ""), str(said.get("key") or ""))
    return HTMLResponse(render("bulk_outcome.html", **told, key=views.new_key()), headers={"HX-Trigger": "bulk-done"})


def stages() -> list[tuple[str, str]]:
    """Everything open first, then the stages in the order of the way."""
    known = dict.fromkeys(stage for lifecycle in LIFECYCLES.values() for stage in lifecycle.edges)
    return [(OPEN, ORDERS["open"]), *((stage, words.STAGES[stage]) for stage in known)]
