"""Registering a car that has to be moved: what a guard finds on the round, from a phone."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from api import reveals
from api.console import frame
from api.console.car_words import CAR
from api.console.formfields import Field
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.rooms.register import communities_of
from api.console.templating import render
from api.console.views import new_key
from api.deps import StateDep
from api.intake import move_car
from api.move_car_bodies import StaffMoveCar
from models.domain import words
from models.domain.errors import ValidationFailed
from models.domain.forms import parse

router = APIRouter(route_class=Room)

PHOTO: Final = Field(name="photo_ids", kind="photos", title=CAR["photos"], required=True, longest=9)

SLOTS: Final = {
    "plate": "plate",
    "area": "spot",
    "area.community_id": "spot",
    "area.spot": "spot",
    "reason": "reason",
    "photo_ids": "photo_ids",
    "text": "text",
}
"""Where a refusal of the request is said in the form."""


@router.get("/register/car")
async def show(state: StateDep, member: Member) -> HTMLResponse:
    communities = await communities_of(state, member)
    return await frame.page(
        "register_car.html",
        state,
        member,
        "register",
        key=new_key(),
        communities=communities,
        buildings=communities[0]["buildings"] if communities else [],
        obstacles=list(words.OBSTACLES.items()),
        spots=list(words.SPOTS.items()),
        photo=PHOTO,
    )


@router.post("/register/car")
async def file(request: Request, state: StateDep, member: Member) -> Response:
    """Leads to the order. Raises what :func:`api.intake.move_car.file_by_staff` raises."""
    form = await request.form()
    note_form(request, Posted("car", names=SLOTS))
    body = _filing_of(form)
    filing = parse(StaffMoveCar, body, "")
    order = await move_car.file_by_staff(state, member, filing, str(form.get("key") or ""))
    return HTMLResponse("", headers={"HX-Redirect": f"/console/orders/{order['number']}"})


def _filing_of(form: FormData) -> dict[str, Any]:
    """The form as the JSON interface would get it. Raises ValidationFailed for what was not chosen."""

    def said(name: str) -> str:
        return str(form.get(name) or "").strip()

    needed = {"reason": CAR["need_reason"], "area.spot": CAR["need_spot"]}
    missing = [{"field": name, "message": says} for name, says in needed.items() if not said(name.rpartition(".")[2])]
    if missing:
        raise ValidationFailed(errors=missing)
    area = {"community_id": said("community_id"), "building_id": said("building_id"), "spot": said("spot")}
    return {
        "kind": "move_car",
        "reporter": "self",
        "plate": said("plate"),
        "reason": said("reason"),
        "area": {name: value for name, value in area.items() if value},
        "photo_ids": [str(photo) for photo in form.getlist("photo_ids")],
        "text": said("text") or None,
    }


@router.post("/orders/{number}/car-phone")
async def reveal_phone(state: StateDep, member: Member, number: str) -> HTMLResponse:
    """The number of whoever uses the car, and of a visitor's car the visitor's too, to call at a click. Every look is
    written down.
    """
    found = await reveals.car_users_phone(state, member, frame.known(number))
    if "visitor_phone" not in found:
        return HTMLResponse(render("phone.html", phone=found["phone"]))
    return HTMLResponse(
        render("phones.html", phones=[(CAR["host"], found["phone"]), (CAR["guest"], found["visitor_phone"])])
    )
