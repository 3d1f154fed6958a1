"""Lists of visits: a resident's own, and those of a day at the gate."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from api import inbox, paging, views, visitor_views
from api.sessions import StaffMember
from api.state import State
from models.domain import rights, words
from models.domain.errors import Forbidden, ValidationFailed
from models.domain.numbers import CHINA
from models.domain.order import OrderState
from models.domain.people import Actor
from models.domain.plates import plate_of
from models.repositories import visitors
from models.repositories.sealing import Sealing, mask_phone
from models.repositories.visitors import Sought

Json = dict[str, Any]

A_DAY_AT_MOST: Final = 200
"""More fit on no screen; whoever has more visitors a day searches."""

TAIL_DIGITS: Final = 4


async def of_resident(state: State, owner: Actor, cursor: str | None, limit: int) -> Json:
    """`{items, next_cursor}` of the caller's passes and of walk-ins that they were asked about, newest first."""
    rows = await visitors.of_resident(state.direct, owner.id, after=paging.order_key(cursor), limit=limit + 1)
    items = await _items(state, rows[:limit], owner)
    return paging.page(items, rows, limit, "submitted_at", "number")


async def of_day(state: State, member: StaffMember, q: str | None, day: date | None) -> Json:
    """`{items, more}`: who waits at the gate first, then who is inside, then who is awaited.

    Raises Forbidden for staff who have nothing to do with visitors.
    """
    if not member.actor.has(*visitor_views.MAY_READ):
        raise Forbidden("forbidden")
    communities = await inbox.scope(state, member)
    actor = member.actor
    begin = datetime.combine(day or datetime.now(CHINA).date(), datetime.min.time(), CHINA)
    span = (begin, begin + timedelta(days=1))
    rows = await visitors.of_day(
        state.direct, communities, actor.narrowed, actor.buildings, span, _sought(state, q), A_DAY_AT_MOST + 1
    )
    items = await _items(state, rows[:A_DAY_AT_MOST], actor)
    return {"items": items, "more": len(rows) > A_DAY_AT_MOST}


def _sought(state: State, typed: str | None) -> Sought | None:
    text = (typed or "").strip()
    if not text:
        return None
    tail = state.sealing.tail_hash(text) if text.isdecimal() and len(text) >= TAIL_DIGITS else None
    return Sought(text, text.upper(), state.sealing.name_hash(text), tail, _plate_hash(state, text))


def _plate_hash(state: State, typed: str) -> str | None:
    try:
        return state.sealing.plate_hash(plate_of(typed).text)
    except ValidationFailed:
        return None


async def _items(state: State, rows: Any, actor: Actor) -> list[Json]:
    now, titles = datetime.now(UTC), await state.catalog.titles(state.direct)
    return await asyncio.to_thread(lambda: [_item(row, actor, now, titles, state.sealing) for row in rows])


def _item(row: Mapping[str, Any], actor: Actor, now: datetime, titles: views.Titles, sealing: Sealing) -> Json:
    """`actions` are what the caller may do with it now, as on the order itself."""
    order = OrderState.model_validate(row["state"])
    who = {name: sealing.open(bytes(row[f"{name}_sealed"])) if row[f"{name}_sealed"] else None for name in OPENED}
    return {
        "number": row["number"],
        "stage": row["stage"],
        "stage_title": words.stage("visitor", row["stage"]),
        "open": row["open"],
        "place": row["place_label"],
        "community_id": row["community_id"],
        "type": row["type"],
        "type_title": words.VISITS[row["type"]],
        "name": who["name"],
        "phone_masked": mask_phone(who["phone"]) if who["phone"] else None,
        "plate": who["plate"],
        "purpose": row["purpose"],
        "persons": row["persons"],
        "walk_in": row["walk_in"],
        "approved": order.visit.approved if order.visit else True,
        "from": row["since"],
        "to": row["until"],
        "entries": row["entries"],
        "used": row["used"],
        "arrived_at": row["arrived_at"],
        "left_at": row["left_at"],
        "submitted_at": row["submitted_at"],
        "actions": [action.model_dump(exclude_none=True) for action in rights.allowed(order, actor, now)],
    }


OPENED: Final = ("name", "phone", "plate")
