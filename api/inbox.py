"""What staff see: boxes of tasks, lists of orders, who may be assigned. The JSON interface and the console both ask
here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from api import assigning, paging, views
from api.reader import Reader
from api.sessions import StaffMember
from api.state import State
from models.domain import rights
from models.domain.errors import NotFound, ValidationFailed
from models.domain.numbers import order_of
from models.domain.order import OrderState
from models.domain.plates import plate_of
from models.repositories import inbox, reading

Json = dict[str, Any]


async def page(
    state: State,
    member: StaffMember,
    box: str,
    *,
    kind: str | None = None,
    cursor: str | None = None,
    limit: int = paging.LIMIT,
) -> Json:
    """`{items, next_cursor}` of one box: `mine`, `pool` or `team`."""
    rows = await inbox.inbox(
        state.direct,
        box,
        **await _box_of(state, member),
        kind=kind,
        after=paging.task_key(cursor),
        limit=limit + 1,
    )
    titles = await state.catalog.titles(state.direct)
    now = datetime.now(UTC)
    items = [views.inbox_task(row, member.actor, now, titles) for row in rows[:limit]]
    return paging.page(items, rows, limit, "sort_rank", "sort_due", "id")


async def counts(state: State, member: StaffMember) -> Json:
    """`{mine, pool, team, overdue, waiting_starts}`; the last is how many new orders wait for the engine. No box is
    counted beyond a thousand.
    """
    found = await inbox.inbox_counts(state.direct, **await _box_of(state, member), now=datetime.now(UTC))
    return {**found, "waiting_starts": await reading.waiting_starts(state.direct)}


async def mine(state: State, member: StaffMember) -> int:
    """How much lies in the member's own box, as every page of the console shows it."""
    box = await _box_of(state, member)
    found = await inbox.inbox_counts(state.direct, **box, now=datetime.now(UTC), mine_alone=True)
    return int(found["mine"])


async def orders(
    state: State,
    member: StaffMember,
    *,
    kind: str | None = None,
    stage: str | None = None,
    is_open: bool | None = None,
    q: str | None = None,
    overdue: bool | None = None,
    cursor: str | None = None,
    limit: int = paging.LIMIT,
) -> Json:
    """`{items, next_cursor}` of the orders in the member's communities, newest first."""
    communities = await scope(state, member)
    now = datetime.now(UTC)
    rows = await reading.orders_of_staff(
        state.direct,
        communities,
        onlooker=reading.Onlooker.of(member.actor),
        narrowed=member.actor.narrowed,
        buildings=member.actor.buildings,
        now=now,
        kind=kind,
        stage=stage,
        is_open=is_open,
        words=(q or "").strip() or None,
        plate_hash=_plate_hash(state, q or ""),
        overdue=overdue,
        after=paging.order_key(cursor),
        limit=limit + 1,
    )
    reader, titles = Reader(member.actor), await state.catalog.titles(state.direct)
    items = [views.order_item(row, reader, now, titles) for row in rows[:limit]]
    return paging.page(items, rows, limit, "submitted_at", "number")


def _plate_hash(state: State, typed: str) -> str | None:
    """Plates are sealed, so only a whole one is found."""
    try:
        return state.sealing.plate_hash(plate_of(typed.strip()).text)
    except ValidationFailed:
        return None


async def assignable(state: State, member: StaffMember, task_id: str) -> list[Json]:
    """Who may take a task, best first, and why. Raises NotFound."""
    number = order_of(task_id)
    row = await reading.standing(state.direct, number) if number else None
    if row is None:
        raise NotFound("order_not_found")
    order = OrderState.model_validate(row["state"])
    rights.within_reach(order, member.actor)
    return await assigning.offered(state, order)


async def scope(state: State, member: StaffMember) -> Sequence[str]:
    """The member's communities by id, a firm-wide role's being all of them."""
    if "*" not in member.actor.communities:
        return member.actor.communities
    return list(await state.catalog.communities(state.direct))


async def _box_of(state: State, member: StaffMember) -> Json:
    actor = member.actor
    deputised = [role for absentee in actor.deputises for role in absentee.roles]
    return {
        "me": list(actor.stands_for),
        "roles": [role.value for role in (*actor.roles, *deputised)],
        "team": member.team,
        "communities": await scope(state, member),
        "narrowed": actor.narrowed,
        "buildings": actor.buildings,
        "onlooker": reading.Onlooker.of(actor),
    }
