"""Repairs in public areas near the caller, 我也遇到, and what looks like the report about to be sent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response
from pydantic import Field

from api import group_shapes, homes, paging, public_works
from api.answering import answers
from api.bodies import Area, Nothing
from api.deps import IdempotencyKey, Owner, StateDep
from api.errors import ACTING, READING
from api.json_answer import JsonAnswer
from api.paging import Cursor, Limit
from models.repositories import public_works as rows_of_works

router = APIRouter(tags=["owner: public works"])

WORK = group_shapes.PUBLIC_WORK


class SimilarQuery(Area):
    category: str = Field(max_length=40, examples=["lift"])


@router.get(
    "/public-works",
    responses=answers(group_shapes.PublicWorks, *READING, "not_bound", example={"items": [WORK], "next_cursor": None}),
)
async def list_works(state: StateDep, owner: Owner, cursor: Cursor = None, limit: Limit = paging.LIMIT) -> Response:
    """Open repairs in the public areas of the caller's buildings and communities, newest first."""
    rows = await rows_of_works.near(state.direct, owner.id, paging.order_key(cursor), limit + 1)
    await homes.needed_for(state, owner.id, rows, cursor)
    titles = await state.catalog.titles(state.direct)
    items = [public_works.view(row, titles) for row in rows[:limit]]
    return JsonAnswer(paging.page(items, rows, limit, "submitted_at", "number"))


@router.get("/public-works/{number}", responses=answers(group_shapes.PublicWork, *READING, example=WORK))
async def show_work(state: StateDep, owner: Owner, number: str) -> Response:
    """One of them; whoever has joined it sees it after its end too."""
    return JsonAnswer(await public_works.show(state, owner, number))


@router.post(
    "/public-works/{number}/join",
    responses=answers(group_shapes.PublicWork, *ACTING, example=WORK | {"joined": 4, "joined_by_me": True}),
)
async def join(
    state: StateDep, owner: Owner, number: str, key: IdempotencyKey, body: Annotated[Nothing | None, Body()] = None
) -> Response:
    """我也遇到: counted, and told when it is put on hold, finished and closed. Nothing to rate."""
    return JsonAnswer(await public_works.join(state, owner, number, key))


@router.get(
    "/similar",
    responses=answers(
        group_shapes.SimilarPublicWorks,
        *READING,
        "not_bound",
        example={"items": [WORK | {"score": 65, "reasons": group_shapes.REASONS}], "incident": None},
    ),
)
async def similar(state: StateDep, owner: Owner, query: Annotated[SimilarQuery, Query()]) -> Response:
    """Before submitting: open reports of the same public place and category within 24 hours, with understandable
    points, and the incident that the report would join."""
    area = Area.model_validate(query.model_dump(exclude={"category"}))
    return JsonAnswer(await public_works.similar(state, owner, area, query.category))
