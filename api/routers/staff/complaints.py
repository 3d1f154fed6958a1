"""What only managers do about complaints, and the list of orders as a table."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Query, Response
from fastapi.responses import StreamingResponse

from api import awaited, board, complaint_shapes, examples, listing, reveals, shapes
from api.answering import answers
from api.bodies import Nothing
from api.complaint_bodies import AwaitedRepair, BoardNotice
from api.deps import IdempotencyKey, Staff, StateDep
from api.errors import ACTING, READING
from api.filters import Kind, Stage
from api.json_answer import JsonAnswer

router = APIRouter(tags=["staff: complaints"])

LINE: Final = "单号,类型,阶段\r\nBX20261122-00017,报修,待派单\r\n"
TABLE: dict[int | str, dict[str, Any]] = {
    **answers(shapes.Health, *READING),
    200: {"description": "UTF-8 with a head line, at most 10 000 rows.", "content": {"text/csv": {"example": LINE}}},
}


@router.post("/work-orders/{number}/reveal", responses=answers(complaint_shapes.Identity, *ACTING))
async def reveal(
    state: StateDep, staff: Staff, number: str, key: IdempotencyKey, body: Annotated[Nothing | None, Body()] = None
) -> Response:
    """Who made an anonymous complaint, for the manager and quality. Each look is noted with who and when, a repeated
    one too."""
    return JsonAnswer(await reveals.identity(state, staff, number))


@router.post("/work-orders/{number}/repair", responses=answers(shapes.Order, *ACTING, example=examples.ORDER))
async def repair(state: StateDep, staff: Staff, number: str, key: IdempotencyKey, body: AwaitedRepair) -> Response:
    """Files a repair that a complaint waits for: linked, and the complaint on hold until it is done or `until`."""
    return JsonAnswer(await awaited.file_repair(state, staff, number, body, key))


@router.post("/work-orders/{number}/publish", responses=answers(shapes.Order, *ACTING, example=examples.ORDER))
async def publish(state: StateDep, staff: Staff, number: str, key: IdempotencyKey, body: BoardNotice) -> Response:
    """公示: an answered suggestion goes on the community's board, with its maker's leave."""
    return JsonAnswer(await board.publish(state, staff, number, body, key))


@router.get("/work-orders.csv", responses=TABLE, response_class=StreamingResponse)
async def table(
    state: StateDep,
    staff: Staff,
    kind: Kind = None,
    stage: Stage = None,
    q: Annotated[str | None, Query(max_length=60)] = None,
    overdue: Annotated[bool | None, Query()] = None,
) -> StreamingResponse:
    """The list as a table, under the same rules as the list: what may not be read there is not written here."""
    lines = listing.table(state, staff, kind=kind, stage=stage, q=q, overdue=overdue)
    head = {"Content-Disposition": 'attachment; filename="work-orders.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=head)
