"""The list of orders with its filters, paged by key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse

from api import inbox, people
from api.bulk import Bulk, carry_out
from api.console import frame, plates, views
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.people_words import BULK
from api.console.templating import render
from api.console.wording import ORDERS
from api.deps import StateDep
from api.sessions import StaffMember
from api.state import State
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


@dataclass(frozen=True)
class Filter:
    """What the list is narrowed to. `q` may be a name, a phone or a plate, so it stands in no address."""

    stage: str = ""
    kind: str = ""
    overdue: str = ""
    q: str = ""

    def in_terms_of_the_inbox(self) -> dict[str, Any]:
        """The arguments of :func:`api.inbox.orders`."""
        return {
            "kind": self.kind or None,
            "stage": self.stage if self.stage and self.stage != OPEN else None,
            "is_open": True if self.stage == OPEN else None,
            "q": self.q,
            "overdue": True if self.overdue else None,
        }

    @property
    def address(self) -> str:
        said = {"stage": self.stage, "kind": self.kind, "overdue": self.overdue}
        query = urlencode({name: value for name, value in said.items() if value})
        return f"/console/orders?{query}" if query else "/console/orders"


def typed_filter(
    stage: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "",
    overdue: Annotated[str, Form()] = "",
    q: Annotated[str, Form(max_length=WORDS_AT_MOST)] = "",
) -> Filter:
    return Filter(stage, kind, overdue, q)


Typed = Annotated[Filter, Depends(typed_filter)]


@router.get("/orders")
async def show(state: StateDep, member: Member, stage: str = "", kind: str = "", overdue: str = "") -> HTMLResponse:
    return await _page(state, member, Filter(stage, kind, overdue))


@router.post("/orders")
async def find(
    request: Request, state: StateDep, member: Member, wanted: Typed, cursor: Annotated[str | None, Form()] = None
) -> HTMLResponse:
    """The list as it is filtered, or its next rows. The address shows the filter without what was typed."""
    if request.headers.get("x-part") == "rows":
        return HTMLResponse(render("orders_rows.html", **await _rows(state, member, wanted, cursor)))
    page = await _page(state, member, wanted, cursor)
    page.headers["HX-Push-Url"] = wanted.address
    return page


async def _page(state: State, member: StaffMember, wanted: Filter, cursor: str | None = None) -> HTMLResponse:
    actions = bulk_actions(member)
    return await frame.page(
        "orders.html",
        state,
        member,
        "orders",
        None,
        **await _rows(state, member, wanted, cursor),
        bulk_actions=actions,
        bulk_key=views.new_key(),
        assignees=await people.assignees(state, member) if "assign" in actions else [],
        kinds=frame.kinds(),
        stages=stages(),
    )


async def _rows(state: State, member: StaffMember, wanted: Filter, cursor: str | None) -> dict[str, Any]:
    found = await inbox.orders(state, member, **wanted.in_terms_of_the_inbox(), cursor=cursor, limit=PAGE)
    now = datetime.now(UTC)
    return {
        "may_pick": bool(bulk_actions(member)),
        "rows": await plates.shown(state, [views.order_row(order, now) for order in found["items"]]),
        "wanted": wanted,
        "next_cursor": found["next_cursor"],
    }


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
