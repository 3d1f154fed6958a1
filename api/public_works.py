"""What neighbours see of repairs in public areas, and 我也遇到."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from api import grouping, incidents
from api.bodies import Area
from api.idempotency import Request
from api.state import State
from models.domain import similarity, words
from models.domain.errors import IllegalTransition, NotBound, NotFound
from models.domain.incidents import first_that_takes
from models.domain.order import Priority
from models.domain.people import Actor
from models.domain.places import Place
from models.repositories import grouped, public_works, reading

Json = dict[str, Any]
KIND = "repair"


def view(row: public_works.Row, titles: Any) -> Json:
    """Category, place, stage, deadline, result and how many have joined; never a reporter, their words or photos."""
    return {
        "number": row["number"],
        "category": row["category"],
        "category_title": titles.get((KIND, row["category"]), row["category"]),
        "place": row["place_label"],
        "stage": row["stage"],
        "stage_title": words.stage(KIND, row["stage"], True),
        "submitted_at": row["submitted_at"],
        "finished_at": row["finished_at"],
        "next_deadline": row["next_due_at"],
        "joined": row["joined"],
        "joined_by_me": row["joined_by_me"],
        "mine": row["mine"],
        "photos": [{"id": photo, "url": f"/api/v1/photos/{photo}"} for photo in row["photos"]],
    }


async def show(state: State, owner: Actor, number: str) -> Json:
    """Raises NotFound for what is not near the caller's homes."""
    row = await public_works.one(state.direct, owner.id, number)
    if row is None:
        raise NotFound("order_not_found")
    return view(row, await state.catalog.titles(state.direct))


async def join(state: State, owner: Actor, number: str, key: str) -> Json:
    """我也遇到: told from now on at hold, finish and close. Joining twice is joining once.

    Raises NotFound, and IllegalTransition for the caller's own report and when the work is done.
    """
    request = Request.of(state, owner, number, "join", key, {})
    before = await request.before(state)
    if before is not None and before.answer is not None:
        return before.answer
    seen = await show(state, owner, number)
    if seen["mine"]:
        raise IllegalTransition("public_work_own")
    if not seen["joined_by_me"] and not await asyncio.to_thread(_join, state, owner.id, number):
        raise IllegalTransition("public_work_over")
    return await request.remember_whole(state, await show(state, owner, number))


def _join(state: State, resident: str, number: str) -> bool:
    with state.sync_engine.begin() as conn:
        return public_works.join(conn, number, resident, datetime.now(UTC))


async def similar(state: State, owner: Actor, area: Area, category: str) -> Json:
    """Before a report is sent: open ones of the same place and category within a day, and the incident that would take
    it in. Public places only, because nobody may learn what another home has reported. Raises NotBound."""
    if await reading.tied_house(state.direct, owner.id, community_id=area.community_id) is None:
        raise NotBound
    now = datetime.now(UTC)
    place = Place(building_id=area.building_id, unit=area.unit, floor=area.floor, spot=area.spot)
    rows = await grouped.alike(state.direct, area.community_id, KIND, category, now, similarity.WITHIN)
    public = [row for row in rows if row["place"].get("house_id") is None]
    best = grouping.best(public, place, now)
    shown = await public_works.some(state.direct, owner.id, [row["number"] for row, _ in best])
    titles = await state.catalog.titles(state.direct)
    incident = first_that_takes(
        await state.catalog.incidents(state.direct),
        community_id=area.community_id,
        order_kind=KIND,
        category=category,
        building_id=area.building_id,
        priority=Priority.NORMAL,
        found_by_staff=False,
    )
    return {
        "items": [view(shown[row["number"]], titles) | scored for row, scored in best if row["number"] in shown],
        "incident": incidents.for_owners(incident) if incident else None,
    }
