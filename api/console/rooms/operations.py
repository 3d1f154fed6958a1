"""The operator's page: what does not go by itself, the cause in words, and the safe things to do about it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from api import operations
from api.console import frame
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.wording import OPERATIONS
from api.deps import StateDep
from api.sessions import StaffMember
from api.state import State
from models.domain.drift import Remedy

router = APIRouter(route_class=Room, prefix="/operations")

Json = dict[str, Any]


@router.get("")
async def show(state: StateDep, member: Member) -> HTMLResponse:
    return await draw(state, member)


@router.post("/look")
async def look(
    request: Request, state: StateDep, member: Member, number: Annotated[str, Form(max_length=40)] = ""
) -> HTMLResponse:
    """One order, compared now. It stands on the page as long as it is the one that was asked for."""
    note_form(request, Posted("look"))
    line = await operations.order(state, member, number.strip())
    return await draw(state, member, line, said("still" if line["trouble"] else "agrees", line), bool(line["trouble"]))


@router.post("/orders/{number}/{remedy}")
async def mend(
    state: StateDep, member: Member, number: str, remedy: Remedy, break_off: Annotated[bool, Form()] = False
) -> HTMLResponse:
    line = await operations.mend(state, member, number, remedy, break_off=break_off)
    text = said("not_mended" if line["trouble"] else "mended", line)
    return await draw(state, member, line, text, bool(line["trouble"]))


@router.post("/effects/{kind}/{effect_id}/retry")
async def try_again(state: StateDep, member: Member, kind: str, effect_id: str) -> HTMLResponse:
    await operations.try_again(state, member, kind, effect_id)
    return await draw(state, member, None, OPERATIONS["retried"], False)


def said(key: str, line: Json) -> str:
    return OPERATIONS[key].format(number=line["number"], title=line["title"])


async def draw(
    state: State, member: StaffMember, asked: Json | None = None, toast: str = "", bad: bool = False
) -> HTMLResponse:
    facts = await operations.overview(state, member)
    if asked and asked["number"] not in [line["number"] for line in facts["orders"]]:
        facts["orders"].insert(0, asked)
    page = await frame.page("operations.html", state, member, "operations", **facts)
    return frame.with_toast(page, toast, bad=bad)
