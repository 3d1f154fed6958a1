"""巡检: what is to be walked, what was found, and how rounds are arranged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from api import rounds
from api.console import frame, times
from api.console.formfields import Field
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.views import new_key
from api.console.wording import FIELDS, ROUNDS
from api.deps import StateDep
from api.sessions import StaffMember
from api.state import State
from models.domain import rounds as rules
from models.domain import words
from models.domain.forms import parse
from models.domain.rounds import RoundPlan, Tick
from models.repositories import rounds as rows

router = APIRouter(prefix="/rounds", route_class=Room)

Show = Literal["todo", "log", "missed", "plans"]
PAGE: Final = 30
TONES: Final = {"open": "accent", "done": "good", "missed": "bad"}
PHOTO: Final = Field(name="photo_ids", kind="photos", title=FIELDS["photo_ids"], required=False, longest=9)
LISTS: Final[dict[str, dict[str, Any]]] = {
    "todo": {"mine": True, "status": "open"},
    "log": {},
    "missed": {"status": "missed"},
}

PLAN_SLOTS: Final = {
    "title": "title",
    "community_id": "community_id",
    "building_id": "building_id",
    "spot": "spot",
    "category": "category",
    "checks": "checks",
    "rhythm": "times",
    "rhythm.weekdays": "weekdays",
    "rhythm.times": "times",
    "duty": "duty",
}
"""Where a refusal of a plan is said in its form."""

TICK_SLOTS: Final = {"text": "text", "description": "text", "photo_ids": "photo_ids", "category": "text"}


@router.get("")
async def show(state: StateDep, member: Member, show: Show = "todo", cursor: str | None = None) -> HTMLResponse:
    found = await _list(state, member, show, cursor) if show in LISTS else {"items": [], "next_cursor": None}
    more = urlencode({"show": show, "cursor": found["next_cursor"]}) if found["next_cursor"] else ""
    return await frame.page(
        "rounds.html",
        state,
        member,
        "rounds",
        show=show,
        tabs=[*LISTS, "plans"],
        patrols=[patrol_row(patrol) for patrol in found["items"]],
        more=f"/console/rounds?{more}" if more else "",
        plans=await rounds.plans(state, member) if show == "plans" else [],
        may_plan=member.actor.has(*rules.PLANNERS),
    )


async def _list(state: State, member: StaffMember, show: str, cursor: str | None) -> dict[str, Any]:
    return await rounds.patrols(state, member, **LISTS[show], cursor=cursor, limit=PAGE)


def patrol_row(patrol: dict[str, Any]) -> dict[str, Any]:
    """A walk with its remaining time and the colour of its state."""
    now = datetime.now(UTC)
    due = times.instant(patrol["due_at"]) if patrol["status"] == "open" else None
    return {
        **patrol,
        "tone": TONES[patrol["status"]],
        "chip": times.chip(due, times.instant(patrol["scheduled_at"]), now) if due else None,
        "progress": ROUNDS["progress"].format(ticked=patrol["ticked"], of=len(patrol["items"])),
    }


# -- one walk ---------------------------------------------------------------------------------------------------------


@router.get("/patrols/{patrol_id}")
async def show_patrol(state: StateDep, member: Member, patrol_id: str) -> HTMLResponse:
    return await draw_patrol(state, member, await rounds.patrol(state, member, patrol_id))


@router.post("/patrols/{patrol_id}/tick")
async def tick(request: Request, state: StateDep, member: Member, patrol_id: str) -> HTMLResponse:
    form = await request.form()
    position = str(form.get("position") or "")
    note_form(request, Posted(f"check-{position}" if position.isdigit() else "", names=TICK_SLOTS))
    body = parse(
        Tick,
        {
            "result": form.get("result"),
            "text": str(form.get("text") or "").strip() or None,
            "photo_ids": [str(photo) for photo in form.getlist("photo_ids")],
            "category": str(form.get("category") or "") or None,
        },
        "",
    )
    number = int(position) if position.isdigit() else 0
    patrol = await rounds.tick(state, member, patrol_id, number, body, str(form.get("key") or ""))
    page = await draw_patrol(state, member, patrol)
    said = ROUNDS["reported" if body.result == "finding" else "ticked"]
    return frame.with_toast(page, said)


async def draw_patrol(state: State, member: StaffMember, patrol: dict[str, Any]) -> HTMLResponse:
    return await frame.page(
        "patrol.html",
        state,
        member,
        "rounds",
        patrol=patrol_row(patrol),
        checks=[{**item, "key": new_key(), "key2": new_key()} for item in patrol["items"]],
        categories=await _categories(state),
        photo=PHOTO,
    )


async def _categories(state: State) -> list[tuple[str, str]]:
    """Those that a public place can have."""
    found = await state.catalog.categories(state.direct)
    return [(row["code"], row["title"]) for row in found if row["kind"] == "repair" and row["place"] != "house"]


# -- plans ------------------------------------------------------------------------------------------------------------


@router.get("/new")
async def new(state: StateDep, member: Member, community_id: Annotated[str, Query(max_length=64)] = "") -> HTMLResponse:
    communities = await _communities(state, member)
    chosen = next((one for one in communities if one["id"] == community_id), communities[0] if communities else None)
    rules.may_plan(member.actor, chosen["id"] if chosen else "")
    return await _draw_form(state, member, chosen or {}, None)


@router.get("/{round_id}")
async def edit(state: StateDep, member: Member, round_id: str) -> HTMLResponse:
    plan = await rounds.plan(state, member, round_id)
    rules.may_plan(member.actor, plan["community_id"])
    communities = {one["id"]: one for one in await _communities(state, member)}
    return await _draw_form(state, member, communities[plan["community_id"]], plan)


@router.post("")
async def write(request: Request, state: StateDep, member: Member) -> Response:
    form = await request.form()
    note_form(request, Posted("round", names=PLAN_SLOTS))
    await rounds.write_plan(state, member, parse(RoundPlan, plan_of(form), ""), str(form.get("key") or ""))
    return HTMLResponse("", headers={"HX-Redirect": "/console/rounds?show=plans"})


@router.post("/{round_id}")
async def change(request: Request, state: StateDep, member: Member, round_id: str) -> Response:
    form = await request.form()
    note_form(request, Posted("round", names=PLAN_SLOTS))
    version = str(form.get("version") or "")
    plan = parse(RoundPlan, plan_of(form), "")
    await rounds.change_plan(state, member, round_id, int(version) if version.isdigit() else 0, plan)
    return HTMLResponse("", headers={"HX-Redirect": "/console/rounds?show=plans"})


def plan_of(form: FormData) -> dict[str, Any]:
    """The form as the JSON interface would get it."""
    kind, _, value = str(form.get("duty") or "").partition(":")
    at = str(form.get("times") or "").replace("，", " ").replace(",", " ").replace("、", " ").replace("：", ":").split()
    return {
        "community_id": str(form.get("community_id") or ""),
        "title": str(form.get("title") or ""),
        "building_id": str(form.get("building_id") or "") or None,
        "spot": str(form.get("spot") or ""),
        "category": str(form.get("category") or ""),
        "checks": [line.strip() for line in str(form.get("checks") or "").splitlines() if line.strip()],
        "rhythm": {"weekdays": [str(day) for day in form.getlist("weekdays")], "times": at},
        "duty": {kind: value} if kind else {},
        "paused": bool(form.get("paused")),
    }


async def _draw_form(
    state: State, member: StaffMember, community: dict[str, Any], plan: dict[str, Any] | None
) -> HTMLResponse:
    people = await rows.walkers(state.direct, community["id"])
    duties = [
        (ROUNDS["duty_roles"], [(f"role:{code}", words.ROLES[code]) for code in _roles_of(people)]),
        (ROUNDS["duty_teams"], [(f"team:{code}", title) for code, title in words.TEAMS.items()]),
        (ROUNDS["duty_people"], [(f"staff:{one['account']}", one["name"]) for one in people]),
    ]
    return await frame.page(
        "round_form.html",
        state,
        member,
        "rounds",
        key=new_key(),
        plan=plan,
        community=community,
        communities=await _communities(state, member),
        spots=list(words.SPOTS.items()),
        categories=await _categories(state),
        weekdays=list(words.WEEKDAYS.items()),
        duties=duties,
        chosen_duty=_chosen_duty(plan),
    )


def _roles_of(people: list[dict[str, Any]]) -> list[str]:
    """Roles that somebody here has, in their usual order."""
    held = {role for person in people for role in person["roles"]}
    return [code for code in words.ROLES if code in held]


def _chosen_duty(plan: dict[str, Any] | None) -> str:
    duty = plan["duty"] if plan else {}
    return next((f"{kind}:{duty[kind]}" for kind in ("role", "team", "staff") if kind in duty), "")


async def _communities(state: State, member: StaffMember) -> list[dict[str, Any]]:
    found = await state.catalog.communities(state.direct)
    return [row for row in found.values() if member.actor.reaches(row["id"])]
