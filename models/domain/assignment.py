"""Who may be given work, who gets it by itself, and why.

One set of facts about a person and an order, read by the console's list, by the gateway's refusal, by automatic
assignment and by the transaction that publishes an assignment: none of them can think differently.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Why(StrEnum):
    """A reason that speaks against somebody."""

    LEFT = "left"
    ROLE = "role"
    OUT_OF_SCOPE = "out_of_scope"
    ABSENT = "absent"
    AT_CAP = "at_cap"
    OFF_DUTY = "off_duty"
    UNSKILLED = "unskilled"


class Candidate(BaseModel):
    """What is known of a person in view of one order."""

    model_config = ConfigDict(frozen=True)

    id: str
    account: str
    active: bool
    in_role: bool
    """Whether their roles allow them the work."""
    in_scope: bool
    """They serve the community and the building where the work is, and the order does not exclude them."""
    absent: bool
    on_duty: bool
    skilled: bool
    open_orders: int
    """Other orders whose work lies with them."""
    cap: int


def bars(candidate: Candidate, *, emergency: bool) -> list[Why]:
    """Why nobody may give this person the order. An emergency asks nobody how much they already have."""
    found = {
        Why.LEFT: not candidate.active,
        Why.ROLE: not candidate.in_role,
        Why.OUT_OF_SCOPE: not candidate.in_scope,
        Why.ABSENT: candidate.absent,
        Why.AT_CAP: not emergency and candidate.open_orders >= candidate.cap,
    }
    return [why for why, speaks in found.items() if speaks]


def hindrances(candidate: Candidate, *, emergency: bool) -> list[Why]:
    """Why the order does not go to this person by itself; a dispatcher may see past the last two."""
    found = bars(candidate, emergency=emergency)
    found += [] if candidate.on_duty else [Why.OFF_DUTY]
    return found + ([] if candidate.skilled else [Why.UNSKILLED])


class Choice(BaseModel):
    """To whom a new order goes without a dispatcher, and what spoke for it; without `staff`, to the pool."""

    model_config = ConfigDict(frozen=True)

    staff: str | None = None
    open_orders: int = 0
    """How many the person had before this one."""
    among: int = 0
    """How many people would have fitted."""


def choose(candidates: Iterable[Candidate], *, emergency: bool) -> Choice | None:
    """Whoever fits and has the fewest open orders; of equals the first by account, so that a repetition agrees."""
    fitting = [one for one in candidates if not hindrances(one, emergency=emergency)]
    if not fitting:
        return None
    best = min(fitting, key=lambda one: (one.open_orders, one.account))
    return Choice(staff=best.id, open_orders=best.open_orders, among=len(fitting))


def preference(candidate: Candidate, *, emergency: bool) -> tuple[bool, bool, bool, int, str]:
    """The order in which people are offered to a dispatcher, best first."""
    barred = bool(bars(candidate, emergency=emergency))
    return barred, not candidate.on_duty, not candidate.skilled, candidate.open_orders, candidate.account
