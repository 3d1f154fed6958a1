"""Where a new order is: a home or a public place, checked against what the caller may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from api.bodies import Area, RepairWords
from api.state import State
from models.domain.errors import NotBound, NotFound, ValidationFailed
from models.domain.people import Actor
from models.domain.places import Place, area_label
from models.repositories import reading

VACANT: Final = "vacant"
"""A house's status in which nobody lives there: it is entered with consent only."""


@dataclass(frozen=True)
class Site:
    """Where the work is, checked and named."""

    community_id: str
    place: Place
    label: str
    warranty_until: date | None = None
    vacant: bool = False


async def site_of_resident(state: State, resident_id: str, body: RepairWords) -> Site:
    """A home of theirs, or a public place of a community where they have one. Raises NotBound, ValidationFailed."""
    _check_one_place(body)
    if body.area is not None:
        tied = await reading.tied_house(state.direct, resident_id, community_id=body.area.community_id)
    else:
        tied = await reading.tied_house(state.direct, resident_id, house_id=body.house_id)
    if tied is None:
        raise NotBound
    return await public_site(state, body.area) if body.area is not None else home_site(tied)


async def site_of_staff(state: State, actor: Actor, body: RepairWords) -> Site:
    """Any house or public place of the staff member's communities. Raises NotFound, ValidationFailed."""
    _check_one_place(body)
    if body.area is not None:
        if not actor.reaches(body.area.community_id, body.area.building_id):
            raise NotFound
        return await public_site(state, body.area)
    house = await reading.house(state.direct, body.house_id or "")
    if house is None or not actor.reaches(house["community_id"], house["building_id"]):
        raise NotFound
    return home_site(house)


def _check_one_place(body: RepairWords) -> None:
    if (body.house_id is None) == (body.area is None):
        raise ValidationFailed("house_or_area", field="house_id")


def home_site(house: Mapping[str, Any]) -> Site:
    place = Place(house_id=house["id"], building_id=house["building_id"], unit=house["unit"], floor=house["floor"])
    vacant = house["status"] == VACANT
    return Site(house["community_id"], place, house["label"], house["warranty_until"], vacant)


async def public_site(state: State, area: Area, field: str = "area") -> Site:
    """`field` is what a refusal calls the place by. Raises ValidationFailed."""
    community = (await state.catalog.communities(state.direct)).get(area.community_id)
    if community is None:
        raise ValidationFailed("unknown_place", field=f"{field}.community_id")
    buildings = {building["id"]: building["name"] for building in community["buildings"]}
    if area.building_id is not None and area.building_id not in buildings:
        raise ValidationFailed("unknown_place", field=f"{field}.building_id")
    place = Place(building_id=area.building_id, unit=area.unit, floor=area.floor, spot=area.spot)
    return Site(area.community_id, place, area_label(place, buildings.get(area.building_id or "")))


async def resident_name(state: State, resident_id: str, site: Site) -> str:
    """The name of a resident whom staff may file for: of the house, or of the community of a public place.

    Raises NotFound for nobody of the community, NotBound when the house is another's.
    """
    tied = await reading.tied_house(state.direct, resident_id, community_id=site.community_id)
    if tied is None:
        raise NotFound
    home = site.place.house_id
    if home is not None and await reading.tied_house(state.direct, resident_id, house_id=home) is None:
        raise NotBound
    return str(tied["resident_name"])
