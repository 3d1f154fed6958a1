"""What machines at the gates tell."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Header, Response

from api.answering import answers
from api.deps import StateDep
from api.json_answer import JsonAnswer
from api.move_car_bodies import PlateLeft
from api.move_car_shapes import Told
from api.state import State
from models.domain.errors import Unauthenticated
from models.domain.plates import plate_of
from models.repositories import move_cars, visitors

router = APIRouter(tags=["gates"])

Secret = Annotated[
    str,
    Header(alias="X-Device-Secret", max_length=200, description="The community's, from the setting of its cameras."),
]


@router.post(
    "/gates/plates-left",
    responses=answers(Told, "validation_failed", "unauthenticated", "unavailable", example={"told": 1}),
)
async def plate_left(state: StateDep, body: PlateLeft, secret: Secret = "") -> Response:
    """A camera has seen a car drive out: whoever waits for it is told, and a visitor who came in it has left. The
    camera's `event_id` takes the place of a key; told twice, or of a car that nobody waits for, it changes nothing."""
    community = await _community(state, body.community, secret)
    plate, now = plate_of(body.plate).text, datetime.now(UTC)
    seen = (community, state.sealing.plate_hash(plate), body.event_id, body.seen_at(now))
    told = await move_cars.plate_left(state.direct, *seen)
    left = await visitors.plate_left(state.direct, *seen)
    if told or left:
        state.announcer.wake_relay()
    return JsonAnswer({"told": len(told)})


async def _community(state: State, code: str, secret: str) -> str:
    """The id of the community whose cameras know this secret. Raises Unauthenticated, for an unknown one alike."""
    known = state.settings.plate_camera_secrets.get(code, "")
    found = [row["id"] for row in (await state.catalog.communities(state.direct)).values() if row["code"] == code]
    if not known or not found or not hmac.compare_digest(known.encode(), secret.encode()):
        raise Unauthenticated
    return str(found[0])
