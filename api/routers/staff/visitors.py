"""Visitors at the gate: whom today brings, and whom to telephone about them."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api import move_car_shapes, reveals, visiting, visitor_shapes
from api.answering import answers
from api.deps import IdempotencyKey, Staff, StateDep
from api.errors import ACTING, READING
from api.json_answer import JsonAnswer
from api.visitor_bodies import Search

router = APIRouter(tags=["staff: visitors"])

PHONE = answers(move_car_shapes.Phone, *ACTING, example={"phone": "13800000000"})


@router.post(
    "/visitors/search",
    responses=answers(
        visitor_shapes.VisitorsOfDay,
        *READING,
        "forbidden",
        "validation_failed",
        example={"items": [visitor_shapes.ITEM], "more": False},
    ),
)
async def search(state: StateDep, staff: Staff, body: Search) -> Response:
    """The visitors of a day: who waits at the gate first, then who is inside, then who is awaited. It changes nothing,
    so it needs no key."""
    return JsonAnswer(await visiting.of_day(state, staff, body.q, body.day))


@router.post("/work-orders/{number}/visitor-phone", responses=PHONE)
async def visitors_phone(state: StateDep, staff: Staff, number: str, key: IdempotencyKey) -> Response:
    """The visitor's, for a guard or the office, while the pass holds; every look is written down."""
    return JsonAnswer({"phone": await reveals.visitors_phone(state, staff, number)})


@router.post("/work-orders/{number}/host-phone", responses=PHONE)
async def hosts_phone(state: StateDep, staff: Staff, number: str, key: IdempotencyKey) -> Response:
    """Of the first resident who answers for the visit, the same."""
    return JsonAnswer({"phone": await reveals.hosts_phone(state, staff, number)})
