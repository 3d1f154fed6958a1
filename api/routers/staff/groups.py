"""Merging orders, taking them out again, linking them, and what looks alike."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api import acting, examples, group_shapes, grouping, shapes
from api.answering import answers
from api.deps import IdempotencyKey, Staff, StateDep
from api.errors import ACTING, READING
from api.group_bodies import Link
from api.json_answer import JsonAnswer
from api.routers.owner.orders import sent
from models.domain.commands import Merge, Unmerge

router = APIRouter(tags=["staff: orders"])

ORDER = answers(shapes.Order, *ACTING, example=examples.ORDER)


@router.post("/work-orders/{number}/merge", responses=ORDER)
async def merge(state: StateDep, staff: Staff, number: str, key: IdempotencyKey, body: Merge) -> Response:
    """Follow another open order of the same kind and community, or an open incident, from now on.

    Refused as `illegal_transition` with the reason: either is over, the primary follows another itself, this one
    leads a group. Of A into B and B into A at once, one is carried out.
    """
    return JsonAnswer(await acting.act(state, staff.actor, number, "merge", sent(body), key))


@router.post("/work-orders/{number}/unmerge", responses=ORDER)
async def unmerge(state: StateDep, staff: Staff, number: str, key: IdempotencyKey, body: Unmerge) -> Response:
    """Take an order out of its group: it goes on where it was, its clocks too."""
    return JsonAnswer(await acting.act(state, staff.actor, number, "unmerge", sent(body), key))


@router.post("/work-orders/{number}/link", responses=ORDER)
async def link(state: StateDep, staff: Staff, number: str, key: IdempotencyKey, body: Link) -> Response:
    """Two orders have to do with each other; shown on both, without any effect on either's process."""
    return JsonAnswer(await grouping.link(state, staff, number, body, key))


@router.get(
    "/work-orders/{number}/similar",
    responses=answers(group_shapes.SimilarOrders, *READING, example={"items": [group_shapes.SIMILAR]}),
)
async def similar(state: StateDep, staff: Staff, number: str) -> Response:
    """Open orders of the same category filed within a day, each with points and what they were given for."""
    return JsonAnswer({"items": await grouping.similar_to(state, staff, number)})
