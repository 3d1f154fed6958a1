"""The inbox, and what is done with its tasks."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Response
from pydantic import AwareDatetime, Field

from api import acting, examples, inbox, paging, shapes
from api.answering import answers
from api.bodies import Nothing, StaffTaskOutcome
from api.deps import IdempotencyKey, Staff, StateDep
from api.errors import ACTING, READING
from api.filters import TaskKind
from api.json_answer import JsonAnswer
from api.paging import Cursor, Limit
from api.routers.owner.orders import sent
from models.domain.forms import Form, Reason, StaffRef
from models.domain.order import HoldReason

router = APIRouter(tags=["staff: tasks"])

ORDER = answers(shapes.Order, *ACTING, example=examples.ORDER)


class Reassign(Form):
    staff: StaffRef
    reason: Reason


class Hold(Form):
    reason: HoldReason
    note: str | None = Field(default=None, max_length=200)
    until: AwareDatetime


@router.get(
    "/tasks",
    responses=answers(shapes.TaskPage, *READING, example={"items": [examples.TASK], "next_cursor": None}),
)
async def list_tasks(
    state: StateDep,
    staff: Staff,
    box: Annotated[Literal["mine", "pool", "team"], Query()] = "mine",
    kind: TaskKind = None,
    cursor: Cursor = None,
    limit: Limit = paging.LIMIT,
) -> Response:
    """Open tasks: emergencies, then what was urged, then the least time left. Walks of a round that are due lie among
    them as rows of the kind `patrol`; `kind` is a kind of order, or `patrol` for walks alone."""
    return JsonAnswer(await inbox.page(state, staff, box, kind=kind, cursor=cursor, limit=limit))


@router.get("/tasks/counts", responses=answers(shapes.Counts, *READING))
async def counts(state: StateDep, staff: Staff) -> Response:
    """How much lies in each box; 1 000 means as much or more."""
    return JsonAnswer(await inbox.counts(state, staff))


@router.get("/assignable", responses=answers(shapes.AssignableList, *READING))
async def assignable(
    state: StateDep, staff: Staff, task: Annotated[str, Query(max_length=64, examples=["BX20261122-00017.1"])]
) -> Response:
    """Who may be given this task, best first, and why."""
    return JsonAnswer({"items": await inbox.assignable(state, staff, task)})


@router.post("/tasks/{task_id}/claim", responses=ORDER)
async def claim(
    state: StateDep, staff: Staff, task_id: str, key: IdempotencyKey, body: Annotated[Nothing | None, Body()] = None
) -> Response:
    """抢单: for a repair in the pool this already accepts it."""
    return JsonAnswer(await acting.act_on_task(state, staff.actor, task_id, "claim", {}, key))


@router.post("/tasks/{task_id}/release", responses=ORDER)
async def release(
    state: StateDep, staff: Staff, task_id: str, key: IdempotencyKey, body: Annotated[Nothing | None, Body()] = None
) -> Response:
    """Back to the pool, for tasks that were claimed without being begun."""
    return JsonAnswer(await acting.act_on_task(state, staff.actor, task_id, "release", {}, key))


@router.post("/tasks/{task_id}/reassign", responses=ORDER)
async def reassign(state: StateDep, staff: Staff, task_id: str, key: IdempotencyKey, body: Reassign) -> Response:
    """转单: a dispatcher until arrival, a lead always."""
    return JsonAnswer(await acting.act_on_task(state, staff.actor, task_id, "reassign", sent(body), key))


@router.post("/tasks/{task_id}/complete", responses=ORDER)
async def complete(
    state: StateDep, staff: Staff, task_id: str, key: IdempotencyKey, body: StaffTaskOutcome
) -> Response:
    """`form` follows the schema that came with the task; `on_behalf` for a reporter's task of somebody who phoned."""
    return JsonAnswer(await acting.act_on_task(state, staff.actor, task_id, "complete", sent(body), key))


@router.post("/tasks/{task_id}/hold", responses=ORDER)
async def hold(state: StateDep, staff: Staff, task_id: str, key: IdempotencyKey, body: Hold) -> Response:
    """挂起 until a wake-up time."""
    return JsonAnswer(await acting.act_on_task(state, staff.actor, task_id, "hold", sent(body), key))


@router.post("/tasks/{task_id}/resume", responses=ORDER)
async def resume(
    state: StateDep, staff: Staff, task_id: str, key: IdempotencyKey, body: Annotated[Nothing | None, Body()] = None
) -> Response:
    return JsonAnswer(await acting.act_on_task(state, staff.actor, task_id, "resume", {}, key))
