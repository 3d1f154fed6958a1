"""Where something is: a house, or a public area of a community."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from models.domain import words


class Spot(StrEnum):
    """The fixed list of public spots, so that reports of the same thing can be found together."""

    LIFT = "lift"
    STAIRS = "stairs"
    ROOF = "roof"
    LOBBY = "lobby"
    GARAGE = "garage"
    GATE = "gate"
    ROAD = "road"
    GARDEN = "garden"
    PLAYGROUND = "playground"
    PUMP_ROOM = "pump_room"
    OTHER = "other"


class Place(BaseModel):
    """Either `house_id`, or a public `spot` with as much of building, unit and floor as is known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    house_id: str | None = None
    building_id: str | None = None
    unit: str | None = None
    floor: int | None = None
    spot: Spot | None = None

    @property
    def is_public(self) -> bool:
        return self.house_id is None


def area_label(place: Place, building: str | None) -> str:
    """`2栋1单元3层 电梯`, with as much as is known. `building` is its name."""
    where = building or ""
    if place.unit:
        where += place.unit if place.unit.endswith(words.UNIT) else place.unit + words.UNIT
    if place.floor is not None:
        where += f"{place.floor}{words.FLOOR}"
    spot = words.SPOTS[place.spot] if place.spot else ""
    return f"{where} {spot}".strip()
