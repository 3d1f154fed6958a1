"""Orders that follow another: work that did not last, a makeshift to be mended for good, a cancellation undone."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

from models.domain.errors import IllegalTransition

if TYPE_CHECKING:
    from models.domain.order import OrderState

REWORK_WITHIN: Final = timedelta(days=30)
"""Work that fails again so soon after closing is done again first (`lifecycles.md` §1, 返修)."""

LASTING_WITHIN: Final = timedelta(days=180)
"""A makeshift that held for half a year is a new matter."""


class Sequel(StrEnum):
    """Why an order follows another."""

    REWORK = "rework"
    LASTING = "lasting"
    """What was mended for the moment is mended for good."""
    OBJECTION = "objection"
    """The earlier one had been cancelled wrongly."""


class Follows(BaseModel):
    model_config = ConfigDict(frozen=True)

    number: str
    why: Sequel


def sequel_of(order: OrderState, now: datetime) -> Sequel:
    """What an order filed now would be to this one. Raises IllegalTransition outside its time."""
    if order.kind != "repair":
        raise IllegalTransition("rework_of_repairs_only")
    if order.temporary and order.stage in ("finished", "closed"):
        if now - order.entered_at > LASTING_WITHIN:
            raise IllegalTransition("rework_too_late")
        return Sequel.LASTING
    if order.stage != "closed":
        raise IllegalTransition("rework_after_closing")
    if now - order.entered_at > REWORK_WITHIN:
        raise IllegalTransition("rework_too_late")
    return Sequel.REWORK
