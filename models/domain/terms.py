"""What an order was promised by: the calendar and the ladder of its community, copied into the order at intake.

Later changes of the policy leave running orders alone, unless an admin applies them (`refresh_policy`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from models.domain.calendar import AroundTheClock, Calendar, Measure
from models.domain.people import Role

WARN_AT: Final = 0.8
"""Share of the limit after which the holder is warned (`lifecycles.md`, "Clocks")."""

REREAD_EVERY: Final = timedelta(days=7)
"""How often an order whose promise lies beyond the announced holidays asks whether they have been announced."""

HOLD_WITHOUT_LEAD: Final = timedelta(hours=72)
"""A longer hold needs the lead (`lifecycles.md`, "Hold")."""

AROUND_THE_CLOCK: Final = AroundTheClock()


class Rung(BaseModel):
    """Who is told of a breach, and how far beyond the limit, as a share of it."""

    model_config = ConfigDict(frozen=True)

    share: float = Field(title="超时比例", ge=0, le=10)
    role: Role = Field(title="通知谁")


LADDER: Final = (
    Rung(share=0, role=Role.LEAD),
    Rung(share=0.5, role=Role.MANAGER),
    Rung(share=1, role=Role.QUALITY),
)
"""Lead at the breach, manager at +50 %, the company's quality at +100 % (`lifecycles.md`, "Clocks")."""


class TermsWanted(BaseModel):
    """Whose terms an order asks for again, and since when its clocks run."""

    model_config = ConfigDict(frozen=True)

    community_id: str
    since: datetime


class Terms(BaseModel):
    """The defaults are those of version 0.1, whose orders know no calendar and count around the clock."""

    model_config = ConfigDict(frozen=True)

    calendar: Calendar | None = None
    warn_at: float = WARN_AT
    ladder: tuple[Rung, ...] = LADDER
    hold_without_lead: timedelta = HOLD_WITHOUT_LEAD
    read_at: datetime | None = None
    """When policy and holidays were read."""

    def measure(self, around_the_clock: bool) -> Measure:
        return AROUND_THE_CLOCK if around_the_clock or self.calendar is None else self.calendar

    def reread_at(self, furthest: datetime) -> datetime | None:
        """When to look again whether the holidays up to `furthest` are known; None when they are."""
        if self.calendar is None or self.read_at is None or self.calendar.knows(furthest):
            return None
        return self.read_at + REREAD_EVERY
