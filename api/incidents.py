"""Opening, closing and showing incidents."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

from api.group_bodies import IncidentClosing, IncidentOpening
from api.idempotency import Request
from api.sessions import StaffMember
from api.state import State
from models.domain import grouping, words
from models.domain.errors import NotFound, ValidationFailed
from models.domain.incidents import OpenIncident, concerns, may_close
from models.repositories import incidents
from models.tables.base import new_id

Json = dict[str, Any]

SHOWN: Final = 50
"""Incidents of a list, and reports of an incident: enough for a screen; the count says how many there are."""

WHAT_KIND: Final = "repair"
"""The kind of order that incidents are about."""


async def open_incident(state: State, member: StaffMember, body: IncidentOpening, key: str) -> Json:
    """Open it, tell the residents, gather what waits. Raises Forbidden, NotFound for another community, and
    ValidationFailed for unknown buildings or categories."""
    request = Request.of(state, member.actor, "", "incident", key, body.model_dump(mode="json"))
    before = await request.before(state)
    if before is not None and before.answer is not None:
        return before.answer
    grouping.may_group(member.actor)
    await _check(state, member, body)
    incident = OpenIncident(id=new_id("inc"), order_kind=WHAT_KIND, **body.model_dump(exclude={"gather"}))
    gathered = await asyncio.to_thread(_open, state, incident, member.id, body.gather)
    state.catalog.forget_incidents()
    state.announcer.wake_relay()
    answer = await show(state, member, incident.id) | {"gathered": gathered}
    return await request.remember_whole(state, answer)


async def _check(state: State, member: StaffMember, body: IncidentOpening) -> None:
    community = (await state.catalog.communities(state.direct)).get(body.community_id)
    if community is None or not member.actor.reaches(body.community_id):
        raise NotFound
    if not set(body.building_ids) <= {building["id"] for building in community["buildings"]}:
        raise ValidationFailed("unknown_place", field="building_ids")
    known = {row["code"] for row in await state.catalog.categories(state.direct) if row["kind"] == WHAT_KIND}
    if not set(body.categories) <= known:
        raise ValidationFailed("unknown_category", field="categories")


def _open(state: State, incident: OpenIncident, by: str, gather: bool) -> list[str]:
    with state.sync_engine.begin() as conn:
        return incidents.open_incident(conn, incident, by, datetime.now(UTC), gather=gather)


async def close(state: State, member: StaffMember, incident: str, body: IncidentClosing, key: str) -> Json:
    """Close it, wake its reports, tell the residents. Raises Forbidden, NotFound, IllegalTransition when closed."""
    request = Request.of(state, member.actor, incident, "close", key, body.model_dump(mode="json"))
    before = await request.before(state)
    if before is not None and before.answer is not None:
        return before.answer
    await show(state, member, incident)
    grouping.may_group(member.actor)
    woken = await asyncio.to_thread(_close, state, incident, member.id, body)
    may_close(woken)
    state.catalog.forget_incidents()
    state.announcer.wake_relay()
    return await request.remember_whole(state, await show(state, member, incident))


def _close(state: State, incident: str, by: str, body: IncidentClosing) -> bool:
    """Whether it was open."""
    with state.sync_engine.begin() as conn:
        closed = incidents.close(
            conn, incident, by, datetime.now(UTC), came_to=body.came_to.value, closing_text=body.text
        )
    return closed is not None


async def show(state: State, member: StaffMember, incident: str) -> Json:
    """One incident with its reports. Raises NotFound, also outside the scope."""
    row = await incidents.one(state.direct, incident, member.actor.communities)
    if row is None:
        raise NotFound("incident_not_found")
    titles = await state.catalog.titles(state.direct)
    members = await incidents.members(state.direct, incident, SHOWN)
    return view(row, titles) | {
        "members": [
            {**each, "category_title": titles.get((WHAT_KIND, each["category"]), each["category"])} for each in members
        ]
    }


async def listed(state: State, member: StaffMember, is_open: bool | None) -> list[Json]:
    """Those of the caller's communities, open ones first."""
    titles = await state.catalog.titles(state.direct)
    rows = await incidents.listed(state.direct, member.actor.communities, is_open, SHOWN)
    return [view(row, titles) for row in rows]


def view(row: incidents.Row, titles: Any) -> Json:
    return row | {
        "kind_title": words.INCIDENTS[row["kind"]],
        "category_titles": [titles.get((row["order_kind"], code), code) for code in row["categories"]],
        "open": row["closed_at"] is None,
    }


async def near(state: State, houses: list[Json]) -> list[OpenIncident]:
    """The open incidents that concern one of these homes."""
    homes = [(house["community_id"], house["building_id"]) for house in houses]
    return [
        each for each in await state.catalog.incidents(state.direct) if any(concerns(each, *home) for home in homes)
    ]


def for_owners(incident: OpenIncident) -> Json:
    """What residents read."""
    return {
        "id": incident.id,
        "kind": incident.kind,
        "kind_title": words.INCIDENTS[incident.kind],
        "title": incident.title,
        "text": incident.text,
        "community_id": incident.community_id,
        "building_ids": incident.building_ids,
    }
