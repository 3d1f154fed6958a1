"""小区挪车, from both sides: asking for a car to be moved, and being asked."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Response

from api import asked_cars, examples, move_car_shapes, shapes
from api.answering import answers
from api.deps import IdempotencyKey, Owner, StateDep
from api.errors import FILING, READING
from api.intake import move_car
from api.json_answer import JsonAnswer
from api.move_car_bodies import MoveCarRequest
from api.paging import LIMIT, Cursor, Limit

router = APIRouter(tags=["owner: move-car"])


@router.post(
    "/move-cars",
    status_code=201,
    responses=answers(shapes.Order, *FILING, status=201, example=examples.ORDER | move_car_shapes.AS_ASKED),
)
async def ask(state: StateDep, owner: Owner, body: MoveCarRequest, key: IdempotencyKey) -> Response:
    """Ask for a car to be moved. Whoever asks about the same plate within ten minutes waits with the first: the answer
    is the same order. One's own car is refused with 422. Works while the workflow engine is down."""
    order = await move_car.file_by_owner(state, owner, body, key)
    return JsonAnswer(order, 201, {"Location": f"/api/v1/owner/work-orders/{order['number']}"})


@router.get(
    "/asked-of-my-cars",
    responses=answers(
        move_car_shapes.AskedPage, *READING, example={"items": [move_car_shapes.ASKED], "next_cursor": None}
    ),
)
async def asked_of_my_cars(state: StateDep, owner: Owner, cursor: Cursor = None, limit: Limit = LIMIT) -> Response:
    """Requests about cars that the caller or their household has registered, newest first: place, reason and what may
    be answered. Never who asked."""
    return JsonAnswer(await asked_cars.page(state, owner, cursor, limit, datetime.now(UTC)))
