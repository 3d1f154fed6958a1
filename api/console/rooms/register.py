"""Registering a repair for somebody who phoned or came, or one that staff found themselves."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from api.bodies import StaffFiling
from api.console import frame, times
from api.console.formfields import Field
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.templating import render
from api.console.views import new_key
from api.console.wording import FIELDS, REGISTER
from api.deps import StateDep
from api.intake import repair
from api.sessions import StaffMember
from api.state import State
from models.domain import words
from models.domain.errors import ValidationFailed
from models.domain.forms import parse
from models.repositories import reading

router = APIRouter(route_class=Room)

KIND: Final = "repair"
HITS: Final = 8
"""Houses shown while somebody types; a longer list means that one more character is needed."""

PHOTO: Final = Field(name="photo_ids", kind="photos", title=FIELDS["photo_ids"], required=False, longest=9)
WINDOW: Final = Field(
    name="appointment",
    kind="window",
    title=REGISTER["appointment"],
    required=False,
    fields=(
        Field(name="appointment.from", kind="moment", title=FIELDS["from"], required=False),
        Field(name="appointment.to", kind="moment", title=FIELDS["to"], required=False),
    ),
)

SLOTS: Final = {
    "reporter": "reporter",
    "reporter.resident_id": "reporter",
    "reporter.name": "reporter-name",
    "reporter.phone": "reporter-phone",
    "reporter.GuestReporter.name": "reporter-name",
    "reporter.GuestReporter.phone": "reporter-phone",
    "house_id": "house_id",
    "area": "area",
    "area.community_id": "area-community_id",
    "area.spot": "area-spot",
    "category": "category",
    "description": "description",
    "photo_ids": "photo_ids",
    "answers": "answers",
    "contact": "contact-phone",
    "contact.name": "contact-name",
    "contact.phone": "contact-phone",
    "appointment": "appointment",
    "appointment.from": "appointment-from",
    "appointment.to": "appointment-to",
}
"""Where a refusal of `StaffFiling` or of intake is said in the form."""


@router.get("/register")
async def show(state: StateDep, member: Member) -> HTMLResponse:
    communities = await communities_of(state, member)
    return await frame.page(
        "register.html",
        state,
        member,
        "register",
        key=new_key(),
        communities=communities,
        buildings=communities[0]["buildings"] if communities else [],
        categories=[row for row in await state.catalog.categories(state.direct) if row["kind"] == KIND],
        spots=list(words.SPOTS.items()),
        photo=PHOTO,
        window=WINDOW,
    )


@router.post("/register/people")
async def people(state: StateDep, member: Member, q: Annotated[str, Form(max_length=40)] = "") -> HTMLResponse:
    """Houses and the people living there, by house label, name or whole phone number.

    A POST, because addresses end up in the logs of proxies, and a phone number belongs in none of them.
    """
    communities = await communities_of(state, member)
    houses: list[dict[str, Any]] = []
    typed = q.strip()
    if typed:
        houses = await reading.houses_by_words(
            state.direct, [one["id"] for one in communities], label_of(typed), state.sealing.search_hash(typed), HITS
        )
    return HTMLResponse(render("register_people.html", houses=houses, q=typed, many=len(communities) > 1))


def label_of(typed: str) -> str:
    """`1-2-301` is how people say `1栋2单元301室`; everything else is looked for as it was typed."""
    parts = typed.replace("－", "-").split("-")
    if len(parts) in (2, 3) and all(part.isdigit() for part in parts):
        units = "单元".join(parts[1:]) if len(parts) == 3 else f"{parts[1]}单元"
        return f"{parts[0]}栋{units}"
    return typed


@router.get("/register/buildings")
async def buildings(state: StateDep, member: Member, community_id: str = "") -> HTMLResponse:
    found = next((one for one in await communities_of(state, member) if one["id"] == community_id), None)
    return HTMLResponse(render("register_buildings.html", buildings=found["buildings"] if found else []))


@router.get("/register/questions")
async def questions(state: StateDep, member: Member, category: str = "") -> HTMLResponse:
    """What must be asked about this category."""
    row = await state.catalog.category(state.direct, KIND, category)
    return HTMLResponse(render("register_questions.html", questions=row["questions"] if row else []))


@router.get("/register/urgency")
async def urgency(request: Request, state: StateDep, member: Member) -> HTMLResponse:
    """The duty telephone, as soon as the answers make it an emergency: before anybody types further."""
    given = request.query_params
    row = await state.catalog.category(state.direct, KIND, given.get("category", ""))
    said = {name.removeprefix("answer."): value for name, value in given.items() if name.startswith("answer.")}
    emergency = row is not None and any(
        option.get("priority") == "emergency"
        for question in row["questions"]
        for option in question["options"]
        if said.get(question["key"]) == option["value"]
    )
    phone = await _duty_phone(state, member, given.get("house_id", ""), given.get("community_id", ""))
    return HTMLResponse(render("register_urgency.html", emergency=emergency, phone=phone))


@router.post("/register")
async def file(request: Request, state: StateDep, member: Member) -> Response:
    form = await request.form()
    answers = {name: f"answers-{name.removeprefix('answer.')}" for name in form if name.startswith("answer.")}
    slots = SLOTS | {name.replace("answer.", "answers.", 1): slot for name, slot in answers.items()}
    note_form(request, Posted("register", names=slots))
    body = filing_of(form)
    filing = parse(StaffFiling, body, "")
    order = await repair.file_by_staff(state, member, filing, str(form.get("key") or ""))
    return HTMLResponse("", headers={"HX-Redirect": f"/console/orders/{order['number']}"})


def filing_of(form: FormData) -> dict[str, Any]:
    """The form as the JSON interface would get it. Raises ValidationFailed for what only this form can miss."""

    def said(name: str) -> str:
        return str(form.get(name) or "").strip()

    by_staff = said("who") == "self"
    in_area = by_staff or said("where") == "area"
    _check_chosen(said("house_id"), by_staff, said("category"))
    body: dict[str, Any] = {
        "kind": KIND,
        "category": said("category"),
        "description": said("description"),
        "photo_ids": [str(photo) for photo in form.getlist("photo_ids")],
        "answers": {name.removeprefix("answer."): str(form[name]) for name in form if name.startswith("answer.")},
    }
    if by_staff:
        body["reporter"] = "self"
    else:
        body["source"] = said("source") or None
        body["reporter"] = (
            {"resident_id": said("resident_id")}
            if said("resident_id")
            else {"house_id": said("house_id"), "name": said("name"), "phone": said("phone")}
        )
    if in_area:
        area = {"community_id": said("community_id"), "building_id": said("building_id"), "spot": said("spot")}
        body["area"] = {name: value for name, value in area.items() if value}
    else:
        body["house_id"] = said("house_id")
    if said("contact_name") or said("contact_phone"):
        body["contact"] = {"name": said("contact_name"), "phone": said("contact_phone")}
    if said("appointment.from") or said("appointment.to"):
        body["appointment"] = {end: times.from_input(said(f"appointment.{end}")) for end in ("from", "to")}
    return body


def _check_chosen(house_id: str, by_staff: bool, category: str) -> None:
    errors = []
    if not by_staff and not house_id:
        errors.append({"field": "reporter", "message": REGISTER["need_reporter"]})
    if not category:
        errors.append({"field": "category", "message": REGISTER["need_category"]})
    if errors:
        raise ValidationFailed(errors=errors)


async def communities_of(state: State, member: StaffMember) -> list[dict[str, Any]]:
    """Those within the caller's scope."""
    found = await state.catalog.communities(state.direct)
    return [row for row in found.values() if member.actor.reaches(row["id"])]


async def _duty_phone(state: State, member: StaffMember, house_id: str, community_id: str) -> str:
    communities = {row["id"]: row for row in await communities_of(state, member)}
    if house_id:
        house = await reading.house(state.direct, house_id)
        community_id = house["community_id"] if house else community_id
    found = communities.get(community_id) or next(iter(communities.values()), None)
    return found["duty_phone"] if found else ""
