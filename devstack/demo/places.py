"""Communities, buildings and houses of the demo (`contract.md`, "Demo data")."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

XFL, HXY = "com_demo_xfl", "com_demo_hxy"

UNITS, FLOORS, DOORS = 2, 5, 2
"""Per building: two units of five floors with two doors each, so that three buildings have the sixty homes."""

LET, SECOND_HOME, WITHOUT_WECHAT, VACANT, RENOVATING = 21, 22, 23, 24, 25
"""Which of the sixty homes, counted from 1, is the special one."""

UNDER_WARRANTY_UNTIL = date(2027, 12, 31)


@dataclass
class Places:
    """Rows for the three tables, and the homes of both communities in their order."""

    communities: list[dict[str, Any]] = field(default_factory=list)
    buildings: list[dict[str, Any]] = field(default_factory=list)
    houses: list[dict[str, Any]] = field(default_factory=list)

    def home(self, number: int, community: str = XFL) -> dict[str, Any]:
        """The n-th home of a community, counted from 1."""
        homes = [house for house in self.houses if house["community_id"] == community and house["kind"] == "residence"]
        return homes[number - 1]

    @property
    def parking(self) -> dict[str, Any]:
        return next(house for house in self.houses if house["kind"] == "parking_space")


def places() -> Places:
    built = Places()
    built.communities = [
        {"id": XFL, "code": "xfl", "name": "幸福里", "duty_phone": "021-5550-1100"},
        {"id": HXY, "code": "hxy", "name": "和谐苑", "duty_phone": "021-5550-2200"},
    ]
    for number in (1, 2, 3):
        _building(built, XFL, "xfl", number)
    _building(built, HXY, "hxy", 1)
    statuses = {LET: "let", VACANT: "vacant", RENOVATING: "renovating"}
    for number, status in statuses.items():
        built.home(number)["status"] = status
    for number in range(41, 61):
        built.home(number)["warranty_until"] = UNDER_WARRANTY_UNTIL
    built.houses.append(
        _house(XFL, "hse_demo_xfl_p12", None, None, -1, "地下车库B1-012车位") | {"kind": "parking_space"}
    )
    return built


def _building(built: Places, community: str, code: str, number: int) -> None:
    building = f"bld_demo_{code}_{number}"
    row = {"id": building, "community_id": community, "name": f"{number}栋", "units": UNITS, "floors": FLOORS}
    built.buildings.append(row)
    for unit in range(1, UNITS + 1):
        for floor in range(1, FLOORS + 1):
            for door in range(1, DOORS + 1):
                room = f"{floor}{door:02d}"
                label = f"{number}栋{unit}单元{room}室"
                house = f"hse_demo_{code}_{number}{unit}{room}"
                built.houses.append(_house(community, house, building, str(unit), floor, label))


def _house(
    community: str, house: str, building: str | None, unit: str | None, floor: int, label: str
) -> dict[str, Any]:
    return {
        "id": house,
        "community_id": community,
        "building_id": building,
        "unit": unit,
        "floor": floor,
        "label": label,
        "kind": "residence",
        "status": "occupied",
        "warranty_until": None,
    }
