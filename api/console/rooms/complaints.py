"""Complaints in the console: registering, who is behind one, the board, a repair to wait for, the list as a table."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from starlette.datastructures import FormData

from api import awaited, board, listing, reveals
from api.complaint_bodies import AwaitedRepair, BoardNotice, ComplaintFiling
from api.console import frame, times
from api.console.complaint_words import COMPLAINT
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.rooms import order as order_room
from api.console.rooms.orders import Typed
from api.console.templating import render
from api.console.views import new_key
from api.deps import StateDep
from api.intake import complaint
from api.sessions import StaffMember
from api.state import State
from models.domain.forms import parse

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
    "subject.account": "account",
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
    account = said("account")
    return {
        "kind": complaint.KIND,
        "type": said("type"),
        "category": said("category"),
        "text": said("text"),
        "house_id": said("house_id") or None,
        "source": said("source"),
        "reporter": {"resident_id": said("resident_id")} if said("resident_id") else guest,
        "subject": {"kind": "staff", "account": account} if account else {"kind": "community"},
        "anonymous": bool(said("anonymous")),
        "may_publish": bool(said("may_publish")),
    }


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
    return HTMLResponse(bytes(page.body).decode() + render("toast.html", text=said, bad=False))


@router.post("/orders.csv")
async def table(state: StateDep, member: Member, wanted: Typed) -> StreamingResponse:
    """The list as it is filtered, to take away."""
    lines = listing.table(state, member, **wanted.in_terms_of_the_inbox())
    head = {"Content-Disposition": 'attachment; filename="work-orders.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=head)
