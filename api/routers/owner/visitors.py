"""访客: passes that a resident makes, and walk-ins that they were asked about."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api import examples, shapes, visiting, visitor_shapes
from api.answering import answers
from api.deps import IdempotencyKey, Owner, StateDep
from api.errors import FILING, READING
from api.intake import visitor
from api.json_answer import JsonAnswer
from api.paging import LIMIT, Cursor, Limit
from api.visitor_bodies import Invitation

router = APIRouter(tags=["owner: visitors"])


@router.post(
    "/visitors",
    status_code=201,
    responses=answers(shapes.Order, *FILING, status=201, example=examples.ORDER | visitor_shapes.AS_INVITED),
)
async def invite(state: StateDep, owner: Owner, body: Invitation, key: IdempotencyKey) -> Response:
    """A pass for somebody who will come to a home of the caller's: at most 7 days for a guest, 90 for a long stay,
    which a clerk approves first. It is taken back by `cancel`. Works while the workflow engine is down."""
    order = await visitor.file_by_owner(state, owner, body, key)
    return JsonAnswer(order, 201, {"Location": f"/api/v1/owner/work-orders/{order['number']}"})


@router.get(
    "/visitors",
    responses=answers(
        visitor_shapes.VisitorPage, *READING, example={"items": [visitor_shapes.ITEM], "next_cursor": None}
    ),
)
async def mine(state: StateDep, owner: Owner, cursor: Cursor = None, limit: Limit = LIMIT) -> Response:
    """The passes that the caller made and the walk-ins that they were asked about, newest first."""
    return JsonAnswer(await visiting.of_resident(state, owner, cursor, limit))
