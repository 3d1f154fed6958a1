"""What a repair's events mean for others, beside what every lifecycle tells (`lifecycles.md` §1, "Notices")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from models.domain import quotes
from models.domain.forms import as_json
from models.domain.people import Role
from models.domain.ratings import stars_are_low
from models.domain.told import Told

if TYPE_CHECKING:
    from models.domain.order import Event, OrderState


def proposed(order: OrderState) -> dict[str, Any]:
    return {"visit": as_json(order.proposed)} if order.proposed is not None else {}


def quoted(order: OrderState) -> dict[str, Any]:
    return {"total": order.quote.total} if order.quote is not None else {}


def _answer(order: OrderState, event: Event) -> dict[str, Any]:
    return quoted(order) | {"outcome": event.kind}


def _is_quoted(order: OrderState, event: Event) -> bool:
    return order.quote is not None


def _others_who_pay(order: OrderState, event: Event) -> list[str]:
    return [person for person in quotes.payers(order) if person != event.by]


def _payers_not_asked(order: OrderState, event: Event) -> list[str]:
    """Whoever is not asked still learns what it may cost: the reporter, and always the owner."""
    return [person for person in quotes.payers(order) if order.quote is not None and person != order.quote.asked]


def _reopened_before(order: OrderState, event: Event) -> bool:
    """Told before the order is counted as reopened: the first time the technician goes again, then the lead decides."""
    return order.reopened > 0


QUOTE_ANSWERED: Final = (
    Told("quote_answered", "assignee", facts=_answer, when=_is_quoted),
    Told("quote_answered", _others_who_pay, facts=_answer, when=_is_quoted),
)
VISIT_UNANSWERED: Final = (Told("visit_unanswered", "assignee"),)
UNSETTLED: Final = (Told("unsettled", Role.FINANCE, can_wait=True),)

_LOW_RATING: Final = (Told("low_rating", Role.LEAD, when=lambda order, _: stars_are_low(order), can_wait=True),)

TOLD_ON_ENTERING: Final = {
    "quoting": (Told("quote_made", _payers_not_asked, facts=lambda order, _: quoted(order)),),
}
TOLD: Final = {
    "approved": QUOTE_ANSWERED,
    "declined": QUOTE_ANSWERED,
    "received": (
        Told("paid", lambda order, _: quotes.payers(order), facts=lambda _, event: {"amount": event.facts["amount"]}),
    ),
    "agreed": (
        Told(
            "visit_agreed",
            "assignee",
            facts=lambda order, _: proposed(order),
            when=lambda order, _: order.proposed is not None,
        ),
    ),
    "other_time": (Told("visit_refused", "assignee", facts=lambda _, event: {"visit": event.facts["appointment"]}),),
    "not_fixed": (Told("not_fixed", "assignee"), Told("not_fixed", Role.LEAD, when=_reopened_before)),
    "rated": _LOW_RATING,
    "fixed": _LOW_RATING,
    "rating_answered": (Told("rating_answered", "reporter"),),
    "discontent": (Told("call_went_badly", Role.LEAD, can_wait=True),),
    "objected": (Told("objected", Role.LEAD, can_wait=True),),
    "upheld": (Told("upheld", "reporter"),),
    "follows_on": (Told("follows_on", "reporter"),),
}
