"""Complaints, suggestions, and the board where the firm answers those that may be seen by all."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api import board, complaint_shapes, examples, homes, paging, shapes
from api.answering import answers
from api.complaint_bodies import Complaint
from api.deps import IdempotencyKey, Owner, StateDep
from api.errors import FILING, READING
from api.intake import complaint
from api.json_answer import JsonAnswer
from api.paging import Cursor, Limit

router = APIRouter(tags=["owner: complaints"])


@router.post(
    "/complaints", status_code=201, responses=answers(shapes.Order, *FILING, status=201, example=examples.ORDER)
)
async def file(state: StateDep, owner: Owner, body: Complaint, key: IdempotencyKey) -> Response:
    """投诉建议. Anonymous ones are answered to the caller alone, in the app, and handlers never learn who it is."""
    order = await complaint.file_by_owner(state, owner, body, key)
    return JsonAnswer(order, 201, {"Location": f"/api/v1/owner/work-orders/{order['number']}"})


@router.get("/board", responses=answers(complaint_shapes.Board, *READING, "not_bound"))
async def read_board(state: StateDep, owner: Owner, cursor: Cursor = None, limit: Limit = paging.LIMIT) -> Response:
    """公示栏: suggestions of the caller's communities with the firm's answers, newest first."""
    page = await board.page(state, owner, cursor, limit)
    await homes.needed_for(state, owner.id, page["items"], cursor)
    return JsonAnswer(page)
