"""返修 from the order's page: the reporter phoned again, and a clerk files what goes on with the order."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api import sequels
from api.bodies import Rework
from api.console import frame
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.deps import StateDep
from models.domain.forms import parse

router = APIRouter(route_class=Room)


@router.post("/orders/{number}/rework")
async def rework(request: Request, state: StateDep, member: Member, number: str) -> HTMLResponse:
    """Leads to the new order. Raises what :func:`api.sequels.rework_by_staff` raises."""
    frame.known(number)
    submitted = await request.form()
    note_form(request, Posted("rework"))
    body = parse(Rework, {"description": str(submitted.get("description") or "")}, "")
    order = await sequels.rework_by_staff(state, member, number, body, str(submitted.get("key") or ""))
    return HTMLResponse("", headers={"HX-Redirect": f"/console/orders/{order['number']}"})
