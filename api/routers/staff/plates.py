"""The plates of a house at the desk, and those that are in doubt."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api import plate_shapes, plates
from api.answering import answers
from api.deps import IdempotencyKey, Staff, StateDep
from api.errors import ACTING, FILING, READING
from api.json_answer import JsonAnswer

router = APIRouter(tags=["staff: plates"])


@router.get("/houses/{house_id}/plates", responses=answers(plate_shapes.PlatesOfHouse, *READING))
async def of_house(state: StateDep, staff: Staff, house_id: str) -> Response:
    """What the people of a house have registered, for a clerk or the manager."""
    return JsonAnswer(await plates.of_house(state, staff, house_id))


@router.post(
    "/houses/{house_id}/plates",
    status_code=201,
    responses=answers(plate_shapes.PlatesOfHouse, *FILING, "illegal_transition", status=201),
)
async def add(
    state: StateDep, staff: Staff, house_id: str, body: plate_shapes.NewPlateAtDesk, key: IdempotencyKey
) -> Response:
    """Registers a plate for a resident of the house, a tenant too."""
    return JsonAnswer(await plates.add_at_desk(state, staff, house_id, body.resident_id, body.plate, key), 201)


@router.get("/plates/in-doubt", responses=answers(plate_shapes.DoubtfulPlates, *READING))
async def in_doubt(state: StateDep, staff: Staff) -> Response:
    """Plates that two homes name, and plates of which their own household said that it is not their car."""
    return JsonAnswer(await plates.in_doubt(state, staff))


@router.post("/plates/{plate_id}/settle", responses=answers(plate_shapes.PlatesOfHouse, *ACTING))
async def settle(
    state: StateDep, staff: Staff, plate_id: str, body: plate_shapes.Settlement, key: IdempotencyKey
) -> Response:
    """What a clerk has found out about a record. By nature the same when done twice."""
    return JsonAnswer(await plates.settle(state, staff, plate_id, body.outcome))
