"""Who there is, who is on duty or away, who leaves, and what a technician has to do today."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from api import examples, people, people_shapes
from api.answering import answers
from api.bodies import Nothing
from api.deps import IdempotencyKey, Staff, StateDep
from api.errors import READING
from api.json_answer import JsonAnswer
from api.people_bodies import Absence, Appointment, Duty, Leaving, OwnPhone, Turns

router = APIRouter(tags=["staff: colleagues"])

CHANGING = (*READING, "illegal_transition", "idempotency_key_reused")
COLLEAGUE = answers(people_shapes.Colleague, *CHANGING, example=people_shapes.COLLEAGUE)
PHONE = {"phone_masked": "138****8000"}
VISIT = {**examples.TASK, "appointment": None, "held_until": None, "later": False}


@router.get(
    "/people",
    responses=answers(people_shapes.Colleagues, *READING, example={"items": [people_shapes.COLLEAGUE]}),
)
async def list_people(state: StateDep, staff: Staff) -> Response:
    """The staff of the caller's communities, those who have left at the end; for leads, managers and admins."""
    return JsonAnswer({"items": await people.everybody(state, staff)})


@router.get("/people/{account}", responses=answers(people_shapes.Colleague, *READING, example=people_shapes.COLLEAGUE))
async def show_person(state: StateDep, staff: Staff, account: str) -> Response:
    """One of them; for somebody who left with how many of their tasks have moved."""
    return JsonAnswer(await people.one(state, staff, account))


@router.put("/people/{account}", responses=COLLEAGUE)
async def appoint(state: StateDep, staff: Staff, account: str, body: Appointment) -> Response:
    """Roles, team, skills, cap and scope, by an admin. Tasks that no role of theirs may hold any more go back."""
    return JsonAnswer(await people.appoint(state, staff, account, body))


@router.post("/people/{account}/leave", responses=COLLEAGUE)
async def leave(
    state: StateDep, staff: Staff, account: str, key: IdempotencyKey, body: Annotated[Leaving | None, Body()] = None
) -> Response:
    """The person is logged out and gets nothing more, at once; `leaving` shows how far their tasks have moved."""
    return JsonAnswer(await people.leave(state, staff, account, body.deputy if body else None, key))


@router.post("/people/{account}/rejoin", responses=COLLEAGUE)
async def rejoin(
    state: StateDep, staff: Staff, account: str, key: IdempotencyKey, body: Annotated[Nothing | None, Body()] = None
) -> Response:
    """Back again, off duty until they switch themselves on."""
    return JsonAnswer(await people.rejoin(state, staff, account, key))


@router.post("/people/{account}/absences", responses=COLLEAGUE)
async def record_absence(state: StateDep, staff: Staff, account: str, key: IdempotencyKey, body: Absence) -> Response:
    """Days away. Nothing can be assigned to an absentee; a deputy does what already lies with them."""
    return JsonAnswer(await people.record_absence(state, staff, account, body, key))


@router.post("/people/{account}/absences/{absence_id}/end", responses=COLLEAGUE)
async def end_absence(
    state: StateDep,
    staff: Staff,
    account: str,
    absence_id: str,
    key: IdempotencyKey,
    body: Annotated[Nothing | None, Body()] = None,
) -> Response:
    """Withdrawn, or back early."""
    return JsonAnswer(await people.end_absence(state, staff, account, absence_id, key))


@router.get("/duty", responses=answers(people_shapes.Duty, *READING, example={"on_duty": True, "absent": False}))
async def show_duty(state: StateDep, staff: Staff) -> Response:
    """Whether the caller is on duty now: what the roster or their own switch said last, unless they are away."""
    return JsonAnswer(await people.duty(state, staff))


@router.put("/duty", responses=answers(people_shapes.Duty, *READING, example={"on_duty": True, "absent": False}))
async def switch_duty(state: StateDep, staff: Staff, body: Duty) -> Response:
    """The caller's own switch; it holds until their next turn of the roster begins or ends."""
    return JsonAnswer(await people.switch_duty(state, staff, body.on_duty))


@router.get("/phone", responses=answers(people_shapes.OwnPhoneShape, *READING, example=PHONE))
async def show_phone(state: StateDep, staff: Staff) -> Response:
    """Where the caller is reached by SMS where WeChat does not reach them: in an emergency, and of a breach."""
    return JsonAnswer(await people.phone(state, staff))


@router.put("/phone", responses=answers(people_shapes.OwnPhoneShape, *READING, example=PHONE))
async def set_phone(state: StateDep, staff: Staff, body: OwnPhone) -> Response:
    """The caller's own mobile; null takes it away."""
    return JsonAnswer(await people.set_phone(state, staff, body))


@router.get("/roster", responses=answers(people_shapes.Roster, *READING, example={"items": [people_shapes.TURN]}))
async def show_roster(
    state: StateDep,
    staff: Staff,
    since: Annotated[datetime | None, Query(description="Default: today.")] = None,
    until: Annotated[datetime | None, Query(description="Default: a month later.")] = None,
) -> Response:
    """The turns of duty of the caller's communities, at most a thousand."""
    return JsonAnswer({"items": await people.roster(state, staff, since, until)})


@router.post(
    "/roster", responses=answers(people_shapes.Planned, *CHANGING, example={"planned": [people_shapes.TURN["id"]]})
)
async def plan_turns(state: StateDep, staff: Staff, key: IdempotencyKey, body: Turns) -> Response:
    """The same hours on each chosen day, of a person or of a team of a community."""
    return JsonAnswer(await people.plan_turns(state, staff, body, key))


@router.post(
    "/roster/{turn_id}/drop",
    responses=answers(people_shapes.Dropped, *CHANGING, example={"dropped": people_shapes.TURN["id"]}),
)
async def drop_turn(
    state: StateDep, staff: Staff, turn_id: str, key: IdempotencyKey, body: Annotated[Nothing | None, Body()] = None
) -> Response:
    """Take one turn off the roster."""
    return JsonAnswer(await people.drop_turn(state, staff, turn_id, key))


@router.get("/day", responses=answers(people_shapes.Day, *READING, example={"items": [VISIT], "later": []}))
async def show_day(state: StateDep, staff: Staff) -> Response:
    """The caller's open work, and that of those for whom they act: emergencies, then by appointment, then time left."""
    return JsonAnswer(await people.day(state, staff))
