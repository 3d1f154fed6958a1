"""The plates of one's home: whom the guards may ask when a car is in the way."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Response

from api import plate_shapes, plates
from api.answering import answers
from api.bodies import Nothing
from api.deps import IdempotencyKey, Owner, StateDep
from api.errors import FILING, READING
from api.json_answer import JsonAnswer

router = APIRouter(tags=["owner: plates"])


@router.get(
    "/plates", responses=answers(plate_shapes.RegisteredPlates, *READING, example={"items": [plate_shapes.MINE]})
)
async def own(state: StateDep, owner: Owner) -> Response:
    """The plates of the caller's households; a landlord does not see a tenant's, nor a tenant the landlord's."""
    return JsonAnswer(await plates.own(state, owner))


@router.post(
    "/plates",
    status_code=201,
    responses=answers(
        plate_shapes.RegisteredPlate, *FILING, "illegal_transition", status=201, example=plate_shapes.MINE
    ),
)
async def add(state: StateDep, owner: Owner, body: plate_shapes.NewPlate, key: IdempotencyKey) -> Response:
    """Registers a plate with a home of the caller's, as its owner or family; a tenant's is registered at the desk. The
    answer is the same whether or not somebody else has registered the plate: then a clerk looks into it."""
    return JsonAnswer(await plates.add(state, owner, body.house_id, body.plate, key), 201)


@router.post("/plates/{plate_id}/remove", responses=answers(plate_shapes.RegisteredPlates, *FILING))
async def remove(
    state: StateDep, owner: Owner, plate_id: str, key: IdempotencyKey, body: Annotated[Nothing | None, Body()] = None
) -> Response:
    """Takes a plate away: one's own, or as the owner any of the household's. Answers what is left."""
    return JsonAnswer(await plates.remove(state, owner, plate_id, key))
