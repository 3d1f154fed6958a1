"""How reporters judged the work."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import ratings, shapes
from api.answering import answers
from api.deps import Staff, StateDep
from api.errors import READING
from api.json_answer import JsonAnswer

router = APIRouter(tags=["staff: ratings"])


@router.get("/ratings", responses=answers(shapes.Ratings, *READING))
async def averages(state: StateDep, staff: Staff, days: Annotated[int, Query(ge=1, le=366)] = 90) -> Response:
    """Averages of the last days' stars per person, from five ratings up, without a reporter's name. Leads, managers
    and quality see everybody of their communities, all others themselves."""
    return JsonAnswer(await ratings.averages(state, staff, days))
