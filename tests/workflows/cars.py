"""A car that is in the way, its users, and how a request about it is filed."""

from __future__ import annotations

from typing import Any

from models.domain.move_cars import MoveCar, Obstacle
from models.domain.order import OrderState
from models.domain.people import Actor, Role
from tests.workflows.desk import OWNER, Desk, staff

USER = Actor(kind="resident", id="res_user")
FAMILY = Actor(kind="resident", id="res_family")
GUARD2 = staff("guard2", Role.GUARD)
HOST = Actor(kind="resident", id="res_host")
KNOWN = MoveCar(obstacle=Obstacle.BLOCKING, users=(USER.id, FAMILY.id), requesters=(OWNER.id,), counts_from_asking=True)
VISITORS = KNOWN.model_copy(update={"users": (HOST.id,), "visitor": "FK20261122-99999"})
UNKNOWN = KNOWN.model_copy(update={"users": ()})


async def file(desk: Desk, car: MoveCar = KNOWN, **more: Any) -> OrderState:
    asks = "move_visitor" if car.visitor else "move"
    first = asks if car.users else "on_site"
    first = first if car.vetted else "vet"
    return await desk.file(
        kind="move_car",
        priority="emergency" if car.obstacle is Obstacle.FIRE_LANE else "normal",
        move_car=car,
        first_task=first,
        first_people=car.users if first == asks else (),
        **({"first_roles": ()} if first == asks else {}),
        **more,
    )


async def end(desk: Desk, who: Actor, kind: str, outcome: str, **form: Any) -> None:
    task = (await desk.state()).task_of(kind)
    assert task is not None, f"no {kind} is open"
    await desk.send(who, "complete", task_id=task.id, outcome=outcome, form=form)
