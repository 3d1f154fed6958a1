"""One act on many orders at once. Each order says for itself what became of it; none waits for another's fate."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from api import acting
from api.bodies import Body
from api.gateway import standing_of
from api.idempotency import Request
from api.state import State
from api.wording import BULK_REASON
from models.domain import rights
from models.domain.errors import IllegalTransition, ValidationFailed, WuyouError
from models.domain.order import Audience, OrderState
from models.domain.people import Actor
from models.repositories import reading

Json = dict[str, Any]

AT_ONCE: Final = 4
"""Orders under way together: four keep the engine busy, and leave it to the others who press buttons meanwhile."""

ORDERS_AT_MOST: Final = 100
"""As many as a page of the list holds."""

Number = Annotated[str, Field(min_length=1, max_length=40, examples=["BX20261122-00017"])]


class Bulk(Body):
    action: Literal["assign", "cancel", "comment"]
    numbers: list[Number] = Field(min_length=1, max_length=ORDERS_AT_MOST)
    staff: str | None = Field(default=None, max_length=64, description="To whom, for `assign`.")
    reason: str | None = Field(default=None, max_length=200, description="For `cancel`, and where work changes hands.")
    text: str | None = Field(default=None, max_length=500, description="For `comment`.")
    audience: Audience | None = Field(default=None, description="For `comment`; among staff by default.")

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> Self:
        needed = {"assign": self.staff, "cancel": self.reason, "comment": self.text}[self.action]
        if not (needed or "").strip():
            raise ValueError("请填写该操作所需的内容")
        return self


async def carry_out(state: State, actor: Actor, body: Bulk, key: str) -> Json:
    """`{items, done, refused}` in the order in which the numbers came, each number once.

    Sent again with the same key, what was done before is not done again. Raises ValidationFailed for a missing key.
    """
    if not key:
        raise ValidationFailed("idempotency_key_missing", field="Idempotency-Key")
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: str) -> Json:
        async with places:
            return await _outcome(state, actor, number, body, _key_of(key, number))

    items = await asyncio.gather(*(one(number) for number in dict.fromkeys(body.numbers)))
    done = sum(item["ok"] for item in items)
    return {"items": items, "done": done, "refused": len(items) - done}


def _key_of(key: str, number: str) -> str:
    """Each order's own key, the same whenever the bulk is sent again."""
    return "bulk-" + hashlib.sha256(f"{key}\n{number}".encode()).hexdigest()[:40]


async def _outcome(state: State, actor: Actor, number: str, body: Bulk, key: str) -> Json:
    try:
        order = await _act(state, actor, number, body, key)
    except WuyouError as refusal:
        return {"number": number, "ok": False, "stage": None, "code": refusal.code, "detail": refusal.detail}
    return {"number": number, "ok": True, "stage": order["stage"], "code": None, "detail": None}


async def _act(state: State, actor: Actor, number: str, body: Bulk, key: str) -> Json:
    if body.action == "cancel":
        return await acting.act(state, actor, number, "cancel", {"reason": body.reason}, key)
    if body.action == "comment":
        said = {"text": body.text, "audience": body.audience or Audience.STAFF}
        return await acting.act(state, actor, number, "comment", said, key)
    return await _assign(state, actor, number, body, key)


async def _assign(state: State, actor: Actor, number: str, body: Bulk, key: str) -> Json:
    """A dispatcher's task is ended by assigning; work that somebody has already is reassigned."""
    for action in ("complete", "reassign"):
        if await _done_before(state, actor, number, action, key):
            return await acting.order_view(state, actor, number)
    order = standing_of(await reading.standing(state.direct, number)).state
    rights.within_reach(order, actor)
    action, said = _assigning(order, body)
    return await acting.act(state, actor, number, action, said, key)


def _assigning(order: OrderState, body: Bulk) -> tuple[str, Json]:
    """The command that gives this order to somebody. Raises IllegalTransition where nothing can be assigned."""
    for task in order.tasks.values():
        spec = order.lifecycle.tasks[task.kind]
        if "assigned" in spec.outcomes:
            return "complete", {"task_id": task.id, "outcome": "assigned", "form": {"staff": body.staff}}
        if spec.is_work:
            reason = body.reason or BULK_REASON
            return "reassign", {"task_id": task.id, "staff": body.staff, "reason": reason}
    raise IllegalTransition("nothing_to_assign")


async def _done_before(state: State, actor: Actor, number: str, action: str, key: str) -> bool:
    request = Request.of(state, actor, number, action, key, {})
    return await reading.handled_request(state.direct, request.id) is not None
