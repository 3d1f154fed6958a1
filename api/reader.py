"""Who reads an answer: decides what of an order is shown and in whose words."""

from __future__ import annotations

from dataclasses import dataclass

from models.domain.order import Audience
from models.domain.people import Actor, Role

SEES_MANAGERS_EVENTS = (Role.MANAGER, Role.QUALITY)


@dataclass(frozen=True)
class Reader:
    """A resident sees what is meant for reporters; staff see theirs too; managers and quality see everything."""

    actor: Actor

    @property
    def is_staff(self) -> bool:
        return self.actor.kind == "staff"

    @property
    def audiences(self) -> frozenset[str]:
        if not self.is_staff:
            return frozenset({Audience.REPORTER.value})
        if self.actor.has(*SEES_MANAGERS_EVENTS):
            return frozenset(audience.value for audience in Audience)
        return frozenset({Audience.REPORTER.value, Audience.STAFF.value})
