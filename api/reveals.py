"""Showing the phone of whoever waits at home to staff who work on the order."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

from api import acting
from api.sessions import StaffMember
from api.state import State
from models.domain.errors import Forbidden, IllegalTransition, NotFound
from models.domain.people import Role
from models.domain.privacy import READ_ALL
from models.repositories import complaints, reveals

Json = dict[str, Any]

HANDLE_ALL: Final = (Role.CLERK, Role.DISPATCHER, Role.LEAD, Role.MANAGER)
"""Roles that deal with every order of their communities; others only see the phones of what is theirs to do."""


async def identity(state: State, member: StaffMember, number: str) -> Json:
    """Who made an anonymous complaint: `{name, houses}`. Every look is written down, and managers see it on the order.

    Raises NotFound outside the scope, Forbidden for other roles, IllegalTransition where nobody hides.
    """
    await acting.visible_order(state, member.actor, number)
    if not member.actor.has(*READ_ALL):
        raise Forbidden("identity_role")
    found = await complaints.identity(state.direct, number, member.id, datetime.now(UTC))
    if found is None:
        raise IllegalTransition("not_anonymous")
    return {"number": number, **found}


def may_reveal(member: StaffMember, order: Json) -> bool:
    """Whether an order, as :func:`acting.order_view` shows it to them, is theirs to phone about."""
    if not order["readable"]:
        return False
    holders = {order["holder"], *(task["holder"] for task in order["tasks"])}
    return member.actor.has(*HANDLE_ALL) or not holders.isdisjoint({member.account, *member.stands_in_for})


async def car_users_phone(state: State, member: StaffMember, number: str) -> Json:
    """`{phone, visitor_phone}` of whoever uses the car that is in the way, for a guard who calls; of a visitor's car
    those of the host and of the visitor. Every look is written down; never for a resident.

    Raises NotFound outside the scope and without a phone, Forbidden when the car is not waited for any more.
    """
    order = await acting.order_view(state, member.actor, number)
    if not (order.get("car") or {}).get("may_call_user"):
        raise Forbidden("forbidden")
    now, pass_ = datetime.now(UTC), order["car"]["visitor"]
    sealed = await reveals.sealed_car_users_phone(state.direct, number, member.id, now)
    visitors = await reveals.sealed_visitors_phone(state.direct, number, pass_, member.id, now) if pass_ else None
    if sealed is None and visitors is None:
        raise NotFound
    phones: Json = {"phone": await _opened(state, sealed)}
    return phones | {"visitor_phone": await _opened(state, visitors)} if pass_ else phones


async def visitors_phone(state: State, member: StaffMember, number: str) -> str:
    """The visitor's. Raises NotFound outside the scope and without a phone, Forbidden for other roles and later."""
    await _may_call_about(state, member, number)
    return await _found(
        state, await reveals.sealed_visitors_phone(state.direct, number, number, member.id, datetime.now(UTC))
    )


async def hosts_phone(state: State, member: StaffMember, number: str) -> str:
    """Of the first resident who answers for the visit. Raises the same."""
    await _may_call_about(state, member, number)
    return await _found(state, await reveals.sealed_hosts_phone(state.direct, number, member.id, datetime.now(UTC)))


async def _may_call_about(state: State, member: StaffMember, number: str) -> None:
    order = await acting.order_view(state, member.actor, number)
    if not (order["visit"] or {}).get("may_call"):
        raise Forbidden("forbidden")


async def _found(state: State, sealed: bytes | None) -> str:
    phone = await _opened(state, sealed)
    if phone is None:
        raise NotFound
    return phone


async def _opened(state: State, sealed: bytes | None) -> str | None:
    return await asyncio.to_thread(state.sealing.open, sealed) if sealed is not None else None


async def phone(state: State, member: StaffMember, number: str) -> str:
    """The contact's phone, else the reporter's own. Every look is written down (`reveals`).

    Raises NotFound outside the scope and without a phone, Forbidden for whoever does not handle the order.
    """
    if not may_reveal(member, await acting.order_view(state, member.actor, number)):
        raise Forbidden("forbidden")
    sealed = await reveals.sealed_phone(state.direct, number, member.id, datetime.now(UTC))
    if sealed is None:
        raise NotFound
    return await asyncio.to_thread(state.sealing.open, sealed)
