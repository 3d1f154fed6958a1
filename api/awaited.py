"""A repair that a complaint waits for: filed from the complaint's page, linked, and waited for on hold."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from api import acting
from api.bodies import StaffFiling
from api.complaint_bodies import AwaitedRepair
from api.idempotency import Request
from api.intake import repair
from api.sessions import StaffMember
from api.state import State
from models.domain import rights
from models.domain.commands import PutOnHold
from models.domain.errors import IllegalTransition, TaskNotOpen
from models.domain.order import HoldReason, OrderState
from models.repositories import groups
from models.repositories.awaited import WAITS_FOR

Json = dict[str, Any]


async def file_repair(state: State, member: StaffMember, number: str, body: AwaitedRepair, key: str) -> Json:
    """File the repair, link it, put the complaint on hold until it is done; answers the complaint.

    Three transactions, each found done by its own key when the same request comes again.

    Raises NotFound, TaskNotOpen, TaskHeldByOther, Forbidden, IllegalTransition, ValidationFailed.
    """
    bundle = await acting.visible_order(state, member.actor, number)
    order = OrderState.model_validate(bundle["state"])
    if order.complaint is None:
        raise IllegalTransition("not_a_complaint")
    said = body.model_dump(mode="json", include={"area", "category", "description"})
    filing = StaffFiling(reporter="self", **said)
    hold = await _hold(state, member, order, body, filing, key)
    filed = await repair.file_by_staff(state, member, filing, f"{key}.repair")
    await asyncio.to_thread(_link, state, number, filed["number"], member.id)
    return await acting.act(state, member.actor, number, "hold", hold, f"{key}.hold")


async def _hold(
    state: State, member: StaffMember, order: OrderState, body: AwaitedRepair, filing: StaffFiling, key: str
) -> Json:
    """The command that follows. Nothing is filed for somebody who may not put the complaint on hold."""
    task = order.task_of("handle")
    if task is None:
        raise TaskNotOpen
    said = {"task_id": task.id, "reason": HoldReason.THIRD_PARTY.value, "until": body.until.isoformat()}
    request = Request.of(state, member.actor, "", filing.kind, f"{key}.repair", filing.model_dump(mode="json"))
    if await request.before(state) is None:
        rights.may_hold(order, member.actor, PutOnHold.model_validate(said), datetime.now(UTC))
    return said


def _link(state: State, number: str, other: str, by: str) -> None:
    with state.sync_engine.begin() as conn:
        groups.link(conn, number, other, by, datetime.now(UTC), note=None, why=WAITS_FOR)
