"""The cars of the community's homes: what is in doubt, and what one house has registered."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from api import plates
from api.console import frame
from api.console.car_words import PLATES
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.rooms.register import HITS, communities_of, label_of
from api.console.templating import render
from api.console.views import new_key
from api.deps import StateDep
from api.sessions import StaffMember
from api.state import State
from models.domain import plate_rights
from models.domain.errors import ValidationFailed
from models.repositories import reading

router = APIRouter(route_class=Room, prefix="/cars")

SLOTS: Final = {"resident_id": "resident_id", "plate": "plate"}


@router.get("")
async def show(state: StateDep, member: Member) -> HTMLResponse:
    return await _doubts(state, member)


async def _doubts(state: State, member: StaffMember) -> HTMLResponse:
    doubts = (await plates.in_doubt(state, member))["items"]
    return await frame.page("cars.html", state, member, "cars", doubts=doubts)


@router.post("/houses")
async def houses(state: StateDep, member: Member, q: Annotated[str, Form(max_length=40)] = "") -> HTMLResponse:
    """Houses by label. Raises Forbidden."""
    plate_rights.may_keep(member.actor)
    where = [one["id"] for one in await communities_of(state, member)]
    typed = q.strip()
    found = await reading.houses_by_label(state.direct, where, label_of(typed), HITS) if typed else []
    return HTMLResponse(render("cars_houses.html", houses=found, q=typed))


@router.get("/{house_id}")
async def show_house(state: StateDep, member: Member, house_id: str) -> HTMLResponse:
    return await _house(state, member, await plates.of_house(state, member, house_id))


async def _house(state: State, member: StaffMember, kept: plates.Json, said: str = "") -> HTMLResponse:
    page = await frame.page("house_cars.html", state, member, "cars", **kept, key=new_key())
    return frame.with_toast(page, said)


@router.post("/{house_id}")
async def add(request: Request, state: StateDep, member: Member, house_id: str) -> HTMLResponse:
    form = await request.form()
    note_form(request, Posted("plate", names=SLOTS))
    resident, plate = (str(form.get(name) or "").strip() for name in ("resident_id", "plate"))
    if not resident:
        raise ValidationFailed(errors=[{"field": "resident_id", "message": PLATES["need_who"]}])
    kept = await plates.add_at_desk(state, member, house_id, resident, plate, str(form.get("key") or ""))
    return await _house(state, member, kept, PLATES["added"])


@router.post("/plates/{plate_id}/{outcome}")
async def settle(
    state: StateDep, member: Member, plate_id: str, outcome: plates.Outcome, room: Annotated[str, Form()] = ""
) -> HTMLResponse:
    kept = await plates.settle(state, member, plate_id, outcome)
    if room == "house":
        return await _house(state, member, kept, PLATES["removed"])
    page = await _doubts(state, member)
    return frame.with_toast(page, PLATES["settled"])
