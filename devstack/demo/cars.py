"""Cars of the demo's owners, one each, and three requests to move one: promised, with a guard, and done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert

from devstack.demo.cast import GUARD, owner
from devstack.demo.people import ON_WECHAT, owner_id
from devstack.demo.places import XFL, Places
from devstack.demo.story import Story
from models.domain import acts, words
from models.domain.lifecycles.move_car import CONFIRM_MOVED, LEVELS, MOVE, ON_SITE
from models.domain.move_cars import MoveCar, Obstacle
from models.domain.numbers import format_number
from models.domain.order import Charge, Filing, Priority, Reporter
from models.domain.people import Actor
from models.domain.places import Place, Spot
from models.repositories.sealing import Sealing
from models.tables.cars import MoveCarPerson, MoveCarRow, Vehicle

NEW_ENERGY = 5
"""The owner who drives an electric car."""

SOLD = 20
"""The owner whose car a neighbour has bought and registered; the clerk has to ask which record is true."""

STRANGER = "苏E7P330"
"""A plate that nobody here has registered."""


def plate(number: int) -> str:
    """Of the n-th owner's car."""
    return f"沪AD{number:05d}" if number == NEW_ENERGY else f"沪A{number:02d}K88"


class CarStory(Story):
    """A request told as its workflow would tell it."""

    def __init__(self, filing: Filing, place_label: str, plate: str) -> None:
        said = {"place_label": place_label, "description": "", "answers": {}}
        super().__init__(filing, said | {"contact_name": None, "contact_phone_sealed": None})
        self.plate = plate

    def promise(self, by: Actor, minutes: str, at: datetime) -> None:
        moved = self._complete(by, "move", "coming", at, minutes=minutes)
        acts.promise(self.step.state, moved, at)
        self._leave_for("acknowledged", moved, at)
        car = self.step.state.move_car
        self.step.open(CONFIRM_MOVED, at, None, (), self._requesters, car.promised if car else None)
        self._rest(at)

    def go(self, by: Actor, at: datetime) -> None:
        self.step.state.assignee = by.id
        self._leave_for("guard_on_site", self._complete(by, "on_site", "going", at), at)
        self.step.open(ON_SITE, at, by.id, ON_SITE.roles)
        self.step.open(CONFIRM_MOVED, at, None, (), self._requesters)
        self._rest(at)

    def confirm_moved(self, by: Actor, at: datetime) -> None:
        self._leave_for("moved", self._complete(by, "confirm_moved", "moved", at), at)
        self.step.enter("closed", at)
        self._rest(at)

    @property
    def _requesters(self) -> tuple[str, ...]:
        return self.step.state.waiting_residents

    def _leave_for(self, stage: str, moved: acts.Moved, at: datetime) -> None:
        acts.withdraw_tasks(self.step, "withdrawn", at)
        self.step.enter(stage, at, moved.event)


def car_stories(places: Places, serials: Iterator[int], now: datetime) -> list[CarStory]:
    """Of owners 11 to 17; owners 1 to 10 start clean."""

    def ago(minutes: float) -> datetime:
        return now - timedelta(minutes=minutes)

    def ask(building: int, spot: Spot, by: int, of: str, users: Sequence[int], obstacle: Obstacle, at: datetime) -> Any:
        row = places.buildings[building - 1]
        urgent = obstacle is Obstacle.FIRE_LANE
        filing = Filing(
            number=format_number("move_car", at, next(serials)),
            kind="move_car",
            community_id=XFL,
            place=Place(building_id=row["id"], spot=spot),
            category=obstacle.value,
            priority=Priority.EMERGENCY if urgent else Priority.NORMAL,
            levels=LEVELS["emergency" if urgent else "normal"],
            reporter=Reporter(kind="resident", id=owner_id(by)),
            charge=Charge.PUBLIC,
            first_task=(MOVE if users else ON_SITE).kind,
            first_people=tuple(owner_id(user) for user in users),
            first_roles=() if users else None,
            move_car=MoveCar(
                obstacle=obstacle, users=tuple(owner_id(user) for user in users), requesters=(owner_id(by),)
            ),
            at=at,
        )
        return CarStory(filing, f"{row['name']} {words.SPOTS[spot]}", of)

    promised = ask(1, Spot.ROAD, 11, plate(12), (12,), Obstacle.BLOCKING, ago(7))
    promised.promise(owner(12), "20", ago(4))
    guarded = ask(2, Spot.GATE, 14, STRANGER, (), Obstacle.FIRE_LANE, ago(6))
    guarded.go(GUARD, ago(3))
    done = ask(3, Spot.GARAGE, 16, plate(17), (17,), Obstacle.OWN_SPACE, ago(1500))
    done.promise(owner(17), "5", ago(1498))
    done.confirm_moved(owner(16), ago(1490))
    return [promised, guarded, done]


def write_vehicles(conn: Connection, places: Places, sealing: Sealing, now: datetime) -> None:
    conn.execute(
        insert(Vehicle),
        [
            {
                "id": f"car_demo_{number}",
                "community_id": XFL,
                "plate_sealed": sealing.seal(plate(number)),
                "plate_hash": sealing.plate_hash(plate(number)),
                "resident_id": owner_id(number),
                "house_id": places.home(number)["id"],
                "registered_at": now - timedelta(days=400),
                "claimed": False,
            }
            for number in range(1, ON_WECHAT + 1)
        ]
        + [
            {
                "id": "car_demo_claimed",
                "community_id": XFL,
                "plate_sealed": sealing.seal(plate(SOLD)),
                "plate_hash": sealing.plate_hash(plate(SOLD)),
                "resident_id": owner_id(SOLD - 1),
                "house_id": places.home(SOLD - 1)["id"],
                "registered_at": now - timedelta(hours=3),
                "claimed": True,
            }
        ],
    )


def write_cars(conn: Connection, stories: Sequence[CarStory], sealing: Sealing) -> None:
    """The plates of the requests, and who is on which side."""
    people: list[dict[str, Any]] = []
    cars: list[dict[str, Any]] = []
    for story in stories:
        car, filed = story.step.state.move_car, story.step.state.submitted_at
        cars.append(
            {
                "number": story.number,
                "community_id": XFL,
                "plate_sealed": sealing.seal(story.plate),
                "plate_hash": sealing.plate_hash(story.plate),
                "joinable": False,
            }
        )
        for side, ids in (("user", car.users), ("requester", car.requesters)) if car else ():
            people += [{"number": story.number, "resident_id": one, "side": side, "since": filed} for one in ids]
    conn.execute(insert(MoveCarRow), cars)
    conn.execute(insert(MoveCarPerson), people)
