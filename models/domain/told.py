"""Who is told what when something happens to an order, as a lifecycle's map says it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from models.domain.people import Role

if TYPE_CHECKING:
    from models.domain.order import Event, OrderState

Residents = Callable[["OrderState", "Event"], Iterable[str]]
"""Ids of the residents whom an event concerns."""


def always(order: OrderState, event: Event) -> bool:
    return True


def nothing(order: OrderState, event: Event) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Told:
    """One notice that follows from an event, in the state that the order has while the event is recorded."""

    kind: str
    """Of the notice: its words stand in `models.domain.notice_words`."""
    to: Literal["reporter", "assignee"] | Role | Residents
    """A role that a complaint is about is passed over for the next above."""
    facts: Callable[[OrderState, Event], dict[str, Any]] = nothing
    when: Callable[[OrderState, Event], bool] = always
    can_wait: bool = False
    """Of an emergency too it wakes nobody who is off duty, because the danger is over."""
