"""人员: who there is, who is on duty or away, who leaves, and, for admins, roles and scope."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from api import people
from api.console import frame
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.people_words import SAID, WEEKDAYS
from api.console.views import new_key
from api.console.wording import ME
from api.deps import StateDep
from api.people_bodies import Absence, Appointment, Turns
from api.sessions import StaffMember
from api.state import State
from models.domain import words
from models.domain.forms import parse
from models.domain.numbers import CHINA
from models.domain.people import Role
from models.domain.staff_rights import APPOINT, DISMISS

router = APIRouter(prefix="/people", route_class=Room)

Json = dict[str, Any]

WEEKS_SHOWN: Final = timedelta(days=14)
"""As far as a roster is looked at; the interface shows the rest."""

ABSENCE_SLOTS: Final = {"since": "since", "until": "until", "deputy": "deputy"}
TURN_SLOTS: Final = {name: name for name in ("first", "last", "start", "end", "weekdays")}


@router.get("")
async def show(state: StateDep, member: Member) -> HTMLResponse:
    return await draw_all(state, member)


@router.post("/turns")
async def plan_team(request: Request, state: StateDep, member: Member) -> HTMLResponse:
    """Turns of duty of a team."""
    said = await request.form()
    note_form(request, Posted("turns", names=TURN_SLOTS))
    body = _turns(said, team=_text(said, "team"), community_id=_text(said, "community_id"))
    await people.plan_turns(state, member, body, str(said.get("key") or ""))
    return frame.with_toast(await draw_all(state, member), SAID["plan"])


@router.post("/turns/{turn_id}/drop")
async def drop_team_turn(request: Request, state: StateDep, member: Member, turn_id: str) -> HTMLResponse:
    await people.drop_turn(state, member, turn_id, str((await request.form()).get("key") or ""))
    return frame.with_toast(await draw_all(state, member), SAID["drop"])


@router.get("/{account}")
async def show_one(state: StateDep, member: Member, account: str) -> HTMLResponse:
    return await draw(state, member, await people.one(state, member, account))


@router.post("/{account}/absences")
async def record_absence(request: Request, state: StateDep, member: Member, account: str) -> HTMLResponse:
    said = await request.form()
    note_form(request, Posted("absence", names=ABSENCE_SLOTS))
    body = parse(Absence, {name: value for name in ABSENCE_SLOTS if (value := _text(said, name))}, "")
    person = await people.record_absence(state, member, account, body, str(said.get("key") or ""))
    return frame.with_toast(await draw(state, member, person), SAID["absence"])


@router.post("/{account}/absences/{absence_id}/end")
async def end_absence(request: Request, state: StateDep, member: Member, account: str, absence_id: str) -> HTMLResponse:
    key = str((await request.form()).get("key") or "")
    person = await people.end_absence(state, member, account, absence_id, key)
    return frame.with_toast(await draw(state, member, person), SAID["end"])


@router.post("/{account}/leave")
async def leave(request: Request, state: StateDep, member: Member, account: str) -> HTMLResponse:
    said = await request.form()
    note_form(request, Posted("leave", names={"deputy": "deputy"}))
    person = await people.leave(state, member, account, _text(said, "deputy"), str(said.get("key") or ""))
    return frame.with_toast(await draw(state, member, person), SAID["leave"])


@router.post("/{account}/rejoin")
async def rejoin(request: Request, state: StateDep, member: Member, account: str) -> HTMLResponse:
    person = await people.rejoin(state, member, account, str((await request.form()).get("key") or ""))
    return frame.with_toast(await draw(state, member, person), SAID["rejoin"])


@router.post("/{account}/turns")
async def plan(request: Request, state: StateDep, member: Member, account: str) -> HTMLResponse:
    said = await request.form()
    note_form(request, Posted("turns", names=TURN_SLOTS))
    await people.plan_turns(state, member, _turns(said, staff=account), str(said.get("key") or ""))
    return frame.with_toast(await draw(state, member, await people.one(state, member, account)), SAID["plan"])


@router.post("/{account}/turns/{turn_id}/drop")
async def drop_turn(request: Request, state: StateDep, member: Member, account: str, turn_id: str) -> HTMLResponse:
    await people.drop_turn(state, member, turn_id, str((await request.form()).get("key") or ""))
    return frame.with_toast(await draw(state, member, await people.one(state, member, account)), SAID["drop"])


@router.post("/{account}/appoint")
async def appoint(request: Request, state: StateDep, member: Member, account: str) -> HTMLResponse:
    said = await request.form()
    note_form(request, Posted("appoint", names={"roles": "roles", "cap": "cap", "scopes": "scopes"}))
    chosen = said.getlist("building")
    known = await state.catalog.communities(state.direct)
    scopes = [
        {
            "community_id": community,
            "buildings": [one["id"] for one in known[community]["buildings"] if one["id"] in chosen],
        }
        for community in map(str, said.getlist("community"))
        if community in known
    ]
    body = {
        "roles": said.getlist("role"),
        "team": _text(said, "team"),
        "skills": said.getlist("skill"),
        "cap": _text(said, "cap"),
        "firm_wide": bool(said.get("firm_wide")),
        "scopes": scopes,
    }
    person = await people.appoint(state, member, account, parse(Appointment, body, ""))
    return frame.with_toast(await draw(state, member, person), SAID["appoint"])


def _text(said: FormData, name: str) -> str | None:
    return str(said.get(name) or "").strip() or None


def _turns(said: FormData, **whose: str | None) -> Turns:
    body = {name: _text(said, name) for name in ("first", "last", "start", "end")}
    turns: Turns = parse(Turns, {**whose, **body, "weekdays": said.getlist("weekday")}, "")
    return turns


async def draw_all(state: State, member: StaffMember) -> HTMLResponse:
    everybody = await people.everybody(state, member)
    turns = await _coming(state, member)
    communities = await state.catalog.communities(state.direct)
    return await frame.page(
        "people.html",
        state,
        member,
        "people",
        people=[_row(person, communities) for person in everybody],
        turns=[{**turn, "where": _name(communities, turn)} for turn in turns if turn["team"]],
        communities=[one for one in communities.values() if member.actor.reaches(one["id"])],
        weekdays=WEEKDAYS,
        key=new_key(),
        today=datetime.now(CHINA).date().isoformat(),
    )


async def draw(state: State, member: StaffMember, person: Json) -> HTMLResponse:
    communities = await state.catalog.communities(state.direct)
    everybody = await people.everybody(state, member)
    categories = await state.catalog.categories(state.direct)
    mine = {scope["community_id"]: scope["buildings"] for scope in person["scopes"]}
    return await frame.page(
        "person.html",
        state,
        member,
        "people",
        person=_row(person, communities),
        others=[one for one in everybody if one["active"] and one["account"] != person["account"]],
        turns=[turn for turn in await _coming(state, member) if turn["account"] == person["account"]],
        may_dismiss=member.actor.has(*DISMISS) and member.account != person["account"],
        may_appoint=member.actor.has(*APPOINT),
        roles=[(role.value, words.ROLES[role]) for role in Role],
        skill_titles={row["code"]: row["title"] for row in categories},
        skills=sorted({row["skill"] for row in categories} | set(person["skills"])),
        communities=communities.values(),
        scopes=mine,
        weekdays=WEEKDAYS,
        key=new_key(),
        today=datetime.now(CHINA).date().isoformat(),
    )


async def _coming(state: State, member: StaffMember) -> list[Json]:
    return await people.roster(state, member, None, datetime.now(CHINA) + WEEKS_SHOWN)


def _name(communities: Any, turn: Json) -> str:
    community = communities.get(turn["community_id"])
    return community["name"] if community else ""


def _row(person: Json, communities: Any) -> Json:
    """A person with the words that both pages draw."""
    away = next((absence for absence in person["absences"] if absence["now"]), None)
    standing = "left" if not person["active"] else "absent" if away else "on_duty" if person["on_duty"] else "off_duty"
    return {
        **person,
        "standing": standing,
        "tone": {"on_duty": "good", "absent": "warn"}.get(standing, ""),
        "away": away,
        "roles_title": "、".join(words.ROLES.get(role, role) for role in person["roles"]),
        "team_title": words.TEAMS.get(person["team"], person["team"]),
        "moving": bool(person["leaving"] and person["leaving"]["moved"] < person["leaving"]["tasks"]),
        "where": ME["everywhere"] if person["firm_wide"] else _scope(person, communities),
    }


def _scope(person: Json, communities: Any) -> str:
    """`幸福里（1栋、2栋）、和谐苑`: communities, and the buildings where somebody is narrowed to some."""
    said = []
    for scope in person["scopes"]:
        community = communities.get(scope["community_id"])
        if community is None:
            continue
        names = [one["name"] for one in community["buildings"] if one["id"] in scope["buildings"]]
        said.append(community["name"] + (f"（{'、'.join(names)}）" if names else ""))
    return "、".join(said)
