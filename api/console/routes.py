"""The console's one router, put together from its rooms."""

from __future__ import annotations

from fastapi import APIRouter

from api.console import documentation, templating
from api.console.guard import Room
from api.console.rooms import (
    cars,
    complaints,
    groups,
    inbox,
    incidents,
    live,
    login,
    me,
    operations,
    order,
    orders,
    people,
    photos,
    register,
    register_car,
    rounds,
    sequel,
    settings,
    shifts,
    static,
    takings,
    today,
    visitors,
)
from api.console.wording import ERRORS
from models.domain.errors import NotFound

router = APIRouter(include_in_schema=False, route_class=Room)

for room in (
    static,
    login,
    inbox,
    complaints,
    orders,
    order,
    groups,
    sequel,
    incidents,
    register,
    register_car,
    today,
    rounds,
    shifts,
    cars,
    visitors,
    takings,
    people,
    photos,
    operations,
    settings,
    me,
    live,
):
    router.include_router(room.router, prefix="/console")
router.include_router(documentation.router)


@router.get("/console/{path:path}")
async def nowhere(path: str) -> None:
    """Everything else, last. Raises NotFound, so that a mistyped address answers with a page."""
    raise NotFound(ERRORS["not_found"])


templating.warm_up()
