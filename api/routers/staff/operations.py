"""The operator's page as JSON: what does not go by itself, and what mends it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Path, Response

from api import examples, idempotency, operations, shapes
from api.answering import answers
from api.bodies import Mending
from api.deps import IdempotencyKey, Staff, StateDep
from api.errors import READING
from api.json_answer import JsonAnswer
from models.domain.drift import Remedy

router = APIRouter(prefix="/operations", tags=["staff: operations"])

MENDING = (*READING, "illegal_transition", "idempotency_key_reused")

EffectKind = Literal["notice", "photo", "outbox"]
EffectId = Annotated[str, Path(max_length=100)]


@router.get("", responses=answers(shapes.Operations, *READING, example=examples.OPERATIONS))
async def overview(state: StateDep, staff: Staff) -> Response:
    """Engine, outbox, and every order and effect that needs somebody, with its cause. For operators and admins."""
    return JsonAnswer(await operations.overview(state, staff))


@router.get("/orders/{number}", responses=answers(shapes.TroubledOrder, *READING, example=examples.TROUBLED))
async def look(state: StateDep, staff: Staff, number: str) -> Response:
    """One order, compared now: without `trouble`, Postgres and its workflow agree."""
    return JsonAnswer(await operations.order(state, staff, number))


@router.post("/orders/{number}/{remedy}", responses=answers(shapes.TroubledOrder, *MENDING, example=examples.TROUBLED))
async def mend(
    state: StateDep,
    staff: Staff,
    number: str,
    remedy: Remedy,
    key: IdempotencyKey,
    body: Annotated[Mending | None, Body()] = None,
) -> Response:
    """Apply a remedy that the order's `remedies` name, and answer how it then stands."""
    said = body or Mending()
    request = idempotency.Request.of(state, staff.actor, number, f"mend:{remedy}", key, said.model_dump())
    before = await request.before(state)
    if before is not None and before.answer is not None:
        return JsonAnswer(before.answer)
    mended = await operations.mend(state, staff, number, remedy, break_off=said.break_off)
    return JsonAnswer(await request.remember_whole(state, mended))


@router.post("/effects/{kind}/{effect_id}/retry", responses=answers(shapes.DeadEffects, *MENDING))
async def try_again(
    state: StateDep, staff: Staff, kind: EffectKind, effect_id: EffectId, key: IdempotencyKey
) -> Response:
    """Wish once more for a message, a photo or an outbox row that was given up; answers what is left."""
    request = idempotency.Request.of(state, staff.actor, effect_id, f"retry:{kind}", key, {})
    before = await request.before(state)
    if before is not None and before.answer is not None:
        return JsonAnswer(before.answer)
    left = await operations.try_again(state, staff, kind, effect_id)
    return JsonAnswer(await request.remember_whole(state, left))
