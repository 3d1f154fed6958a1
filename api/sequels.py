"""返修: an order that goes on with an earlier one, whose place, category and reporter it takes over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api import acting
from api.bodies import Area, Contact, RepairWords, Rework
from api.idempotency import Request
from api.intake import places, repair
from api.sessions import StaffMember
from api.state import State
from models.domain import rights
from models.domain.errors import Forbidden
from models.domain.order import OrderState, Reporter, Source
from models.domain.people import Actor
from models.domain.sequels import Follows, sequel_of
from models.repositories import reading

Json = dict[str, Any]


@dataclass(frozen=True)
class Earlier:
    """The order that is gone on with, as the caller may see it."""

    order: OrderState
    row: reading.Row
    follows: Follows


async def rework_by_owner(state: State, actor: Actor, number: str, body: Rework, key: str) -> Json:
    """File what goes on with an order of the caller's or of their house; answers the new order.

    Raises NotFound, NotBound for whoever has no tie to the place any more, IllegalTransition outside its time or when
    it has been filed already, ValidationFailed, IdempotencyKeyReused.
    """
    request = Request.of(state, actor, number, "rework", key, body.model_dump(mode="json"))
    earlier = await _earlier(state, actor, number)
    words = _words(earlier, body)
    case = repair.Case(
        actor=actor,
        site=await places.site_of_resident(state, actor.id, words),
        reporter=Reporter(kind="resident", id=actor.id, source=Source.APP),
        body=words,
        contact_name=words.contact.name if words.contact else None,
        contact_phone=words.contact.phone if words.contact else None,
        earlier=earlier.order,
        follows=earlier.follows,
    )
    return await repair.file(state, request, case)


async def rework_by_staff(state: State, member: StaffMember, number: str, body: Rework, key: str) -> Json:
    """The same for whoever phoned about an order, in the name of its reporter.

    Raises Forbidden for a role that files for nobody, and as :func:`rework_by_owner`.
    """
    actor = member.actor
    request = Request.of(state, actor, number, "rework", key, body.model_dump(mode="json"))
    if not actor.has(*rights.MAY_FILE_FOR_OTHERS):
        raise Forbidden("forbidden")
    earlier = await _earlier(state, actor, number)
    words = _words(earlier, body)
    name, phone = _contact(state, earlier.row, body.contact)
    case = repair.Case(
        actor=actor,
        site=await places.site_of_staff(state, actor, words),
        reporter=_reporter(earlier.order, actor),
        body=words,
        contact_name=name,
        contact_phone=phone,
        member=member,
        reporter_name=earlier.row["residents"].get(earlier.order.reporter.id),
        earlier=earlier.order,
        follows=earlier.follows,
    )
    return await repair.file(state, request, case)


async def _earlier(state: State, actor: Actor, number: str) -> Earlier:
    row = await acting.visible_order(state, actor, number)
    order = OrderState.model_validate(row["state"])
    return Earlier(order, row, Follows(number=number, why=sequel_of(order, datetime.now(UTC))))


def _words(earlier: Earlier, body: Rework) -> RepairWords:
    place = earlier.order.place
    area = None
    if place.spot is not None:
        spot = place.model_dump(exclude={"house_id"})
        area = Area(community_id=earlier.order.community_id, **spot)
    return RepairWords(
        house_id=place.house_id,
        area=area,
        category=earlier.order.category,
        description=body.description,
        photo_ids=body.photo_ids,
        contact=body.contact,
        appointment=body.appointment,
    )


def _reporter(earlier: OrderState, actor: Actor) -> Reporter:
    if earlier.reporter.kind == "staff":
        return Reporter(kind="staff", id=actor.id, source=Source.PATROL)
    return Reporter(kind=earlier.reporter.kind, id=earlier.reporter.id, source=Source.PHONE, filed_by=actor.id)


def _contact(state: State, row: reading.Row, given: Contact | None) -> tuple[str | None, str | None]:
    """Whom to ask for at the door: as given now, else as the earlier order had it."""
    if given is not None:
        return given.name, given.phone
    sealed = row["contact_phone_sealed"]
    return row["contact_name"], state.sealing.open(bytes(sealed)) if sealed else None
