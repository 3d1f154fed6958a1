"""Which other order may be about the same fault, and why: points that a person can add up.

Compared are only orders of one kind, community and category, filed within a day of each other; what they share beyond
that makes the points.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from models.domain.places import Place

WITHIN: Final = timedelta(hours=24)
"""Reports of one fault come within a day of each other (`lifecycles.md`, "Public works")."""

WORTH_SAYING: Final = 50
"""Below this two orders share a category and little more."""

BASE: Final = ("same_category", 20)
SAME_SPOT: Final = ("same_spot", 30)
SAME_BUILDING: Final = ("same_building", 20)
SAME_UNIT: Final = ("same_unit", 10)
SAME_FLOOR: Final = ("same_floor", 5)
SAME_HOUSE: Final = ("same_house", 30)
SAME_SUBJECT: Final = ("same_subject", 30)
"""Complaints of the same person or house, or both of the community as a whole."""
CLOSE_IN_TIME: Final = (
    (timedelta(hours=1), ("within_an_hour", 15)),
    (timedelta(hours=6), ("within_six_hours", 10)),
    (WITHIN, ("within_a_day", 5)),
)


class Reason(NamedTuple):
    """`word` is a key of `words.SIMILAR`."""

    word: str
    points: int


def reasons(
    one: Place, one_at: datetime, other: Place, other_at: datetime, *, same_subject: bool = False
) -> list[Reason]:
    """Why two orders of one category look like one fault; empty when their places exclude it.

    At most 100 points for a public place: the same spot, building, unit and floor within the hour.
    """
    if one.spot is not None and other.spot is not None and one.spot is not other.spot:
        return []
    apart = abs(one_at - other_at)
    if apart > WITHIN:
        return []
    shared: list[tuple[tuple[str, int], object, object]] = [
        (SAME_SPOT, one.spot, other.spot),
        (SAME_HOUSE, one.house_id, other.house_id),
        (SAME_BUILDING, one.building_id, other.building_id),
    ]
    if one.building_id is not None and one.building_id == other.building_id:
        shared += [(SAME_UNIT, one.unit, other.unit), (SAME_FLOOR, one.floor, other.floor)]
    found = [Reason(*BASE)]
    found += [Reason(*reason) for reason, here, there in shared if here is not None and here == there]
    if same_subject:
        found.append(Reason(*SAME_SUBJECT))
    found.append(next(Reason(*reason) for span, reason in CLOSE_IN_TIME if apart <= span))
    return found


def points(found: list[Reason]) -> int:
    return sum(reason.points for reason in found)
