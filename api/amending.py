"""Staff correct an order: what they typed becomes a command that carries what follows from it, the new levels first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from api.bodies import Amendment, Area, NewPlace
from api.idempotency import Request
from api.intake import places, repair
from api.intake.places import Site
from api.state import State
from models.domain import rights
from models.domain.commands import Amend
from models.domain.errors import ValidationFailed
from models.domain.forms import parse
from models.domain.order import Charge, OrderState
from models.domain.people import Actor
from models.domain.policy import levels_for
from models.domain.step import Handled
from models.repositories import contacts, reading

Json = dict[str, Any]


async def resolved(state: State, actor: Actor, order: OrderState, body: Json, request: Request) -> Json:
    """The body of the sealed command. A new contact may not enter the workflow: it is laid beside the order, for the
    step that carries this request out.

    Raises ValidationFailed, and what the rules say about it.
    """
    said = parse(Amendment, body, "")
    rights.within_reach(order, actor)
    site = await _site(state, order, said.place) if said.place is not None else None
    place = site.place if site else order.place
    code, priority = said.category or order.category, said.priority or order.priority
    category = await state.catalog.category(state.direct, order.kind, code)
    if (said.category or site) and not _fits(category, is_public=place.is_public):
        raise ValidationFailed("unknown_category", field="category")
    policy = await state.catalog.policy(state.direct, order.community_id)
    command = Amend(
        category=said.category,
        place=site.place if site else None,
        priority=said.priority,
        reason=said.reason,
        contact=said.contact is not None,
        levels=levels_for(policy, order.kind, code, priority, category["levels"] if category else {}),
        charge=_charge(order, site, said),
        vacant=site.vacant if site else None,
    )
    if said.contact is not None:
        now = datetime.now(UTC)
        rights.may_amend(order, actor, command, now)
        handled = Handled(update_id=request.id, digest=request.digest)
        await contacts.keep(state.direct, handled, said.contact.name, state.sealing.seal(said.contact.phone), now)
    return command.model_dump(mode="json", exclude_none=True)


def _charge(order: OrderState, site: Site | None, said: Amendment) -> Charge | None:
    """Work done over is not paid for twice, wherever it turns out to be."""
    if site is None:
        return said.charge
    return repair.charge_of(site, datetime.now(UTC)) if order.follows is None else None


def _fits(category: Mapping[str, Any] | None, *, is_public: bool) -> bool:
    return category is not None and category["place"] in ("both", "area" if is_public else "house")


async def _site(state: State, order: OrderState, place: NewPlace) -> Site:
    """Never another community's: its people would see the order appear, and its first ones could not look after it."""
    if place.spot is not None:
        said = place.model_dump(exclude={"house_id"})
        return await places.public_site(state, Area(community_id=order.community_id, **said), "place")
    house = await reading.house(state.direct, place.house_id or "")
    if house is None or house["community_id"] != order.community_id:
        raise ValidationFailed("unknown_place", field="place.house_id")
    return places.home_site(house)
