"""Orders within the caller's scope: lists, detail, filing, and what concerns an order rather than a task."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response
from pydantic import Discriminator, Tag

from api import acting, examples, inbox, move_car_shapes, paging, people_shapes, reveals, sequels, shapes
from api.answering import answers
from api.bodies import Amendment, Rework, StaffFiling
from api.bulk import Bulk, carry_out
from api.complaint_bodies import ComplaintFiling
from api.deps import IdempotencyKey, Staff, StateDep
from api.errors import ACTING, FILING, READING
from api.filters import Kind, Stage
from api.intake import complaint, move_car, repair, visitor
from api.json_answer import JsonAnswer
from api.move_car_bodies import StaffMoveCar
from api.paging import Cursor, Limit
from api.routers.owner.orders import sent
from api.visitor_bodies import StaffVisitor
from models.domain.commands import Cancel, Comment, ReplyToRating, Urge
from models.domain.visit_forms import Consent

router = APIRouter(tags=["staff: orders"])


def _kind_of(said: Any) -> str:
    return str(said.get("kind", "repair") if isinstance(said, dict) else getattr(said, "kind", "repair"))


AnyFiling = Annotated[
    Annotated[StaffFiling, Tag("repair")]
    | Annotated[ComplaintFiling, Tag("complaint")]
    | Annotated[StaffMoveCar, Tag("move_car")]
    | Annotated[StaffVisitor, Tag("visitor")],
    Discriminator(_kind_of),
]
"""By `kind`, which is a repair's where it is left out."""

ORDER = answers(shapes.Order, *ACTING, example=examples.ORDER)


@router.get(
    "/work-orders",
    responses=answers(shapes.OrderPage, *READING, example={"items": [examples.ITEM], "next_cursor": None}),
)
async def list_orders(
    state: StateDep,
    staff: Staff,
    kind: Kind = None,
    stage: Stage = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    q: Annotated[str | None, Query(max_length=60, description="In number, place, description or contact.")] = None,
    overdue: Annotated[bool | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = paging.LIMIT,
) -> Response:
    """The orders of the caller's communities, newest first."""
    page = await inbox.orders(
        state, staff, kind=kind, stage=stage, is_open=is_open, q=q, overdue=overdue, cursor=cursor, limit=limit
    )
    return JsonAnswer(page)


@router.get("/work-orders/{number}", responses=answers(shapes.Order, *READING, example=examples.ORDER))
async def show_order(state: StateDep, staff: Staff, number: str) -> Response:
    """One order with its whole timeline, its open tasks, and what the caller may do now."""
    return JsonAnswer(await acting.order_view(state, staff.actor, number))


@router.post(
    "/work-orders", status_code=201, responses=answers(shapes.Order, *FILING, status=201, example=examples.ORDER)
)
async def file(state: StateDep, staff: Staff, body: AnyFiling, key: IdempotencyKey) -> Response:
    """For somebody who phoned or came, or what staff found themselves. Without `kind` it is a repair."""
    if isinstance(body, StaffMoveCar):
        order = await move_car.file_by_staff(state, staff, body, key)
    elif isinstance(body, StaffVisitor):
        order = await visitor.file_by_staff(state, staff, body, key)
    elif isinstance(body, ComplaintFiling):
        order = await complaint.file_by_staff(state, staff, body, key)
    else:
        order = await repair.file_by_staff(state, staff, body, key)
    return JsonAnswer(order, 201, {"Location": f"/api/v1/staff/work-orders/{order['number']}"})


@router.post("/work-orders/bulk", responses=answers(people_shapes.Bulk, *ACTING, example=people_shapes.BULK))
async def bulk(state: StateDep, staff: Staff, body: Bulk, key: IdempotencyKey) -> Response:
    """Assign, cancel or comment on up to a hundred orders; the answer tells of each what became of it."""
    return JsonAnswer(await carry_out(state, staff.actor, body, key))


@router.post(
    "/work-orders/{number}/car-user-phone",
    responses=answers(move_car_shapes.CarPhones, *ACTING, example={"phone": "13800000000"}),
)
async def car_users_phone(state: StateDep, staff: Staff, number: str, key: IdempotencyKey) -> Response:
    """For a guard who calls the user of a car in the way; every look is written down. Only while the car is waited
    for."""
    return JsonAnswer(await reveals.car_users_phone(state, staff, number))


@router.post("/work-orders/{number}/comment", responses=ORDER)
async def comment(state: StateDep, staff: Staff, number: str, key: IdempotencyKey, body: Comment) -> Response:
    """Among staff by default; with `audience: reporter` it is a reply."""
    return JsonAnswer(await acting.act(state, staff.actor, number, "comment", sent(body), key))


@router.post("/work-orders/{number}/amend", responses=ORDER)
async def amend(state: StateDep, staff: Staff, number: str, key: IdempotencyKey, body: Amendment) -> Response:
    """Correct category, place, priority or contact; the reporter reads the reason. Pauses so far keep counting."""
    return JsonAnswer(await acting.act(state, staff.actor, number, "amend", sent(body), key))


@router.post("/work-orders/{number}/cancel", responses=ORDER)
async def cancel(
    state: StateDep, staff: Staff, number: str, key: IdempotencyKey, body: Annotated[Cancel | None, Body()] = None
) -> Response:
    """With a reason, which the reporter reads; never by the assignee."""
    return JsonAnswer(await acting.act(state, staff.actor, number, "cancel", sent(body), key))


@router.post(
    "/work-orders/{number}/rework",
    status_code=201,
    responses=answers(shapes.Order, *FILING, "not_found", "illegal_transition", status=201, example=examples.ORDER),
)
async def rework(state: StateDep, staff: Staff, number: str, key: IdempotencyKey, body: Rework) -> Response:
    """返修: the reporter phoned again. A new order in their name, linked to this one."""
    order = await sequels.rework_by_staff(state, staff, number, body, key)
    return JsonAnswer(order, 201, {"Location": f"/api/v1/staff/work-orders/{order['number']}"})


@router.post("/work-orders/{number}/reply-to-rating", responses=ORDER)
async def reply_to_rating(
    state: StateDep, staff: Staff, number: str, key: IdempotencyKey, body: ReplyToRating
) -> Response:
    """Once, by the office; the reporter reads it. Also long after the order has ended."""
    return JsonAnswer(await acting.act(state, staff.actor, number, "reply_to_rating", sent(body), key))


@router.post("/work-orders/{number}/consent", responses=ORDER)
async def consent(state: StateDep, staff: Staff, number: str, key: IdempotencyKey, body: Consent) -> Response:
    """Write down that somebody agreed to a vacant home being entered; without it nobody arrives there."""
    return JsonAnswer(await acting.act(state, staff.actor, number, "consent", sent(body), key))


@router.post("/work-orders/{number}/urge", responses=ORDER)
async def urge(
    state: StateDep, staff: Staff, number: str, key: IdempotencyKey, body: Annotated[Urge | None, Body()] = None
) -> Response:
    """The reporter phoned."""
    return JsonAnswer(await acting.act(state, staff.actor, number, "urge", {}, key))
