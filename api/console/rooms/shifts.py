"""交接班: the log of the guard posts."""

from __future__ import annotations

from typing import Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from api import shifts
from api.console import frame
from api.console.formfields import Field
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.views import new_key
from api.console.wording import FIELDS, SHIFTS
from api.deps import StateDep
from api.sessions import StaffMember
from api.state import State
from models.domain import shifts as rules
from models.domain.forms import parse
from models.domain.shifts import NewEntry, NewShift

router = APIRouter(prefix="/shifts", route_class=Room)

PAGE: Final = 30
PHOTO: Final = Field(name="photo_ids", kind="photos", title=FIELDS["photo_ids"], required=False, longest=9)


@router.get("")
async def show(
    state: StateDep, member: Member, show: Literal["current", "log"] = "current", cursor: str | None = None
) -> HTMLResponse:
    found = await shifts.shifts(state, member, current=show == "current", cursor=cursor, limit=PAGE)
    more = urlencode({"show": show, "cursor": found["next_cursor"]}) if found["next_cursor"] else ""
    communities = (await state.catalog.communities(state.direct)).values()
    return await frame.page(
        "shifts.html",
        state,
        member,
        "shifts",
        show=show,
        shifts=[with_standing(shift) for shift in found["items"]],
        more=f"/console/shifts?{more}" if more else "",
        key=new_key(),
        communities=[one for one in communities if member.actor.reaches(one["id"])],
        may_begin=member.actor.has(*rules.WRITERS),
    )


def with_standing(shift: dict[str, Any]) -> dict[str, Any]:
    """A shift with the word and colour of where it stands."""
    if shift["taken_over_at"] is not None:
        return {**shift, "standing": SHIFTS["over"], "tone": ""}
    if shift["handed_over_at"] is not None:
        return {**shift, "standing": SHIFTS["handed_over"], "tone": "warn"}
    return {**shift, "standing": SHIFTS["running"], "tone": "good"}


@router.post("")
async def begin(request: Request, state: StateDep, member: Member) -> Response:
    form = await request.form()
    note_form(request, Posted("begin", names={"post": "post", "community_id": "post"}))
    body = parse(
        NewShift, {"community_id": str(form.get("community_id") or ""), "post": str(form.get("post") or "")}, ""
    )
    shift = await shifts.begin(state, member, body, str(form.get("key") or ""))
    return HTMLResponse("", headers={"HX-Redirect": f"/console/shifts/{shift['id']}"})


@router.get("/{shift_id}")
async def show_shift(state: StateDep, member: Member, shift_id: str) -> HTMLResponse:
    return await _draw(state, member, await shifts.shift(state, member, shift_id))


@router.post("/{shift_id}/entries")
async def write(request: Request, state: StateDep, member: Member, shift_id: str) -> HTMLResponse:
    form = await request.form()
    note_form(request, Posted("entry", names={"text": "text", "photo_ids": "photo_ids"}))
    said = {
        "text": str(form.get("text") or ""),
        "open_point": bool(form.get("open_point")),
        "photo_ids": [str(photo) for photo in form.getlist("photo_ids")],
    }
    shift = await shifts.write(state, member, shift_id, parse(NewEntry, said, ""), str(form.get("key") or ""))
    return await _draw(state, member, shift, SHIFTS["written"])


@router.post("/{shift_id}/entries/{entry_id}/settle")
async def settle(request: Request, state: StateDep, member: Member, shift_id: str, entry_id: str) -> HTMLResponse:
    key = str((await request.form()).get("key") or "")
    return await _draw(
        state, member, await shifts.settle(state, member, shift_id, entry_id, key), SHIFTS["done_settle"]
    )


@router.post("/{shift_id}/hand-over")
async def hand_over(request: Request, state: StateDep, member: Member, shift_id: str) -> HTMLResponse:
    note_form(request, Posted("turn"))
    key = str((await request.form()).get("key") or "")
    shift = await shifts.hand_over(state, member, shift_id, key)
    return await _draw(state, member, shift, SHIFTS["done_hand_over"])


@router.post("/{shift_id}/take-over")
async def take_over(request: Request, state: StateDep, member: Member, shift_id: str) -> Response:
    note_form(request, Posted("turn"))
    key = str((await request.form()).get("key") or "")
    following = await shifts.take_over(state, member, shift_id, key)
    return HTMLResponse("", headers={"HX-Redirect": f"/console/shifts/{following['id']}"})


async def _draw(state: State, member: StaffMember, shift: dict[str, Any], said: str = "") -> HTMLResponse:
    page = await frame.page(
        "shift.html",
        state,
        member,
        "shifts",
        shift=with_standing(shift),
        entries=[{**entry, "key": new_key()} for entry in shift["entries"]],
        keys={name: new_key() for name in ("write", "hand_over", "take_over")},
        photo=PHOTO,
    )
    return frame.with_toast(page, said)
