"""Logging in, and who one is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from api import incidents, sessions, shapes
from api.answering import answers
from api.bodies import OwnerLogin
from api.deps import Owner, StateDep
from api.errors import READING
from api.json_answer import JsonAnswer
from api.state import State
from models.domain import words
from models.domain.errors import Unauthenticated
from models.repositories import reading
from models.repositories.sealing import mask_phone

router = APIRouter(tags=["owner: people"])


@router.post(
    "/login",
    responses=answers(shapes.OwnerLogin, "validation_failed", "unauthenticated", "rate_limited", "unavailable"),
)
async def log_in(state: StateDep, body: OwnerLogin) -> Response:
    """Exchange a wx.login code for a token. Somebody unknown is let in, tied to no house."""
    token, resident_id = await sessions.log_in_owner(state, body.code)
    return JsonAnswer({"token": token, "owner": await me_of(state, resident_id)})


@router.get("/me", responses=answers(shapes.Owner, *READING))
async def me(state: StateDep, owner: Owner) -> Response:
    """Name, masked phone, houses and the number of unread messages."""
    return JsonAnswer(await me_of(state, owner.id))


async def me_of(state: State, resident_id: str) -> dict[str, Any]:
    """Raises Unauthenticated when the resident no longer exists."""
    row = await reading.resident(state.direct, resident_id)
    if row is None:
        raise Unauthenticated
    sealed = row["phone_sealed"]
    return {
        "id": row["id"],
        "name": row["name"],
        "phone_masked": mask_phone(state.sealing.open(sealed)) if sealed else None,
        "minor": row["is_minor"],
        "houses": [house | {"tie_title": words.TIES[house["tie"]]} for house in row["houses"]],
        "incidents": [incidents.for_owners(incident) for incident in await incidents.near(state, row["houses"])],
        "unread": row["unread"],
    }
