"""What filing an order of any kind ends with: one statement writes it, and its maker sees it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api import views
from api.idempotency import Request
from api.reader import Reader
from api.sessions import StaffMember
from api.state import State
from models.domain.errors import Forbidden
from models.domain.order import OrderState
from models.domain.people import Actor, Role
from models.repositories import intake

Json = dict[str, Any]


@dataclass(frozen=True)
class Filer:
    """Who files, to whom the new order is shown."""

    actor: Actor
    member: StaffMember | None = None
    """The member of staff, when it is not the reporter."""
    reporter_name: str | None = None
    """Of the resident for whom they file."""
    about: str | None = None
    """The name of whom or what they complain of."""


def may(actor: Actor, roles: tuple[Role, ...]) -> None:
    """Raises Forbidden for staff without any of the roles."""
    if not actor.has(*roles):
        raise Forbidden("forbidden")


async def write(
    state: State,
    request: Request,
    order: OrderState,
    said: intake.Words,
    by: Filer,
    shown: Mapping[str, Any] | None = None,
) -> Json:
    """Write a checked new order; answers it as its filer sees it, with what else is to be `shown`.

    The same request a second time is answered as the first was.

    Raises IdempotencyKeyReused, ValidationFailed for photos that are not the filer's or are used already.
    """
    answer = await as_seen(state, order, said, by) | dict(shown or {})
    taken = await intake.take_in(state.direct, order, said, update_id=request.id, digest=request.digest, answer=answer)
    request.check(taken.digest)
    if taken.created:
        state.announcer.wake_relay()
        state.announcer.changed(order.number, order.community_id)
    return answer if taken.created or taken.answer is None else taken.answer


async def as_seen(
    state: State, order: OrderState, said: intake.Words, by: Filer, also: Mapping[str, Any] | None = None
) -> Json:
    """The new order as its maker sees it, without reading back what is just being written. `also` are rows that its
    kind alone has.
    """
    community = (await state.catalog.communities(state.direct))[order.community_id]
    event = intake.first_event(order)
    bundle = {
        **dict.fromkeys(
            ("finished_at", "closed_at", "rating_result", "started_at", "workflow_ended_at", "projection_error")
        ),
        "state": order,
        "community_id": order.community_id,
        "community_name": community["name"],
        "duty_phone": community["duty_phone"],
        "place_label": said.place_label,
        "description": said.description,
        "answers": said.answers,
        "submitted_at": order.submitted_at,
        "source": order.reporter.source,
        "filed_by": order.reporter.filed_by,
        "contact_name": said.contact_name,
        "contact_phone_sealed": said.contact_phone_sealed,
        "reporter_id": order.reporter.id,
        "about": by.about,
        "events": [
            {
                "version": 1,
                "seq": 0,
                "kind": event.kind,
                "at": event.at,
                "by_id": event.by,
                "by_kind": event.by_kind,
                "audience": event.audience,
                "stage": event.stage,
                "facts": event.facts,
            }
        ],
        "tasks": [],
        "photos": [
            {
                "id": photo,
                "status": "uploaded",
                "audience": said.photo_audience,
                "used_as": "report",
                "owner_kind": by.actor.kind,
                "owner_id": by.actor.id,
            }
            for photo in said.photo_ids
        ],
        "staff": {member.id: {"account": member.account, "name": member.name, "roles": member.actor.roles}}
        if (member := by.member)
        else {},
        "residents": {order.reporter.id: by.reporter_name} if by.reporter_name else {},
        **(also or {}),
    }
    titles = await state.catalog.titles(state.direct)
    return views.order(bundle, Reader(by.actor), order.submitted_at, titles)
