"""Filing repairs, following orders, acting on them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response

from api import acting, examples, homes, paging, sequels, shapes, views
from api.answering import answers
from api.bodies import Repair, Rework, TaskOutcome
from api.deps import IdempotencyKey, Owner, StateDep
from api.errors import ACTING, FILING, READING
from api.filters import Kind
from api.intake import repair
from api.json_answer import JsonAnswer
from api.paging import Cursor, Limit
from api.reader import Reader
from models.domain.commands import Cancel, Comment, Rate, Urge
from models.domain.complaint_forms import Dissatisfied
from models.domain.visit_forms import Consent
from models.repositories import reading

router = APIRouter(tags=["owner: orders"])

ORDER = answers(shapes.Order, *ACTING, example=examples.ORDER)
Json = dict[str, Any]


@router.post("/repairs", status_code=201, responses=answers(shapes.Order, *FILING, status=201, example=examples.ORDER))
async def report(state: StateDep, owner: Owner, body: Repair, key: IdempotencyKey) -> Response:
    """File a repair at home or in a public area. Works while the workflow engine is down."""
    order = await repair.file_by_owner(state, owner, body, key)
    return JsonAnswer(order, 201, {"Location": f"/api/v1/owner/work-orders/{order['number']}"})


@router.get(
    "/work-orders",
    responses=answers(shapes.OrderPage, *READING, "not_bound", example={"items": [examples.ITEM], "next_cursor": None}),
)
async def list_orders(
    state: StateDep,
    owner: Owner,
    kind: Kind = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    cursor: Cursor = None,
    limit: Limit = paging.LIMIT,
) -> Response:
    """The caller's own orders and the repairs in their houses, newest first."""
    after = paging.order_key(cursor)
    rows = await reading.orders_of_resident(
        state.direct, owner.id, kind=kind, is_open=is_open, after=after, limit=limit + 1
    )
    await homes.needed_for(state, owner.id, rows, cursor)
    reader, now, titles = Reader(owner), datetime.now(UTC), await state.catalog.titles(state.direct)
    items = [views.order_item(row, reader, now, titles) for row in rows[:limit]]
    return JsonAnswer(paging.page(items, rows, limit, "submitted_at", "number"))


@router.get("/work-orders/{number}", responses=answers(shapes.Order, *READING, example=examples.ORDER))
async def show_order(state: StateDep, owner: Owner, number: str) -> Response:
    """One order with its timeline, the caller's tasks, and what the caller may do now."""
    return JsonAnswer(await acting.order_view(state, owner, number))


@router.post("/work-orders/{number}/urge", responses=ORDER)
async def urge(
    state: StateDep, owner: Owner, number: str, key: IdempotencyKey, body: Annotated[Urge | None, Body()] = None
) -> Response:
    """催单: at most once in five minutes."""
    return JsonAnswer(await acting.act(state, owner, number, "urge", {}, key))


@router.post("/work-orders/{number}/cancel", responses=ORDER)
async def cancel(
    state: StateDep, owner: Owner, number: str, key: IdempotencyKey, body: Annotated[Cancel | None, Body()] = None
) -> Response:
    """Until the technician has arrived."""
    return JsonAnswer(await acting.act(state, owner, number, "cancel", sent(body), key))


@router.post("/work-orders/{number}/comment", responses=ORDER)
async def comment(state: StateDep, owner: Owner, number: str, key: IdempotencyKey, body: Comment) -> Response:
    """A word to whoever handles the order, with up to nine photos."""
    return JsonAnswer(await acting.act(state, owner, number, "comment", sent(body), key))


@router.post(
    "/work-orders/{number}/rework",
    status_code=201,
    responses=answers(shapes.Order, *FILING, "not_found", "illegal_transition", status=201, example=examples.ORDER),
)
async def rework(state: StateDep, owner: Owner, number: str, key: IdempotencyKey, body: Rework) -> Response:
    """返修: within 30 days of closing, a new order linked to this one, first to the lead. After a makeshift, the order
    that mends it for good."""
    order = await sequels.rework_by_owner(state, owner, number, body, key)
    return JsonAnswer(order, 201, {"Location": f"/api/v1/owner/work-orders/{order['number']}"})


@router.post("/work-orders/{number}/object", responses=ORDER)
async def object_to_cancel(
    state: StateDep, owner: Owner, number: str, key: IdempotencyKey, body: Dissatisfied
) -> Response:
    """Within seven days of a cancellation by staff: a lead looks at it again."""
    task = {"task_id": await acting.task_of(state, owner, number, "object")}
    return JsonAnswer(
        await acting.act(state, owner, number, "complete", {**task, "outcome": "objected", "form": sent(body)}, key)
    )


@router.post("/work-orders/{number}/consent", responses=ORDER)
async def consent(state: StateDep, owner: Owner, number: str, key: IdempotencyKey, body: Consent) -> Response:
    """Let the technician into a home where nobody lives."""
    return JsonAnswer(await acting.act(state, owner, number, "consent", sent(body), key))


@router.post("/work-orders/{number}/rate", responses=ORDER)
async def rate(state: StateDep, owner: Owner, number: str, key: IdempotencyKey, body: Rate) -> Response:
    """Once, after the work: result, speed and manner from 1 to 5."""
    return JsonAnswer(await acting.act(state, owner, number, "rate", sent(body), key))


@router.post("/tasks/{task_id}/complete", responses=ORDER)
async def complete(state: StateDep, owner: Owner, task_id: str, key: IdempotencyKey, body: TaskOutcome) -> Response:
    """The caller's own task: confirm, rate. `form` follows the schema that came with the task."""
    return JsonAnswer(await acting.act_on_task(state, owner, task_id, "complete", sent(body), key))


def sent(body: Any) -> Json:
    """What the client sent, in JSON types, without what it left out."""
    return body.model_dump(mode="json", exclude_unset=True, by_alias=True) if body is not None else {}
