"""Who may decide about colleagues: their duty, their days away, their leaving, their roles.

Each `may_*` raises the Refusal that the caller gets, or returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from models.domain.errors import Forbidden, IllegalTransition, NotFound, ValidationFailed
from models.domain.people import Actor, Role

PLAN: Final = (Role.LEAD, Role.MANAGER, Role.ADMIN)
"""May plan shifts and days away."""

DISMISS: Final = (Role.MANAGER, Role.ADMIN)
"""May record that somebody leaves or comes back."""

APPOINT: Final = (Role.ADMIN,)
"""May change roles, scope, skills and caps."""

LONGEST_ABSENCE: Final = timedelta(days=366)
LONGEST_SHIFT: Final = timedelta(hours=24)
LONGEST_PLAN: Final = timedelta(days=62)
"""A roster is planned for two months at the most."""


@dataclass(frozen=True)
class Colleague:
    """A member of staff as others may decide about them."""

    id: str
    active: bool
    firm_wide: bool
    communities: Sequence[str]


def within_reach(actor: Actor, colleague: Colleague) -> None:
    """Staff of other communities do not exist for the caller, and firm-wide staff only for their like.

    Raises NotFound.
    """
    if "*" in actor.communities or actor.id == colleague.id:
        return
    if colleague.firm_wide or not set(actor.communities) & set(colleague.communities):
        raise NotFound


def may_see_people(actor: Actor) -> None:
    if not actor.has(*PLAN):
        raise Forbidden("people_role")


def may_plan(actor: Actor, colleague: Colleague) -> None:
    may_see_people(actor)
    within_reach(actor, colleague)
    if not colleague.active:
        raise IllegalTransition("left_already")


def may_plan_team(actor: Actor, community_id: str) -> None:
    may_see_people(actor)
    if not actor.reaches(community_id):
        raise NotFound


def may_dismiss(actor: Actor, colleague: Colleague) -> None:
    _may_change_staff(actor, colleague)
    if not colleague.active:
        raise IllegalTransition("left_already")


def may_take_back(actor: Actor, colleague: Colleague) -> None:
    _may_change_staff(actor, colleague)
    if colleague.active:
        raise IllegalTransition("still_here")


def _may_change_staff(actor: Actor, colleague: Colleague) -> None:
    if not actor.has(*DISMISS):
        raise Forbidden("people_role")
    within_reach(actor, colleague)
    if colleague.id == actor.id:
        raise Forbidden("not_yourself")


def may_appoint(actor: Actor, colleague: Colleague) -> None:
    if not actor.has(*APPOINT):
        raise Forbidden("people_role")
    within_reach(actor, colleague)


def days_away(since: date, until: date, today: date) -> None:
    """Days that make sense for an absence. Raises ValidationFailed."""
    if until < since or until - since > LONGEST_ABSENCE:
        raise ValidationFailed("absence_days", field="until")
    if until < today:
        raise ValidationFailed("absence_over", field="until")
