"""Where something is: a house, or a public area of a community."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


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
