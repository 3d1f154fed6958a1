"""A community's settings: shown to its admins, changed by them, and applied to running orders when they say so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from api.idempotency import Request
from api.sessions import StaffMember
from api.state import State
from integrations.holidays import announced, unknown_years
from models.domain.errors import Forbidden, NotFound
from models.domain.numbers import CHINA
from models.domain.people import Role
from models.domain.policy import Policy, refuse_unknown_promises
from models.repositories import policies, refreshing

Json = dict[str, Any]


async def communities(state: State, member: StaffMember) -> list[Json]:
    """Those whose settings the caller may change. Raises Forbidden."""
    if not member.actor.has(Role.ADMIN):
        raise Forbidden("settings_role")
    known = (await state.catalog.communities(state.direct)).values()
    return [
        {"id": community["id"], "name": community["name"]}
        for community in known
        if member.actor.reaches(community["id"])
    ]


async def shown(state: State, member: StaffMember, community_id: str) -> Json:
    """The settings with their version and history. Raises Forbidden, NotFound."""
    await _may_set(state, member, community_id)
    kept = await policies.kept(state.direct, community_id)
    return {
        "community": community_id,
        "version": kept.version,
        "settings": kept.policy.model_dump(mode="json"),
        "unknown_years": unknown_years(datetime.now(CHINA).date()),
        "history": await policies.history(state.direct, community_id),
    }


async def change(state: State, member: StaffMember, community_id: str, version: int, policy: Policy) -> Json:
    """Replace the settings that the caller has seen as `version`. They hold for new clocks.

    Raises Forbidden, NotFound, ValidationFailed for an unknown clock, IllegalTransition when somebody was faster.
    """
    await _may_set(state, member, community_id)
    refuse_unknown_promises(policy)
    await asyncio.to_thread(_change, state, member, community_id, version, policy)
    state.catalog.forget()
    return await shown(state, member, community_id)


def _change(state: State, member: StaffMember, community_id: str, version: int, policy: Policy) -> None:
    with state.sync_engine.begin() as conn:
        policies.change(conn, community_id, policy, version, member.id, datetime.now(UTC))


async def apply(state: State, member: StaffMember, community_id: str, key: str) -> Json:
    """Carry the settings to every running order; answers how many will be reckoned anew.

    Raises Forbidden, NotFound, IdempotencyKeyReused.
    """
    await _may_set(state, member, community_id)
    request = Request.of(state, member.actor, "", "apply_policy", key, {"community": community_id})
    before = await request.before(state)
    if before is not None and before.answer is not None:
        return before.answer
    orders = await asyncio.to_thread(_apply, state, community_id)
    state.announcer.wake_relay()
    return await request.remember_whole(state, {"community": community_id, "orders": orders})


def _apply(state: State, community_id: str) -> int:
    with state.sync_engine.begin() as conn:
        return refreshing.apply_to_running(conn, community_id, announced(), datetime.now(UTC))


async def _may_set(state: State, member: StaffMember, community_id: str) -> None:
    if not member.actor.has(Role.ADMIN):
        raise Forbidden("settings_role")
    known = await state.catalog.communities(state.direct)
    if community_id not in known or not member.actor.reaches(community_id):
        raise NotFound
