"""大面积故障: opened with a text for the residents, followed by what is reported, closed once for all."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from api import incidents
from api.console import frame
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.views import new_key
from api.deps import StateDep
from api.group_bodies import IncidentClosing, IncidentOpening
from models.domain import words
from models.domain.errors import Forbidden
from models.domain.forms import parse
from models.domain.grouping import MAY_GROUP

router = APIRouter(prefix="/incidents", route_class=Room)

SLOTS: Final = {
    name: name
    for name in ("community_id", "kind", "title", "text", "categories", "building_ids", "takes_emergencies", "gather")
}


@router.get("")
async def show(state: StateDep, member: Member) -> HTMLResponse:
    return await frame.page(
        "incidents.html",
        state,
        member,
        "incidents",
        incidents=await incidents.listed(state, member, None),
        may_open=member.actor.has(*MAY_GROUP),
    )


@router.get("/new")
async def new(state: StateDep, member: Member, community_id: str = "") -> HTMLResponse:
    """Raises Forbidden for who serves no community."""
    known = (await state.catalog.communities(state.direct)).values()
    mine = [one for one in known if member.actor.reaches(one["id"])]
    if not mine:
        raise Forbidden
    rows = await state.catalog.categories(state.direct)
    return await frame.page(
        "incident_form.html",
        state,
        member,
        "incidents",
        communities=mine,
        community=next((one for one in mine if one["id"] == community_id), mine[0]),
        kinds=list(words.INCIDENTS.items()),
        categories=[(row["code"], row["title"]) for row in rows if row["kind"] == incidents.WHAT_KIND],
        key=new_key(),
    )


@router.post("")
async def open_incident(request: Request, state: StateDep, member: Member) -> Response:
    form = await request.form()
    note_form(request, Posted("incident", names=SLOTS))
    said = {name: str(form.get(name) or "") or None for name in ("community_id", "kind", "title", "text")}
    several = {name: [str(one) for one in form.getlist(name)] for name in ("categories", "building_ids")}
    chosen = {name: bool(form.get(name)) for name in ("takes_emergencies", "gather")}
    body = parse(IncidentOpening, {**said, **several, **chosen}, "")
    incident = await incidents.open_incident(state, member, body, str(form.get("key") or ""))
    return HTMLResponse("", headers={"HX-Redirect": f"/console/incidents/{incident['id']}"})


@router.get("/{incident_id}")
async def show_incident(state: StateDep, member: Member, incident_id: str) -> HTMLResponse:
    incident = await incidents.show(state, member, incident_id)
    may_close = incident["open"] and member.actor.has(*MAY_GROUP)
    return await frame.page(
        "incident.html", state, member, "incidents", incident=incident, may_close=may_close, key=new_key()
    )


@router.post("/{incident_id}/close")
async def close(request: Request, state: StateDep, member: Member, incident_id: str) -> Response:
    form = await request.form()
    note_form(request, Posted("close", names={"text": "text", "came_to": "came_to"}))
    body = parse(IncidentClosing, {name: str(form.get(name) or "") or None for name in ("came_to", "text")}, "")
    await incidents.close(state, member, incident_id, body, str(form.get("key") or ""))
    return HTMLResponse("", headers={"HX-Redirect": f"/console/incidents/{incident_id}"})
