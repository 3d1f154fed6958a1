"""Correcting an order, and giving it other terms, while it runs. Either way its clocks are reckoned anew from where
they began: the promise changes, what has been waited for stays waited for.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from models.domain import commands as c
from models.domain.order import Audience, OrderState
from models.domain.people import Actor
from models.domain.step import Step
from models.domain.terms import Terms


def amend(step: Step, actor: Actor, command: c.Amend, at: datetime) -> None:
    """The reporter reads what was corrected and why: a lowered priority needs an explanation most of all."""
    state = step.state
    facts: dict[str, Any] = {}
    if command.category is not None and command.category != state.category:
        facts["category"] = [state.category, command.category]
        state.category = command.category
    if command.priority is not None and command.priority != state.priority:
        facts["priority"] = [state.priority.value, command.priority.value]
        state.priority = command.priority
    if command.place is not None and command.place != state.place:
        facts["place"] = True  # Where it is stands on the order; a timeline must not name somebody's home twice.
        state.place = command.place
        state.vacant, state.entry = bool(command.vacant), None
    if command.contact:
        facts["contact"] = True
    if command.charge is not None and command.charge != state.charge:
        facts["charge"] = [state.charge.value, command.charge.value]
        state.charge = command.charge
    state.levels = command.levels or state.levels
    change_clocks(state, at)
    step.record("amended", actor, at, reason=command.reason, **facts)


def refresh_policy(step: Step, actor: Actor, command: c.RefreshPolicy, at: datetime) -> None:
    """Terms that were read earlier than the order's own come too late, and change nothing."""
    state = step.state
    ours, theirs = state.terms.read_at, command.terms.read_at
    if ours is None or theirs is None or theirs > ours:
        state.levels = command.levels
        adopt(step, actor, command.terms, at)


def adopt(step: Step, actor: Actor, terms: Terms, at: datetime) -> None:
    """Reckon every clock by these terms."""
    step.state.terms = terms
    change_clocks(step.state, at)
    step.record("terms_changed", actor, at, Audience.STAFF)


def change_clocks(state: OrderState, at: datetime) -> None:
    """Promises that were kept or broken are history; those that run or wait follow the order's levels and terms."""
    for name, clock in state.clocks.items():
        if name in state.levels and clock.stopped_at is None:
            clock.change(state.levels[name], state.terms, at)
