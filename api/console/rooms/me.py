"""My page: who I am here, whether I am on duty, and my own WeChat for notices."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from api import people, ratings
from api.console import frame
from api.console.drawing import qr_svg
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.deps import StateDep
from api.people_bodies import OwnPhone
from api.scenes import scene_of_staff
from api.sessions import StaffMember
from api.state import State
from integrations.wechat import WeChatError
from models.domain import words
from models.domain.errors import Unavailable
from models.domain.forms import parse

router = APIRouter(route_class=Room)


@router.get("/me")
async def show(state: StateDep, member: Member) -> HTMLResponse:
    return await draw(state, member)


@router.post("/me/duty")
async def duty(request: Request, state: StateDep, member: Member) -> HTMLResponse:
    await people.switch_duty(state, member, bool((await request.form()).get("on")))
    return await draw(state, member)


@router.post("/me/phone")
async def phone(request: Request, state: StateDep, member: Member) -> HTMLResponse:
    note_form(request, Posted("phone", names={"phone": "phone"}))
    typed = str((await request.form()).get("phone") or "").strip() or None
    await people.set_phone(state, member, parse(OwnPhone, {"phone": typed}, ""))
    return await draw(state, member)


@router.post("/me/wechat")
async def wechat(request: Request, state: StateDep, member: Member) -> HTMLResponse:
    """A code to scan: following the service account with it ties that WeChat to this person."""
    note_form(request, Posted("wechat"))
    if state.wechat is None:
        raise Unavailable("wechat_unavailable")
    try:
        scene = scene_of_staff(state.settings.required("token_secret"), member.id)
        address = await asyncio.to_thread(state.wechat.bind_qr, scene)
    except WeChatError:
        raise Unavailable("wechat_unavailable") from None
    return await draw(state, member, qr=qr_svg(address))


@router.get("/me/bound")
async def bound(member: Member, was: str = "") -> HTMLResponse:
    """Asked every few seconds while a code is shown: as soon as it was scanned, the page shows so."""
    if member.wechat_bound and not was:
        return HTMLResponse("", headers={"HX-Refresh": "true"})
    return HTMLResponse("", status_code=204)


async def draw(state: State, member: StaffMember, qr: Markup | None = None) -> HTMLResponse:
    duty = await people.duty(state, member)
    communities = await state.catalog.communities(state.direct)
    reach = member.actor.communities
    return await frame.page(
        "me.html",
        state,
        member,
        "me",
        team=words.TEAMS.get(member.team, member.team),
        communities="" if "*" in reach else "、".join(communities[one]["name"] for one in reach if one in communities),
        on_duty=duty["on_duty"],
        absent=duty["absent"],
        stands_in_for="、".join(member.stands_in_for.values()),
        bound=member.wechat_bound,
        phone_masked=(await people.phone(state, member))["phone_masked"],
        qr=qr,
        stars=await ratings.averages(state, member),
    )
