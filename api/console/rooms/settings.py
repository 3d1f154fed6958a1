"""设置: an admin's room. Levels, calendar, ladder and everything else of a community, and who changed what."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from api import policies
from api.bodies import SentPolicy
from api.console import frame, settings_form
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.settings_words import SETTINGS
from api.console.views import new_key
from api.deps import StateDep
from api.sessions import StaffMember
from api.state import State
from models.domain.errors import NotFound
from models.domain.forms import parse
from models.domain.people import Role
from models.domain.policy import Policy

router = APIRouter(route_class=Room, prefix="/settings")

SLOTS: Final = {name: name for name in Policy.model_fields}
"""Where a refusal is said: each setting, and each table, has one place."""

LADDER_ROLES: Final = (Role.LEAD, Role.MANAGER, Role.QUALITY, Role.ADMIN)


@router.get("")
async def show(state: StateDep, member: Member, community: str = "") -> HTMLResponse:
    return await draw(state, member, community)


@router.post("")
async def save(request: Request, state: StateDep, member: Member) -> HTMLResponse:
    form = await request.form()
    note_form(request, Posted("settings", names=SLOTS))
    community, version = str(form.get("community") or ""), str(form.get("version") or "")
    policy = parse(SentPolicy, settings_form.read(form), "")
    await policies.change(state, member, community, int(version) if version.isdigit() else -1, policy)
    return await draw(state, member, community, SETTINGS["saved"])


@router.post("/apply")
async def apply(
    state: StateDep, member: Member, community: Annotated[str, Form()], key: Annotated[str, Form()]
) -> HTMLResponse:
    answer = await policies.apply(state, member, community, key)
    return await draw(state, member, community, SETTINGS["applied"].format(orders=answer["orders"]))


async def draw(state: State, member: StaffMember, community: str, toast: str = "") -> HTMLResponse:
    known = await policies.communities(state, member)
    if not known:
        raise NotFound
    shown = await policies.shown(state, member, community or known[0]["id"])
    policy = Policy.model_validate(shown["settings"])
    page = await frame.page("settings.html", state, member, "settings", **_facts(policy, shown), communities=known,
                            categories=await state.catalog.categories(state.direct), key=new_key())  # fmt: skip
    return frame.with_toast(page, toast)


def _facts(policy: Policy, shown: dict[str, Any]) -> dict[str, Any]:
    titles = {name: field.title for name, field in Policy.model_fields.items()}
    return {
        "shown": shown,
        "policy": shown["settings"],
        "titles": titles,
        "plain": settings_form.plain(policy),
        "levels": settings_form.level_rows(policy),
        "special": [(each, *settings_form.amount_of(each.limit)) for each in settings_form.category_rows(policy)],
        "blank_rows": settings_form.BLANK_ROWS,
        "ladder_roles": LADDER_ROLES,
        "history": [
            {**change, "titles": "、".join(str(titles.get(name, name)) for name in change["changes"])}
            for change in shown["history"]
        ],
    }
