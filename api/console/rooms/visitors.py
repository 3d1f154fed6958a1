"""Visitors at the guards' post: whom a day brings, who stands there unannounced, and the telephone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from api import acting, reveals, visiting
from api.console import frame, times, views
from api.console.formfields import Field
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.rooms.register import HITS, communities_of, label_of
from api.console.templating import render
from api.console.views import new_key
from api.console.visitor_words import VISIT_DONE, VISITOR
from api.console.wording import AMEND, FIELDS
from api.deps import StateDep
from api.intake import visitor
from api.sessions import StaffMember
from api.state import State
from api.visitor_bodies import StaffVisitor
from models.domain import rights, words
from models.domain.errors import ValidationFailed
from models.domain.forms import parse
from models.domain.numbers import CHINA
from models.domain.visitors import VisitType
from models.repositories import reading

router = APIRouter(route_class=Room)

Json = dict[str, Any]

LONGEST_SOUGHT: Final = 60
PRESSED: Final = ("arrived", "left")
"""What a guard does from the list, without opening the visit."""

SLOTS: Final = {
    "house_id": "house_id",
    "reporter": "reporter",
    "reporter.KnownReporter.resident_id": "reporter",
    "name": "name",
    "phone": "phone",
    "plate": "plate",
    "type": "type",
    "purpose": "purpose",
    "persons": "persons",
    "entries": "entries",
    "window": "window",
    "window.from": "window-from",
    "window.to": "window-to",
}
"""Where a refusal of `StaffVisitor` or of intake is said in the form."""

WINDOW: Final = Field(
    name="window",
    kind="window",
    title=VISITOR["window"],
    required=True,
    fields=(
        Field(name="window.from", kind="moment", title=FIELDS["from"], required=True),
        Field(name="window.to", kind="moment", title=FIELDS["to"], required=True),
    ),
)


@router.get("/visitors")
async def show(state: StateDep, member: Member) -> HTMLResponse:
    return await _room(state, member)


@router.post("/visitors")
async def find(
    state: StateDep,
    member: Member,
    q: Annotated[str, Form(max_length=LONGEST_SOUGHT)] = "",
    day: Annotated[str, Form(max_length=10)] = "",
) -> HTMLResponse:
    """The same, searched. What was typed is somebody's name or phone and stands in no address."""
    return await _room(state, member, q, _day_of(day))


def _day_of(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        return None


async def _room(state: State, member: StaffMember, q: str = "", day: date | None = None) -> HTMLResponse:
    found = await visiting.of_day(state, member, q, day)
    many = len(await communities_of(state, member)) > 1
    return await frame.page(
        "visitors.html",
        state,
        member,
        "visitors",
        rows=[_row(item) for item in found["items"]],
        more=VISITOR["too_many"].format(count=visiting.A_DAY_AT_MOST) if found["more"] else "",
        q=q,
        day=(day or datetime.now(CHINA).date()).isoformat(),
        many=many,
        may_register=member.actor.has(*visitor.AT_THE_GATE),
    )


def _row(item: Json) -> Json:
    presses = [
        {"outcome": action["outcome"], "title": words.outcome("visitor", action["outcome"]), "task": action["task_id"]}
        for action in item["actions"]
        if action.get("outcome") in PRESSED
    ]
    return {
        **item,
        "tone": views.STAGE_TONES.get(item["stage"], ""),
        "window": times.window(item["from"], item["to"], datetime.now(CHINA)),
        "presses": presses,
        "call": any(action.get("outcome") == "not_reached" for action in item["actions"]),
        "key": new_key(),
    }


@router.post("/visitors/{number}/{outcome}")
async def press(
    state: StateDep,
    member: Member,
    number: str,
    outcome: Literal["arrived", "left"],
    task_id: Annotated[str, Form(max_length=LONGEST_SOUGHT)],
    key: Annotated[str, Form(max_length=100)],
    q: Annotated[str, Form(max_length=LONGEST_SOUGHT)] = "",
    day: Annotated[str, Form(max_length=10)] = "",
) -> HTMLResponse:
    """到访 or 离开, from the list. Raises what the rules say."""
    await acting.act(
        state, member.actor, frame.known(number), "complete", {"task_id": task_id, "outcome": outcome, "form": {}}, key
    )
    page = await _room(state, member, q, _day_of(day))
    return frame.with_toast(page, VISIT_DONE[f"visitor.{outcome}"])


# -- registering -------------------------------------------------------------------------------------------------------


@router.get("/register/visitor")
async def show_form(state: StateDep, member: Member, of: str = "") -> HTMLResponse:
    may_invite = member.actor.has(*rights.MAY_FILE_FOR_OTHERS)
    return await frame.page(
        "register_visitor.html",
        state,
        member,
        "register",
        key=new_key(),
        invites=may_invite and of == "resident",
        may_invite=may_invite,
        types=[(each.value, words.VISITS[each]) for each in VisitType],
        window=WINDOW,
    )


@router.post("/register/visitor/houses")
async def houses(
    state: StateDep, member: Member, q: Annotated[str, Form(max_length=LONGEST_SOUGHT)] = ""
) -> HTMLResponse:
    """Homes by label alone: who lives there, a visitor at the gate must not read off a screen."""
    typed, where = q.strip(), [one["id"] for one in await communities_of(state, member)]
    found = await reading.houses_by_label(state.direct, where, label_of(typed), HITS) if typed else []
    return HTMLResponse(render("choose_houses.html", houses=found, q=typed, field="house_id", none=AMEND["find_none"]))


@router.post("/register/visitor")
async def file(request: Request, state: StateDep, member: Member) -> Response:
    """Leads to the visit. Raises what :func:`api.intake.visitor.file_by_staff` raises."""
    form = await request.form()
    note_form(request, Posted("register", names=SLOTS))
    filing = parse(StaffVisitor, filing_of(form), "")
    order = await visitor.file_by_staff(state, member, filing, str(form.get("key") or ""))
    return HTMLResponse("", headers={"HX-Redirect": f"/console/orders/{order['number']}"})


def filing_of(form: FormData) -> Json:
    """The form as the JSON interface would get it. Raises ValidationFailed for what was not chosen."""

    def said(name: str) -> str:
        return str(form.get(name) or "").strip()

    invites = said("of") == "resident"
    if invites and not said("resident_id"):
        raise ValidationFailed(errors=[{"field": "reporter", "message": VISITOR["need_host"]}])
    if not said("house_id"):
        raise ValidationFailed(errors=[{"field": "house_id", "message": VISITOR["need_house"]}])
    body: Json = {
        "kind": "visitor",
        "reporter": {"resident_id": said("resident_id")} if invites else "self",
        **{name: said(name) for name in ("house_id", "name", "type")},
        **{name: said(name) or None for name in ("phone", "plate", "purpose")},
        **{name: said(name) or "1" for name in ("persons", "entries")},
    }
    if invites:
        body |= {"source": said("source") or None}
        body |= {"window": {end: times.from_input(said(f"window.{end}")) for end in ("from", "to")}}
    return body


# -- the telephone -----------------------------------------------------------------------------------------------------


@router.post("/orders/{number}/visitor-phone")
async def visitors_phone(state: StateDep, member: Member, number: str) -> HTMLResponse:
    """To call at a click. Every look is written down."""
    return HTMLResponse(render("phone.html", phone=await reveals.visitors_phone(state, member, frame.known(number))))


@router.post("/orders/{number}/host-phone")
async def hosts_phone(state: StateDep, member: Member, number: str) -> HTMLResponse:
    return HTMLResponse(render("phone.html", phone=await reveals.hosts_phone(state, member, frame.known(number))))
