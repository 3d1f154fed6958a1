"""Who acts in the demo's repairs, and how they are filed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from devstack.demo.categories import CATEGORIES
from devstack.demo.people import SKILLS, owner_id, staff_id
from devstack.demo.places import XFL, Places
from devstack.demo.story import Story
from models.domain import words
from models.domain.clocks import Levels, with_own_limits
from models.domain.lifecycles.repair import LEVELS
from models.domain.numbers import format_number
from models.domain.order import Charge, Filing, Priority, Reporter, Source
from models.domain.people import Actor, Role
from models.domain.places import Place, Spot
from models.domain.sequels import Follows
from models.repositories.sealing import Sealing


def member(account: str, *roles: Role) -> Actor:
    return Actor(kind="staff", id=staff_id(account), roles=roles, communities=(XFL,))


def owner(number: int) -> Actor:
    return Actor(kind="resident", id=owner_id(number))


CLERK, CLERK2 = member("clerk", Role.CLERK), member("clerk2", Role.CLERK)
DISPATCHER, DISPATCHER2 = member("dispatcher", Role.DISPATCHER), member("dispatcher2", Role.DISPATCHER)
TECH1, TECH2, TECH3 = (member(f"tech{number}", Role.TECHNICIAN) for number in (1, 2, 3))
LEAD = member("lead", Role.LEAD)
MANAGER = member("manager", Role.MANAGER)
GUARD = member("guard", Role.GUARD)

_LEVELS = {row["code"]: row["levels"] for row in CATEGORIES if row["kind"] == "repair"}


def technicians_for(category: str) -> list[Actor]:
    """Those who have the skill; the all-rounder where nobody has it."""
    skilled = [
        tech for tech, account in ((TECH1, "tech1"), (TECH2, "tech2"), (TECH3, "tech3")) if category in SKILLS[account]
    ]
    return skilled or [TECH3]


def levels(category: str, priority: str) -> Levels:
    return with_own_limits(LEVELS[priority], _LEVELS[category].get(priority, {}))


class Desk:
    """Files repairs: at home by an owner, for one who phoned, in public by staff who found something."""

    def __init__(self, places: Places, serials: Iterator[int], sealing: Sealing) -> None:
        self._places = places
        self._serials = serials
        self._sealing = sealing

    def at_home(
        self,
        home: int,
        category: str,
        description: str,
        at: datetime,
        *,
        priority: Priority = Priority.NORMAL,
        answers: Mapping[str, str] | None = None,
        source: Source = Source.APP,
        contact: tuple[str, str] | None = None,
        follows: Follows | None = None,
    ) -> Story:
        """In the n-th home of 幸福里, for its owner; any source but the app means that a clerk filed it."""
        house = self._places.home(home)
        filed_by = None if source is Source.APP else CLERK.id
        reporter = Reporter(kind="resident", id=owner_id(home), source=source, filed_by=filed_by)
        place = Place(house_id=house["id"], building_id=house["building_id"], unit=house["unit"], floor=house["floor"])
        warranted = house["warranty_until"] is not None
        charge = Charge.WARRANTY if warranted else Charge.PAID
        said = {
            "place_label": house["label"],
            "description": description,
            "answers": dict(answers or {}),
            "contact_name": contact[0] if contact else None,
            "contact_phone_sealed": self._sealing.seal(contact[1]) if contact else None,
        }
        return self._file(place, category, priority, reporter, charge, at, said, follows)

    def in_public(
        self,
        building: int,
        spot: Spot,
        category: str,
        description: str,
        at: datetime,
        *,
        by: Reporter,
        priority: Priority = Priority.NORMAL,
        answers: Mapping[str, str] | None = None,
        incident: str | None = None,
    ) -> Story:
        row = self._places.buildings[building - 1]
        place = Place(building_id=row["id"], spot=spot)
        said = {
            "place_label": f"{row['name']} {words.SPOTS[spot]}",
            "description": description,
            "answers": dict(answers or {}),
            "contact_name": None,
            "contact_phone_sealed": None,
        }
        return self._file(place, category, priority, by, Charge.PUBLIC, at, said, incident=incident)

    @property
    def places(self) -> Places:
        return self._places

    def number(self, kind: str, at: datetime) -> str:
        return format_number(kind, at, next(self._serials))

    def _file(
        self,
        place: Place,
        category: str,
        priority: Priority,
        reporter: Reporter,
        charge: Charge,
        at: datetime,
        said: dict[str, Any],
        follows: Follows | None = None,
        incident: str | None = None,
    ) -> Story:
        filing = Filing(
            number=self.number("repair", at),
            kind="repair",
            community_id=XFL,
            place=place,
            category=category,
            priority=priority,
            levels=levels(category, priority),
            reporter=reporter,
            charge=charge,
            first_roles=(Role.LEAD,) if follows else None,
            follows=follows,
            incident=incident,
            at=at,
        )
        return Story(filing, said)
