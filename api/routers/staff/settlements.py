"""收费: the day's takings for finance."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import examples, settlements, shapes
from api.answering import answers
from api.deps import Staff, StateDep
from api.errors import READING
from api.json_answer import JsonAnswer

router = APIRouter(prefix="/settlements", tags=["staff: money"])


@router.get("", responses=answers(shapes.Takings, *READING, example=examples.TAKINGS))
async def of_day(
    state: StateDep, staff: Staff, day: Annotated[date | None, Query(alias="date", examples=["2026-11-22"])] = None
) -> Response:
    """What repairs brought in on a day (today, in China), by method, and what is still to be paid.

    For cashiers, finance, leads and managers.
    """
    return JsonAnswer(await settlements.of_day(state, staff, day or settlements.today()))
