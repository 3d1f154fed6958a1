"""What a place is called, written on the order when somebody has corrected where it is.

Names of homes never travel through the workflow, so they are looked up where the step is written.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from models.domain.places import Place, area_label

_HOUSE: Final = text("SELECT label FROM houses WHERE id = :house_id")
_BUILDING: Final = text("SELECT name FROM buildings WHERE id = :building_id")
_WRITE: Final = text("UPDATE work_orders SET place_label = :label WHERE number = :number AND place_label <> :label")


def name_place(conn: Connection, number: str, place: Place) -> None:
    """`1栋1单元101室`, or `2栋1单元 电梯`. A place that is no longer there keeps the name it had."""
    if place.house_id is not None:
        label = conn.execute(_HOUSE, {"house_id": place.house_id}).scalar_one_or_none()
    else:
        building = conn.execute(_BUILDING, {"building_id": place.building_id}).scalar_one_or_none()
        label = area_label(place, building)
    if label:
        conn.execute(_WRITE, {"number": number, "label": label})
