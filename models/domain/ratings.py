"""Averages of stars: nobody is judged by a handful of them, and whoever did the work learns no names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from models.domain.people import Actor, Role

if TYPE_CHECKING:
    from models.domain.order import OrderState

LOW_STARS: Final = 2
"""Any star at or below this tells the lead (`lifecycles.md`, "Rate")."""

FEWEST: Final = 5
"""With fewer ratings there is no average: one angry neighbour would be somebody's whole record."""

MAY_COMPARE: Final = (Role.LEAD, Role.MANAGER, Role.QUALITY)
"""Everybody else sees their own averages only."""


@dataclass(frozen=True)
class Stars:
    """The stars of one member of staff over some time. `sums` are of result, speed and manner."""

    account: str
    name: str
    count: int
    sums: tuple[int, int, int]

    @property
    def averages(self) -> tuple[float, float, float] | None:
        """To a tenth; None with too few."""
        if self.count < FEWEST:
            return None
        result, speed, manner = (round(total / self.count, 1) for total in self.sums)
        return result, speed, manner


def stars_are_low(order: OrderState) -> bool:
    return order.rating is not None and order.rating.lowest <= LOW_STARS


def may_compare(actor: Actor) -> bool:
    return actor.has(*MAY_COMPARE)


def best_first(people: Iterable[Stars]) -> list[Stars]:
    """By the average of the result; who has too few ratings stands behind, by account, and is not compared."""
    return sorted(people, key=lambda stars: (-stars.averages[0] if stars.averages else 0, stars.account))
