"""Replace what a client may name (staff accounts, its own photos) by what a workflow may trust.

Runs before a command is sealed: a workflow never looks anybody up, so a reference it gets has been looked up here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from api import assigning
from api.state import State
from models.domain import rights
from models.domain.commands import COMMANDS, Complete
from models.domain.errors import ValidationFailed
from models.domain.forms import OnBehalf, parse, references
from models.domain.order import OrderState
from models.domain.people import Actor
from models.repositories import reading
from models.repositories.direct import Direct

Json = dict[str, Any]

USABLE = ("uploaded", "ready")


async def resolved(state: State, actor: Actor, speaker: Actor, order: OrderState, action: str, body: Json) -> Json:
    """The command's body with staff accounts replaced by ids and every photo checked.

    Photos are the `actor`'s, also where the order knows them as another `speaker`.

    Raises ValidationFailed: the body's shape is wrong, somebody named may not have the work, `photo_not_yours`,
    `photo_not_ready`; NotFound.
    """
    command = parse(COMMANDS[action], body, "")
    if not _names_something(body):
        return body
    rights.within_reach(order, speaker)
    answer = await _replaced(state, order, actor, type(command), body, "")
    if isinstance(command, Complete):
        form = _form_model(order, command)
        if form is not None:
            answer["form"] = await _replaced(state, order, actor, form, command.form, "form.")
        if command.on_behalf is not None:
            await _replaced(state, order, actor, OnBehalf, body["on_behalf"], "on_behalf.")
    return answer


def _names_something(body: Mapping[str, Any]) -> bool:
    """Most commands name nobody and nothing; they need no look-up."""
    nested = (body, body.get("form") or {}, body.get("on_behalf") or {})
    return any(part.get("staff") or part.get("photo_ids") or part.get("first_witness") for part in nested)


def _form_model(order: OrderState, command: Complete) -> type[BaseModel] | None:
    """None for a task that is no longer open, or an outcome it does not have: the rules refuse both better."""
    task = order.tasks.get(command.task_id)
    return order.lifecycle.tasks[task.kind].outcomes.get(command.outcome) if task else None


async def _replaced(
    state: State, order: OrderState, actor: Actor, model: type[BaseModel], data: Json, prefix: str
) -> Json:
    answer = dict(data)
    photo_field, photo_ids = "photo_ids", []
    for kind, field, value in references(model, data):
        if not isinstance(value, str):
            continue
        if kind == "staff":
            answer[field] = await assigning.staff_id(state, order, value, field, prefix + field)
        elif kind == "witness":
            answer[field] = await _witness_id(state.direct, value, order.community_id, prefix + field)
        else:
            photo_field = field
            photo_ids.append(value)
    if photo_ids:
        await check_photos(state.direct, actor, photo_ids, order.number, prefix + photo_field)
    return answer


async def _witness_id(db: Direct, account: str, community_id: str, field: str) -> str:
    found = await reading.staff_ids(db, [account], community_id)
    if account not in found:
        raise ValidationFailed("unknown_staff", field=field)
    return found[account]


async def check_photos(
    db: Direct, actor: Actor, photo_ids: list[str], number: str | None, field: str = "photo_ids"
) -> None:
    """Photos must be the caller's own, uploaded, and not handed in with another order. Raises ValidationFailed."""
    rows = await reading.photos(db, photo_ids)
    for photo_id in photo_ids:
        row = rows.get(photo_id)
        if row is None or (row["owner_kind"], row["owner_id"]) != (actor.kind, actor.id):
            raise ValidationFailed("photo_not_yours", field=field)
        if row["number"] not in (None, number):
            raise ValidationFailed("photo_not_yours", field=field)
        if row["status"] not in USABLE:
            raise ValidationFailed("photo_not_ready", field=field)
