"""The console's one router, put together from its rooms."""

from __future__ import annotations

from fastapi import APIRouter

from api.console import templating
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
)

router = APIRouter(include_in_schema=False)

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
    takings,
    people,
    photos,
    operations,
    settings,
    me,
    live,
):
    router.include_router(room.router, prefix="/console")

templating.warm_up()
