"""大面积故障: opened with a text for the residents, followed by the reports that match, closed once for all of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import group_shapes, incidents
from api.answering import answers
from api.deps import IdempotencyKey, Staff, StateDep
from api.errors import ACTING, READING
from api.group_bodies import IncidentClosing, IncidentOpening
from api.json_answer import JsonAnswer

router = APIRouter(tags=["staff: incidents"])

INCIDENT = group_shapes.INCIDENT


@router.get("/incidents", responses=answers(group_shapes.Incidents, *READING, example={"items": [INCIDENT]}))
async def list_incidents(
    state: StateDep, staff: Staff, is_open: Annotated[bool | None, Query(alias="open")] = None
) -> Response:
    """Those of the caller's communities, open ones first."""
    return JsonAnswer({"items": await incidents.listed(state, staff, is_open)})


@router.post(
    "/incidents",
    status_code=201,
    responses=answers(group_shapes.Incident, *ACTING, status=201, example=INCIDENT | {"gathered": []}),
)
async def open_incident(state: StateDep, staff: Staff, body: IncidentOpening, key: IdempotencyKey) -> Response:
    """Tells the residents at once. `gathered` are the reports that waited already and follow it now."""
    incident = await incidents.open_incident(state, staff, body, key)
    return JsonAnswer(incident, 201, {"Location": f"/api/v1/staff/incidents/{incident['id']}"})


@router.get("/incidents/{incident_id}", responses=answers(group_shapes.Incident, *READING, example=INCIDENT))
async def show_incident(state: StateDep, staff: Staff, incident_id: str) -> Response:
    """With the reports that follow it."""
    return JsonAnswer(await incidents.show(state, staff, incident_id))


@router.post("/incidents/{incident_id}/close", responses=answers(group_shapes.Incident, *ACTING, example=INCIDENT))
async def close(
    state: StateDep, staff: Staff, incident_id: str, body: IncidentClosing, key: IdempotencyKey
) -> Response:
    """Its reports are finished, each reporter being asked; or they are freed, each to go its own way."""
    return JsonAnswer(await incidents.close(state, staff, incident_id, body, key))
