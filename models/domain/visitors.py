"""What only a visitor's pass knows of itself (`lifecycles.md` §5). Name, phone and plate stay in Postgres."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from models.domain.errors import ValidationFailed
from models.domain.forms import Form, Reason


class VisitType(StrEnum):
    GUEST = "guest"
    DELIVERY = "delivery"
    SERVICE = "service"
    LONG_STAY = "long_stay"


LONGEST: Final[Mapping[VisitType, timedelta]] = {
    VisitType.GUEST: timedelta(days=7),
    VisitType.DELIVERY: timedelta(days=1),
    VisitType.SERVICE: timedelta(days=7),
    VisitType.LONG_STAY: timedelta(days=90),
}
"""How long a pass may hold; for guests and long stays by `lifecycles.md` §5, a parcel comes within a day."""

AHEAD_AT_MOST: Final = timedelta(days=30)
"""Nobody knows earlier who comes; a pass for next year would only lie about."""

ENTRIES_AT_MOST: Final = 255
"""What the code at a gate can count: one byte (`reference/wechat-and-gates.md`, part C)."""

PERSONS_AT_MOST: Final = 50

WALK_IN_HOLDS: Final = timedelta(hours=12)
"""How long a guest who came without a pass may stay before the pass closes by itself."""


class Visit(BaseModel):
    """`hosts` hear of the visit and may answer for it: the maker of the pass, or all who were asked about a walk-in."""

    model_config = ConfigDict(frozen=True)

    type: VisitType
    start: datetime
    until: datetime
    entries: int = 1
    used: int = 0
    hosts: tuple[str, ...] = ()
    walk_in: bool = False
    reachable: bool = True
    """Somebody of them reads messages; otherwise the guard telephones at once."""
    approved: bool = True
    """False until a clerk has agreed to a long stay."""

    @property
    def may_come_again(self) -> bool:
        return self.used < self.entries


class Denied(Form):
    reason: Reason | None = Field(default=None, title="原因")


def check_window(type_: VisitType, start: datetime, until: datetime, now: datetime) -> None:
    """Raises ValidationFailed naming the field."""
    if until <= start:
        raise ValidationFailed("visit_ends_before_it_begins", field="window.to")
    if until <= now:
        raise ValidationFailed("visit_is_past", field="window.to")
    if start > now + AHEAD_AT_MOST:
        raise ValidationFailed("visit_too_far_ahead", field="window.from", days=AHEAD_AT_MOST.days)
    if until - start > LONGEST[type_]:
        raise ValidationFailed("visit_too_long", field="window.to", days=LONGEST[type_].days)
