"""交接班: the log of the guard posts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from api import paging, round_shapes, shifts
from api.answering import answers
from api.bodies import Nothing
from api.deps import IdempotencyKey, Staff, StateDep
from api.errors import READING
from api.json_answer import JsonAnswer
from api.paging import Cursor, Limit
from models.domain.shifts import NewEntry, NewShift

router = APIRouter(prefix="/shifts", tags=["staff: shifts"])

CHANGING = (*READING, "illegal_transition", "four_eyes", "idempotency_key_reused")
SHIFT = answers(round_shapes.Shift, *CHANGING, example=round_shapes.SHIFT)


@router.get(
    "",
    responses=answers(
        round_shapes.ShiftPage, *READING, example={"items": [round_shapes.SHIFT_ITEM], "next_cursor": None}
    ),
)
async def list_shifts(
    state: StateDep,
    staff: Staff,
    current: Annotated[bool, Query(description="Only those that nobody has taken over.")] = False,
    cursor: Cursor = None,
    limit: Limit = paging.LIMIT,
) -> Response:
    """Newest first."""
    return JsonAnswer(await shifts.shifts(state, staff, current=current, cursor=cursor, limit=limit))


@router.post(
    "", status_code=201, responses=answers(round_shapes.Shift, *CHANGING, status=201, example=round_shapes.SHIFT)
)
async def begin(state: StateDep, staff: Staff, body: NewShift, key: IdempotencyKey) -> Response:
    """The first shift of a post. Every later one begins by taking over."""
    begun = await shifts.begin(state, staff, body, key)
    return JsonAnswer(begun, 201, {"Location": f"/api/v1/staff/shifts/{begun['id']}"})


@router.get("/{shift_id}", responses=answers(round_shapes.Shift, *READING, example=round_shapes.SHIFT))
async def show_shift(state: StateDep, staff: Staff, shift_id: str) -> Response:
    """One shift with its log: what was carried on from the shift before comes first."""
    return JsonAnswer(await shifts.shift(state, staff, shift_id))


@router.post("/{shift_id}/entries", responses=SHIFT)
async def write(state: StateDep, staff: Staff, shift_id: str, body: NewEntry, key: IdempotencyKey) -> Response:
    """One more line. With `open_point` the next shift is given it as well, until somebody settles it."""
    return JsonAnswer(await shifts.write(state, staff, shift_id, body, key))


@router.post("/{shift_id}/entries/{entry_id}/settle", responses=SHIFT)
async def settle(
    state: StateDep,
    staff: Staff,
    shift_id: str,
    entry_id: str,
    key: IdempotencyKey,
    body: Annotated[Nothing | None, Body()] = None,
) -> Response:
    """An open point is finished."""
    return JsonAnswer(await shifts.settle(state, staff, shift_id, entry_id, key))


@router.post("/{shift_id}/hand-over", responses=SHIFT)
async def hand_over(
    state: StateDep, staff: Staff, shift_id: str, key: IdempotencyKey, body: Annotated[Nothing | None, Body()] = None
) -> Response:
    """交班: the log is read only from here on."""
    return JsonAnswer(await shifts.hand_over(state, staff, shift_id, key))


@router.post("/{shift_id}/take-over", responses=SHIFT)
async def take_over(
    state: StateDep, staff: Staff, shift_id: str, key: IdempotencyKey, body: Annotated[Nothing | None, Body()] = None
) -> Response:
    """接班, by another person: answers the new shift, with what is still open."""
    return JsonAnswer(await shifts.take_over(state, staff, shift_id, key))
