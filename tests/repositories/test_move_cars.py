"""Joining a request to move a car, and what becomes of whoever joins one that is just being called off."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import Engine, insert

from models.domain.acts import cancel
from models.domain.commands import Cancel
from models.domain.lifecycles.move_car import LEVELS
from models.domain.move_cars import MoveCar, Obstacle
from models.domain.order import Filing, OrderState, Reporter, new_order
from models.domain.people import Actor
from models.domain.places import Place, Spot
from models.domain.step import Step
from models.repositories import move_cars
from models.repositories.direct import Direct
from models.repositories.intake import NumberBlocks, Taken, Words
from models.repositories.move_cars import Plate
from models.repositories.publish import publish
from models.tables.people import Resident
from tests.repositories.rows import OWNER, START, rows

CROWD = 12
WORDS = Words(place_label="大门", description="")


def people(engine: Engine, prefix: str) -> list[str]:
    ids = [f"res_{prefix}{n}" for n in range(CROWD)]
    with engine.begin() as conn:
        conn.execute(insert(Resident), [{"id": one, "name": "邻居"} for one in ids])
    return ids


def request(number: str, resident: str, minutes: float = 0) -> OrderState:
    return new_order(
        Filing(
            number=number,
            kind="move_car",
            community_id="com_a",
            place=Place(spot=Spot.GATE),
            category="exit",
            priority="normal",
            levels=LEVELS["normal"],
            reporter=Reporter(kind="resident", id=resident),
            first_task="on_site",
            move_car=MoveCar(obstacle=Obstacle.EXIT, requesters=(resident,)),
            at=START + timedelta(minutes=minutes),
        )
    )


async def ask(direct: Direct, number: str, resident: str, hashed: str, minutes: float = 0) -> Taken:
    state, plate = request(number, resident, minutes), Plate(b"sealed", hashed)
    key = f"{number}-{resident}"
    return await move_cars.file(direct, state, WORDS, plate, update_id=key, digest="d", answer=None)


async def test_many_at_once_make_one_request(direct: Direct, engine: Engine) -> None:
    crowd, numbers = people(engine, "crowd"), NumberBlocks(direct)
    taken = await asyncio.gather(*[ask(direct, await numbers.number("move_car", START), one, "crowd") for one in crowd])
    assert len({one.number for one in taken}) == 1
    with engine.connect() as conn:
        waiting = rows(conn, "SELECT resident_id FROM move_car_people WHERE number = :n", n=taken[0].number)
        assert {row.resident_id for row in waiting} == set(crowd)
        joins = rows(conn, "SELECT 1 FROM outbox WHERE number = :n AND action = 'command'", n=taken[0].number)
        assert len(joins) == CROWD - 1


async def test_ten_minutes_and_no_longer(direct: Direct, engine: Engine) -> None:
    first, second, third, *_ = people(engine, "slow")
    assert (await ask(direct, "NC20261122-70001", first, "slow")).number == "NC20261122-70001"
    assert (await ask(direct, "NC20261122-70002", second, "slow", 9.9)).number == "NC20261122-70001"
    assert (await ask(direct, "NC20261122-70003", third, "slow", 10)).number == "NC20261122-70003"


async def test_who_joins_what_is_being_called_off_is_told_to_ask_again(direct: Direct, engine: Engine) -> None:
    (other, *_) = people(engine, "late")
    number = "NC20261122-70010"
    state = request(number, OWNER.id)
    await ask(direct, number, OWNER.id, "late")
    step = Step(state)
    cancel(step, Actor(kind="resident", id=OWNER.id), Cancel(), START + timedelta(minutes=1))
    assert (await ask(direct, "NC20261122-70011", other, "late", 1)).number == number
    with engine.begin() as conn:
        publish(conn, step.batch(START + timedelta(minutes=1)))
    with engine.connect() as conn:
        told = rows(conn, "SELECT to_id FROM notices WHERE number = :n AND kind = 'ask_again'", n=number)
        assert [row.to_id for row in told] == [other]
    assert (await ask(direct, "NC20261122-70012", other, "late", 2)).number == "NC20261122-70012"
