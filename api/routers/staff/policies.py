"""The settings of communities, for their admins."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Response

from api import policies, shapes
from api.answering import answers
from api.bodies import PolicyChange
from api.deps import IdempotencyKey, Staff, StateDep
from api.errors import READING
from api.json_answer import JsonAnswer
from models.domain.policy import Policy

router = APIRouter(tags=["staff: settings"])

EXAMPLE: Final = {
    "community": "com_xfl",
    "version": 3,
    "settings": Policy().model_dump(mode="json"),
    "unknown_years": [2027],
    "history": [
        {
            "version": 3,
            "at": "2026-11-22T09:00:00+00:00",
            "changes": {"warn_at": [0.8, 0.7]},
            "applied_to": None,
            "account": "admin",
            "name": "管理员",
        }
    ],
}


@router.get(
    "/policies",
    responses=answers(shapes.Communities, *READING, example={"items": [{"id": "com_xfl", "name": "幸福里"}]}),
)
async def list_communities(state: StateDep, staff: Staff) -> Response:
    """The communities whose settings the caller may change: an admin's own."""
    return JsonAnswer({"items": await policies.communities(state, staff)})


@router.get("/policies/{community}", responses=answers(shapes.PolicyAnswer, *READING, example=EXAMPLE))
async def show(state: StateDep, staff: Staff, community: str) -> Response:
    """All settings with their version, and who changed what."""
    return JsonAnswer(await policies.shown(state, staff, community))


@router.put(
    "/policies/{community}",
    responses=answers(shapes.PolicyAnswer, *READING, "illegal_transition", example=EXAMPLE),
)
async def change(state: StateDep, staff: Staff, community: str, body: PolicyChange) -> Response:
    """Holds for new clocks; running orders keep their terms unless the settings are applied to them."""
    return JsonAnswer(await policies.change(state, staff, community, body.version, body.settings))


@router.post(
    "/policies/{community}/apply",
    responses=answers(
        shapes.Applied, *READING, "idempotency_key_reused", example={"community": "com_xfl", "orders": 128}
    ),
)
async def apply(state: StateDep, staff: Staff, community: str, key: IdempotencyKey) -> Response:
    """Reckon the clocks of all running orders by today's settings. Their pauses keep counting."""
    return JsonAnswer(await policies.apply(state, staff, community, key))
