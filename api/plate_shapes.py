"""What is sent and answered about the plates of a house, for OpenAPI."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import ConfigDict

from api.bodies import Body, Id
from api.move_car_bodies import Plate
from api.shapes import Shape


class NewPlate(Body):
    """A car of one of the caller's homes."""

    house_id: Id
    plate: Plate

    model_config = ConfigDict(json_schema_extra={"examples": [{"house_id": "hse_7h2k9m", "plate": "粤BD12345"}]})


class NewPlateAtDesk(Body):
    """Of a resident of the house, who came with the papers."""

    resident_id: Id
    plate: Plate

    model_config = ConfigDict(json_schema_extra={"examples": [{"resident_id": "res_7h2k9m", "plate": "粤BD12345"}]})


class Settlement(Body):
    """`holds`: the record is true, and another home's record of the same plate ends. `ends`: it is taken away."""

    outcome: Literal["holds", "ends"]


class OfHouse(Shape):
    id: str
    label: str


class RegisteredPlate(Shape):
    """`mine`: the caller registered it; they and the owner of the house may take it away."""

    id: str
    plate: str
    house: OfHouse
    registrant: str
    registered_at: datetime
    mine: bool
    may_remove: bool


class RegisteredPlates(Shape):
    items: list[RegisteredPlate]


class KeptPlate(Shape):
    """`in_doubt`: another home has the same plate, and it counts there until somebody decides."""

    id: str
    plate: str
    house: OfHouse
    registrant: str
    registered_at: datetime
    in_doubt: bool


class MayRegister(Shape):
    """In whose name a plate of the house may be."""

    id: str
    name: str
    tie: str
    tie_title: str


class PlatesOfHouse(Shape):
    house: OfHouse
    residents: list[MayRegister]
    items: list[KeptPlate]


class Holder(Shape):
    name: str
    house: str


class DoubtfulPlate(KeptPlate):
    """`held_by`: where it counts today. `denied_at`: when its own household last said that it is not their car."""

    community: str
    denied_at: datetime | None
    held_by: Holder | None


class DoubtfulPlates(Shape):
    items: list[DoubtfulPlate]


MINE: Final[dict[str, Any]] = {
    "id": "car_7h2k9m",
    "plate": "粤BD12345",
    "house": {"id": "hse_7h2k9m", "label": "1栋1单元101室"},
    "registrant": "赵敏",
    "registered_at": "2026-11-22T09:00:00+00:00",
    "mine": True,
    "may_remove": True,
}
