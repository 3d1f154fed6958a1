"""What the outcomes of a visit do to an order, beyond ending their task."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from models.domain.acts import Moved, agree_appointment
from models.domain.clocks import ClockName
from models.domain.forms import Window
from models.domain.lifecycles.visits import CALL_AFTER_VISITS, CALL_WITHIN, REBOOK_WITHIN
from models.domain.order import Hold, HoldReason, OrderState
from models.domain.people import SYSTEM
from models.domain.step import Step
from models.domain.visit_forms import Referred


def refer(order: OrderState, moved: Moved) -> None:
    """Another firm has the work: nobody of ours holds it any more."""
    said = {name: moved.form[name] for name in Referred.model_fields}
    order.referral = Referred.model_validate(said)
    order.assignee = None


def postpone(order: OrderState, moved: Moved) -> None:
    """The next task rings at another time."""
    if order.referral is not None:
        said = order.referral.model_dump() | {"follow_up": moved.form["follow_up"]}
        order.referral = Referred.model_validate(said)


def lock_out(step: Step, moved: Moved, at: datetime) -> None:
    """Nobody was at home: hold for a new time. The reporter is asked; the second time, or without account, a clerk
    telephones.
    """
    order = step.state
    order.fruitless_visits += 1
    proposal = order.task_of("agree_appointment")
    if proposal is not None:  # It was about this visit.
        step.close(proposal, "withdrawn", SYSTEM, at)
    by_message = order.reporter.kind == "resident" and order.fruitless_visits < CALL_AFTER_VISITS
    order.hold = _rebooking("reporter" if by_message else "clerk", order.stage, moved.by, at)
    step.enter(order.lifecycle.held_stage, at, moved.event)


def let_clerk_call(order: OrderState, at: datetime) -> None:
    """The reporter has not answered."""
    assert order.hold is not None  # noqa: S101 - the task that ran out belongs to the hold
    order.hold = _rebooking("clerk", order.hold.stage, order.hold.by, at)


def rebook(order: OrderState, moved: Moved) -> None:
    """The new time. It replaces the promise to arrive, unless that has been kept already."""
    arrive = order.clocks.get(ClockName.ARRIVE)
    if arrive is not None and arrive.stopped_at is None:
        agree_appointment(order, moved.form)
    else:
        order.appointment, order.appointment_agreed = Window.model_validate(moved.form["appointment"]), True


def _rebooking(who: Literal["reporter", "clerk"], stage: str, by: str, at: datetime) -> Hold:
    within = REBOOK_WITHIN if who == "reporter" else CALL_WITHIN
    return Hold(reason=HoldReason.REPORTER, until=at + within, stage=stage, by=by, rebooking=who)
