"""A visit, its hosts, and how it is filed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from models.domain.order import OrderState, Reporter
from models.domain.people import Actor
from models.domain.visitors import Visit, VisitType
from tests.workflows.desk import GUARD, OWNER, Desk

FAMILY = Actor(kind="resident", id="res_family")


async def invite(desk: Desk, *, hours: float = 4, in_hours: float = 0, **more: Any) -> OrderState:
    """A pass that holds from `in_hours` on, made by the owner."""
    start = await desk.now() + timedelta(hours=in_hours)
    said = {"type": VisitType.GUEST, "start": start, "until": start + timedelta(hours=hours), "hosts": (OWNER.id,)}
    visit = Visit(**said | more)  # type: ignore[arg-type]
    first = "arrive" if visit.approved else "approve_stay"
    return await desk.file(kind="visitor", visit=visit, first_task=first, first_since=visit.until)


async def walk_in(desk: Desk, **more: Any) -> OrderState:
    """Somebody without a pass stands before the guard."""
    now = await desk.now()
    hosts = (OWNER.id, FAMILY.id)
    said = {"type": VisitType.GUEST, "start": now, "until": now + timedelta(hours=12), "hosts": hosts, "walk_in": True}
    return await desk.file(
        kind="visitor",
        visit=Visit(**said | more),  # type: ignore[arg-type]
        reporter=Reporter(kind="staff", id=GUARD.id),
        first_stage="waiting_approval",
        first_task="admit",
        first_people=hosts,
        first_roles=(),
    )
