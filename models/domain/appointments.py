"""When somebody comes: the reporter's wish, the technician's proposal, and what both have agreed on.

Pure. Until there is an agreement, `order.appointment` is the reporter's wish. An agreed one replaces the promise to
arrive; while the reporter is asked, that promise stands still.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from models.domain.acts import agree_appointment
from models.domain.forms import Window

if TYPE_CHECKING:
    from models.domain.order import OrderState

ANSWER_WITHIN: Final = timedelta(hours=24)
"""A proposal that nobody has answered in a day has failed, and the technician telephones."""


def propose(order: OrderState, form: dict[str, Any]) -> bool:
    """Take up a technician's proposal; answers whether the reporter still has to be asked.

    What lies within the reporter's own wish is agreed at once, and so is the word of somebody without an account, to
    whom the technician has spoken.
    """
    window = Window.model_validate(form["appointment"])
    if order.reporter.kind != "resident" or (order.appointment is not None and _within(window, order.appointment)):
        agree(order, window)
        return False
    order.proposed = window
    return True


def answer_by(order: OrderState, now: datetime) -> datetime:
    """Until when the reporter may answer: within a day, and before the visit would begin."""
    assert order.proposed is not None  # noqa: S101 - only a proposal is answered
    return min(now + ANSWER_WITHIN, max(order.proposed.start, now))


def answered(order: OrderState, outcome: str, form: dict[str, Any]) -> None:
    """The reporter agrees, names another time (which is now their wish), or says nothing."""
    proposed, order.proposed = order.proposed, None
    if outcome == "agreed" and proposed is not None:
        agree(order, proposed)
    elif outcome == "other_time":
        order.appointment, order.appointment_agreed = Window.model_validate(form["appointment"]), False


def agree(order: OrderState, window: Window) -> None:
    agree_appointment(order, {"appointment": window})


def _within(window: Window, wish: Window) -> bool:
    return wish.start <= window.start and window.until <= wish.until
