"""Who is at the console, and the frame that every page stands in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from api import inbox, sessions, settlements, visitor_views
from api.console.templating import render
from api.deps import StateDep
from api.operations import OPERATORS
from api.sessions import StaffMember
from api.state import State
from models.domain import shifts, words
from models.domain.errors import NotFound, Unauthenticated
from models.domain.grouping import MAY_GROUP
from models.domain.lifecycles import LIFECYCLES
from models.domain.numbers import is_number
from models.domain.people import Role
from models.domain.plate_rights import KEEPERS
from models.domain.staff_rights import PLAN

COOKIE: Final = "wuyou_session"
COOKIE_PATH: Final = "/console"
"""The JSON interface never sees the cookie: there it would be a second way to be somebody, with no check of origin."""


async def member_of(request: Request, state: StateDep) -> StaffMember:
    """The staff member behind the cookie. Raises Unauthenticated, which becomes a way to the login."""
    token = request.cookies.get(COOKIE)
    if not token:
        raise Unauthenticated
    return await sessions.member(state, token)


Member = Annotated[StaffMember, Depends(member_of)]


@dataclass(frozen=True)
class Entrance:
    """A room in the main navigation. `name` is also its icon and its key in `wording.NAV`."""

    name: str
    href: str
    roles: tuple[Role, ...] = ()
    """Who sees it; empty for everybody. What may be done inside is refused by the room itself."""


ENTRANCES: Final = (
    Entrance("inbox", "/console/inbox"),
    Entrance("orders", "/console/orders"),
    Entrance("register", "/console/register"),
    Entrance("visitors", "/console/visitors", visitor_views.MAY_READ),
    Entrance("today", "/console/today", (Role.TECHNICIAN, Role.INSPECTOR)),
    Entrance("incidents", "/console/incidents", MAY_GROUP),
    Entrance("rounds", "/console/rounds"),
    Entrance("shifts", "/console/shifts", shifts.READERS),
    Entrance("cars", "/console/cars", KEEPERS),
    Entrance("takings", "/console/takings", settlements.READERS),
    Entrance("people", "/console/people", PLAN),
    Entrance("operations", "/console/operations", OPERATORS),
    Entrance("settings", "/console/settings", (Role.ADMIN,)),
    Entrance("me", "/console/me"),
)
"""In the order of the day's work; on a phone the bar scrolls."""


def entrances(member: StaffMember) -> list[Entrance]:
    return [each for each in ENTRANCES if not each.roles or member.actor.has(*each.roles)]


def kinds() -> list[tuple[str, str]]:
    """The kinds of order that this installation knows, for filters."""
    return [(kind, words.KINDS[kind]) for kind in LIFECYCLES]


def roles_title(member: StaffMember) -> str:
    return "、".join(words.ROLES.get(role, role) for role in member.actor.roles)


async def page(
    template: str, state: State, member: StaffMember, here: str, mine: int | None = None, /, **facts: Any
) -> HTMLResponse:
    """A whole page. htmx asks for the same pages and takes the parts it needs, so there is one template per room.

    `mine` is how much lies in the member's own box, where the caller knows it.
    """
    me = {
        "name": member.name,
        "account": member.account,
        "roles_title": roles_title(member),
        "waiting": await inbox.mine(state, member) if mine is None else mine,
        "entrances": entrances(member),
    }
    return HTMLResponse(render(template, me=me, here=here, **facts))


def with_toast(page: HTMLResponse, text: str, *, bad: bool = False) -> HTMLResponse:
    """The page, and what has just been done; without a text nothing was."""
    return HTMLResponse(bytes(page.body).decode() + render("toast.html", text=text, bad=bad)) if text else page


def known(number: str) -> str:
    """Raises NotFound for what is no order's number, before anything is asked of the database."""
    if not is_number(number):
        raise NotFound("order_not_found")
    return number
