"""Which of the staff are rung, and when: by duty hours, off duty only of emergencies (`lifecycles.md`, "Quiet hours").

The inbox shows everything to everybody at any hour. This is about what rings: WeChat and SMS.

* An emergency rings at once at everybody it is for, on duty or not.
* All else rings at whoever is on duty, and waits for whoever is not until their next turn begins or they switch on.
* What a whole role is told goes to its members on duty. Where nobody is, each member's copy waits, so that whoever
  comes first hears of it.
* What is for somebody who is away rings at whoever acts for them that day as well, by the deputy's own duty.
* A breach whose role has nobody on duty also goes at once to the next rung above that has: the ladder exists so that
  somebody can still act, and a broken promise that only sleepers hear of helps nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict

from models.domain.people import Role

RUNGS: Final = (Role.LEAD, Role.MANAGER, Role.QUALITY)
"""Who hears of a breach, in the order of the ladder."""

BREACH: Final = "breached"

DEPUTISES_FOR: Final = "deputises_for"
"""The fact by which a deputy's notice says whose task it is about: the absentee's id."""

KEPT_FOR: Final = timedelta(days=3)
"""What has waited longer than a weekend is no news any more, and stays in the inbox alone."""


class Member(BaseModel):
    """Somebody in whose scope an order lies."""

    model_config = ConfigDict(frozen=True)

    id: str
    roles: tuple[Role, ...]
    on_duty: bool


def asked_roles(kind: str, role: Role) -> tuple[Role, ...]:
    """Whose members must be known to decide who hears of a notice to this role."""
    return (role, *_above(role)) if kind == BREACH else (role,)


def rung(kind: str, role: Role, members: Sequence[Member], *, urgent: bool) -> list[str]:
    """The ids of those to whom a role's notice goes; copies for whoever is off duty wait for their duty."""
    own = _of(role, members)
    awake = own if urgent else _on_duty(own)
    if awake or kind != BREACH:
        return _ids(awake or own)
    stand_in = next((there for up in _above(role) if (there := _on_duty(_of(up, members)))), [])
    return list(dict.fromkeys(_ids(own + stand_in)))


def waits_until(
    now: datetime, *, urgent: bool, on_duty: bool, next_turn: datetime | None, morning: datetime
) -> datetime | None:
    """Until when one person's notice waits before it is looked at again; None: it rings now.

    The morning is for whoever is on no roster, comes back from days away, or whose turn was moved.
    """
    if urgent or on_duty:
        return None
    return min(next_turn, morning) if next_turn is not None else morning


def _above(role: Role) -> tuple[Role, ...]:
    return RUNGS[RUNGS.index(role) + 1 :] if role in RUNGS else ()


def _of(role: Role, members: Sequence[Member]) -> list[Member]:
    return [member for member in members if role in member.roles]


def _on_duty(members: Sequence[Member]) -> list[Member]:
    return [member for member in members if member.on_duty]


def _ids(members: Sequence[Member]) -> list[str]:
    return [member.id for member in members]
