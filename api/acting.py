"""The one function through which people act on orders, whichever door they came through: the JSON interface or the
console."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from api import amending, assigning, group_views, idempotency, views, visitor_views
from api.gateway import SURELY_LOST, Order, Standing, standing_of
from api.reader import Reader
from api.references import resolved
from api.state import State
from models.domain.errors import NotFound, TaskNotOpen
from models.domain.numbers import order_of
from models.domain.order import OrderState
from models.domain.people import Actor
from models.repositories import grouped, reading

Json = dict[str, Any]

TAKING: Final = ("claim", "complete")
"""Actions that may take work out of the pool."""


async def act(state: State, actor: Actor, number: str, action: str, body: Json, idempotency_key: str) -> Json:
    """Carry out `action` (a key of `commands.COMMANDS`) and answer the order as the actor now sees it.

    `body` is what the client sent, with staff named by account and, for actions on a task, its `task_id`. The same
    key with the same body gives the same answer again.

    Raises:
        IdempotencyKeyReused: the key was used with another body.
        WuyouError: any refusal of the rules, or Unavailable with an unknown outcome.
    """
    request = idempotency.Request.of(state, actor, number, action, idempotency_key, body)
    row = await reading.standing_for(state.direct, number, request.id, residents_id(actor))
    before = request.seen(row)
    if before is None:
        speaker = speaking(actor, row)
        before = await _carry_out(state, actor, speaker, number, action, body, request, standing_of(row))
    if before is not None:
        return before.answer if before.answer is not None else await order_view(state, actor, number)
    answer = await order_view(state, actor, number)
    if not answer.get("car") and not answer["visit"]:
        # Plates and visitors lie sealed, so an answer that names them is drawn anew for whoever asks again.
        await request.remember(state, answer)
    return answer


def residents_id(actor: Actor) -> str:
    return actor.id if actor.kind == "resident" else ""


def speaking(actor: Actor, row: Mapping[str, Any] | None) -> Actor:
    """The actor under the name that the order knows them by: an anonymous maker is nobody but their alias to it."""
    alias = row["speaks_as"] if row is not None else None
    return actor.model_copy(update={"id": alias}) if alias else actor


async def _carry_out(
    state: State,
    actor: Actor,
    speaker: Actor,
    number: str,
    action: str,
    body: Json,
    request: idempotency.Request,
    standing: Standing,
) -> idempotency.Before | None:
    """Send the command as the `speaker`; photos are the `actor`'s own. What was answered before, if its twin has won
    meanwhile; None when this one was carried out.

    A refusal that comes of the twin's success is none: the same request pressed twice never hears `task_not_open`.
    """
    try:
        if action in TAKING:
            await assigning.may_take(state, speaker, standing.state, body.get("task_id"))
        if action == "amend":
            command = await amending.resolved(state, actor, standing.state, body, request)
        else:
            command = await resolved(state, actor, speaker, standing.state, action, body)
        await state.gateway.send(
            Order(
                number=number,
                actor=speaker,
                action=action,
                body=command,
                update_id=request.id,
                digest=request.digest,
            ),
            standing,
        )
    except SURELY_LOST:
        twin = await request.before(state)
        if twin is None:
            raise
        return twin
    return None


async def act_on_task(state: State, actor: Actor, task_id: str, action: str, body: Json, idempotency_key: str) -> Json:
    """The same for an action that concerns a task; the order's number lies in the task's id.

    Raises NotFound for what is no task id.
    """
    number = order_of(task_id)
    if number is None:
        raise NotFound("order_not_found")
    return await act(state, actor, number, action, {**body, "task_id": task_id}, idempotency_key)


async def task_of(state: State, actor: Actor, number: str, kind: str) -> str:
    """The id of the open task of a kind. Raises NotFound for an order that is not theirs, TaskNotOpen without one."""
    bundle = await visible_order(state, actor, number)
    task = OrderState.model_validate(bundle["state"]).task_of(kind)
    if task is None:
        raise TaskNotOpen
    return task.id


async def order_view(state: State, actor: Actor, number: str) -> Json:
    """The order as this person sees it now. Raises NotFound, also for what lies outside their scope."""
    bundle = await visible_order(state, actor, number)
    titles = await state.catalog.titles(state.direct)
    return views.order(bundle, Reader(speaking(actor, bundle)), datetime.now(UTC), titles)


async def visible_order(state: State, actor: Actor, number: str) -> reading.Row:
    """The rows behind :func:`order_view`. Raises NotFound."""
    bundle = await reading.order_detail(state.direct, number, residents_id(actor))
    if bundle is None or not views.may_see(bundle, speaking(actor, bundle)):
        raise NotFound("order_not_found")
    followed = group_views.leaders(bundle["events"])
    if bundle["grouped"] or followed or bundle["primary_number"] or bundle["incident_id"]:
        await _look_around(state, bundle, followed, actor.id)
    if bundle["car"] is not None:
        # Whoever sees the request knows the car.
        bundle["car"]["plate"] = state.sealing.open(base64.b64decode(bundle["car"]["plate"]))
    if bundle["visit"] is not None:
        bundle["visit"] = visitor_views.opened(bundle["visit"], state.sealing)
    return bundle


async def _look_around(state: State, bundle: reading.Row, followed: list[str], reader: str) -> None:
    """Most orders have no group; the others cost a second look at the database."""
    around = await grouped.around(
        state.direct, bundle["number"], bundle["primary_number"], bundle["incident_id"], followed, reader
    )
    bundle["group"] = around
    bundle["staff"] |= around["staff"]
