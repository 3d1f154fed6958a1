"""巡检: the rounds of the caller's communities and their walks."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from api import paging, round_shapes, rounds
from api.answering import answers
from api.deps import IdempotencyKey, Staff, StateDep
from api.errors import FILING, READING
from api.json_answer import JsonAnswer
from api.paging import Cursor, Limit
from models.domain.rounds import RoundPlan, Tick

router = APIRouter(prefix="/rounds", tags=["staff: rounds"])

ROUND = answers(round_shapes.Round, *READING, "illegal_transition", example=round_shapes.ROUND)
PATROL = answers(round_shapes.Patrol, *FILING, "illegal_transition", example=round_shapes.PATROL)


class RoundChange(RoundPlan):
    version: int = Field(ge=1, description="The version that was read; another one since then refuses the change.")


@router.get("", responses=answers(round_shapes.RoundList, *READING, example={"items": [round_shapes.ROUND]}))
async def list_rounds(state: StateDep, staff: Staff) -> Response:
    """All rounds, paused ones too."""
    return JsonAnswer({"items": await rounds.plans(state, staff)})


@router.post(
    "",
    status_code=201,
    responses=answers(round_shapes.Round, *READING, "idempotency_key_reused", status=201, example=round_shapes.ROUND),
)
async def write_round(state: StateDep, staff: Staff, body: RoundPlan, key: IdempotencyKey) -> Response:
    """A new round, by an admin, lead or manager. `duty.staff` is an account. Its first walk begins at its next time."""
    made = await rounds.write_plan(state, staff, body, key)
    return JsonAnswer(made, 201, {"Location": f"/api/v1/staff/rounds/{made['id']}"})


@router.get(
    "/patrols",
    responses=answers(round_shapes.PatrolPage, *READING, example={"items": [round_shapes.PATROL], "next_cursor": None}),
)
async def list_patrols(
    state: StateDep,
    staff: Staff,
    box: Annotated[Literal["mine", "all"], Query()] = "mine",
    status: Annotated[Literal["open", "done", "missed"] | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = paging.LIMIT,
) -> Response:
    """Walks, newest first: those that are the caller's duty, or all of the caller's communities."""
    found = await rounds.patrols(state, staff, mine=box == "mine", status=status, cursor=cursor, limit=limit)
    return JsonAnswer(found)


@router.get("/patrols/{patrol_id}", responses=answers(round_shapes.Patrol, *READING, example=round_shapes.PATROL))
async def show_patrol(state: StateDep, staff: Staff, patrol_id: str) -> Response:
    return JsonAnswer(await rounds.patrol(state, staff, patrol_id))


@router.post("/patrols/{patrol_id}/items/{position}", responses=PATROL)
async def tick(
    state: StateDep,
    staff: Staff,
    patrol_id: str,
    position: Annotated[int, Path(ge=1, le=100)],
    body: Tick,
    key: IdempotencyKey,
) -> Response:
    """What was seen. A finding becomes a repair that staff found, linked here by its number."""
    return JsonAnswer(await rounds.tick(state, staff, patrol_id, position, body, key))


@router.get("/{round_id}", responses=ROUND)
async def show_round(state: StateDep, staff: Staff, round_id: str) -> Response:
    return JsonAnswer(await rounds.plan(state, staff, round_id))


@router.put("/{round_id}", responses=ROUND)
async def change_round(state: StateDep, staff: Staff, round_id: str, body: RoundChange) -> Response:
    """The whole plan anew; `paused` stops it. Walks that have begun stay as they were."""
    plan = RoundPlan.model_validate(body.model_dump(exclude={"version"}))
    return JsonAnswer(await rounds.change_plan(state, staff, round_id, body.version, plan))
