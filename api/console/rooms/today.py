"""今日: a technician's visits in the order to make them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api import people
from api.console import frame, times, views
from api.console.frame import Member
from api.console.guard import Room
from api.console.people_words import TODAY
from api.deps import StateDep
from api.sessions import StaffMember

router = APIRouter(prefix="/today", route_class=Room)

Json = dict[str, Any]


@router.get("")
async def show(state: StateDep, member: Member) -> HTMLResponse:
    now = datetime.now(UTC)
    day = await people.day(state, member)
    return await frame.page(
        "today.html",
        state,
        member,
        "today",
        visits=[_visit(task, member, now) for task in day["items"]],
        later=[_visit(task, member, now) for task in day["later"]],
    )


def _visit(task: Json, member: StaffMember, now: datetime) -> Json:
    held = task["held_until"]
    mine = task["holder"] == member.account
    return {
        **views.inbox_row(task, member, now),
        "window": views.window_words(task["appointment"], now) if task["appointment"] else "",
        "held": TODAY["held"].format(at=times.moment(held, now)) if held else "",
        "instead": "" if mine else TODAY["for_other"].format(name=task["holder_name"]),
    }
