"""Complaints in the console: registering, who is behind one, the board, a repair to wait for, the list as a table."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from starlette.datastructures import FormData

from api import awaited, board, listing, reveals
from api.complaint_bodies import AwaitedRepair, BoardNotice, ComplaintFiling
from api.console import frame, times
from api.console.complaint_words import COMPLAINT
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.rooms import order as order_room
from api.console.rooms.orders import WORDS_AT_MOST, Typed
from api.console.rooms.register import HITS, PHOTO, label_of
from api.console.templating import render
from api.console.views import new_key
from api.console.wording import AMEND
from api.deps import StateDep
from api.intake import complaint
from api.sessions import StaffMember
from api.state import State
from models.domain import words
from models.domain.errors import ValidationFailed
from models.domain.forms import parse
from models.repositories import complaints as rows
from models.repositories import reading

router = APIRouter(route_class=Room)

Json = dict[str, Any]

SLOTS: Final = {
    "reporter": "reporter",
    "reporter.resident_id": "reporter",
    "reporter.name": "reporter-name",
    "reporter.phone": "reporter-phone",
    "reporter.GuestReporter.name": "reporter-name",
    "reporter.GuestReporter.phone": "reporter-phone",
    "house_id": "reporter",
    "category": "category",
    "text": "text",
    "subject": "subject",
    "subject.account": "subject",
    "subject.house_id": "subject",
    "photo_ids": "photo_ids",
    "anonymous": "anonymous",
}


@router.get("/register/complaint")
async def show(state: StateDep, member: Member) -> HTMLResponse:
    categories = await state.catalog.categories(state.direct)
    return await frame.page(
        "register_complaint.html",
        state,
        member,
        "register",
        key=new_key(),
        photo=PHOTO,
        categories=[row for row in categories if row["kind"] == complaint.KIND],
    )


@router.post("/register/complaint")
async def file(request: Request, state: StateDep, member: Member) -> Response:
    form = await request.form()
    note_form(request, Posted("register", names=SLOTS))
    filing = parse(ComplaintFiling, filing_of(form), "")
    order = await complaint.file_by_staff(state, member, filing, str(form.get("key") or ""))
    return HTMLResponse("", headers={"HX-Redirect": f"/console/orders/{order['number']}"})


def filing_of(form: FormData) -> Json:
    """The form as the JSON interface would get it."""

    def said(name: str) -> str:
        return str(form.get(name) or "").strip()

    guest = {"house_id": said("house_id"), "name": said("name"), "phone": said("phone")}
    return {
        "kind": complaint.KIND,
        "type": said("type"),
        "category": said("category"),
        "text": said("text"),
        "house_id": said("house_id") or None,
        "source": said("source"),
        "reporter": {"resident_id": said("resident_id")} if said("resident_id") else guest,
        "subject": _subject(said("about"), said("account"), said("about_house")),
        "photo_ids": [str(photo) for photo in form.getlist("photo_ids")],
        "anonymous": bool(said("anonymous")),
        "may_publish": bool(said("may_publish")),
    }


def _subject(kind: str, account: str, house_id: str) -> Json:
    """What was chosen under another position of the switch is still in the form, but was not meant.

    Raises ValidationFailed.
    """
    if kind == "staff":
        return {"kind": kind, "account": account or None}
    if kind == "house":
        if not house_id:
            raise ValidationFailed(errors=[{"field": "subject.house_id", "message": COMPLAINT["need_house"]}])
        return {"kind": kind, "house_id": house_id}
    return {"kind": "community"}


async def _home(state: State, member: StaffMember, house_id: str) -> list[str]:
    """The community of whoever complains: only its houses and its staff can be meant. Empty outside the scope."""
    home = await reading.house(state.direct, house_id) if house_id else None
    return [home["community_id"]] if home and member.actor.reaches(home["community_id"]) else []


@router.post("/register/complaint/houses")
async def houses(
    state: StateDep,
    member: Member,
    q: Annotated[str, Form(max_length=WORDS_AT_MOST)] = "",
    house_id: Annotated[str, Form(max_length=WORDS_AT_MOST)] = "",
) -> HTMLResponse:
    """Homes that may be complained of, by label."""
    typed = q.strip()
    where = await _home(state, member, house_id)
    found = await reading.houses_by_label(state.direct, where, label_of(typed), HITS) if typed and where else []
    none = AMEND["find_none"] if where else COMPLAINT["choose_first"]
    return HTMLResponse(render("choose_houses.html", houses=found, q=typed, field="about_house", none=none))


@router.post("/register/complaint/staff")
async def staff(
    state: StateDep, member: Member, house_id: Annotated[str, Form(max_length=WORDS_AT_MOST)] = ""
) -> HTMLResponse:
    """Names of those who serve the community, by team, and nothing else of them."""
    where = await _home(state, member, house_id)
    serving = await rows.serving(state.direct, where[0]) if where else []
    teams = [(title, [one for one in serving if one["team"] == team]) for team, title in words.TEAMS.items()]
    return HTMLResponse(render("register_staff.html", teams=[(title, found) for title, found in teams if found]))


@router.post("/orders/{number}/identity")
async def identity(state: StateDep, member: Member, number: str) -> HTMLResponse:
    """Who is behind an anonymous complaint, to the manager and quality. Every look is written down."""
    found = await reveals.identity(state, member, number)
    return HTMLResponse(render("complaint_identity.html", **found))


@router.post("/orders/{number}/publish")
async def publish(request: Request, state: StateDep, member: Member, number: str) -> HTMLResponse:
    form = await request.form()
    note_form(request, Posted("publish", names={"text": "text", "answer": "answer"}))
    said = {name: str(form.get(name) or "").strip() or None for name in ("text", "answer")}
    order = await board.publish(state, member, number, parse(BoardNotice, said, ""), str(form.get("key") or ""))
    return await _drawn(state, member, order, COMPLAINT["published"])


@router.post("/orders/{number}/repair")
async def repair(request: Request, state: StateDep, member: Member, number: str) -> HTMLResponse:
    form = await request.form()
    names = {"area.spot": "spot", "category": "category", "description": "description", "until": "until"}
    note_form(request, Posted("awaited", names=names))
    said = {
        "area": {"community_id": str(form.get("community_id") or ""), "spot": str(form.get("spot") or "")},
        "category": str(form.get("category") or ""),
        "description": str(form.get("description") or "").strip(),
        "until": times.from_input(str(form.get("until") or "")),
    }
    order = await awaited.file_repair(state, member, number, parse(AwaitedRepair, said, ""), str(form.get("key") or ""))
    return await _drawn(state, member, order, COMPLAINT["repair_filed"])


async def _drawn(state: State, member: StaffMember, order: Json, said: str) -> HTMLResponse:
    page = await order_room.draw(state, member, order)
    return frame.with_toast(page, said)


@router.post("/orders.csv")
async def table(state: StateDep, member: Member, wanted: Typed) -> StreamingResponse:
    """The list as it is filtered, to take away."""
    lines = listing.table(state, member, **wanted.in_terms_of_the_inbox())
    head = {"Content-Disposition": 'attachment; filename="work-orders.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=head)
