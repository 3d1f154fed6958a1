"""What an order's page shows of other orders, and linking it to one."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api import grouping
from api.console import frame
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.rooms import order as order_room
from api.console.wording import GROUP
from api.deps import StateDep
from api.group_bodies import Link
from models.domain.forms import parse

router = APIRouter(route_class=Room)

Json = dict[str, Any]


@router.post("/orders/{number}/link")
async def link(request: Request, state: StateDep, member: Member, number: str) -> HTMLResponse:
    form = await request.form()
    note_form(request, Posted("link", names={"other": "other", "note": "note"}))
    said = {"other": str(form.get("other") or "").strip(), "note": str(form.get("note") or "").strip() or None}
    linked = await grouping.link(state, member, number, parse(Link, said, ""), str(form.get("key") or ""))
    page = await order_room.draw(state, member, linked)
    return frame.with_toast(page, GROUP["linked"])
