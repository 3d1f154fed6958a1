"""访客: the map of a visit, by a pass or unannounced (`lifecycles.md` §5).

`overstayed 超时未离` comes with the gates: only where exits are measured can anybody be late. Until then a pass whose
visitor came closes at the end of its window.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from models.domain import texts
from models.domain.errors import IllegalTransition
from models.domain.forms import Because, Nothing
from models.domain.lifecycles.map import Lifecycle, Milestone
from models.domain.people import Role
from models.domain.tasks import TaskSpec
from models.domain.told import Told
from models.domain.visitors import Denied

if TYPE_CHECKING:
    from models.domain.commands import Complete
    from models.domain.order import Event, OrderState

AT_THE_END: Final = timedelta(0)
"""Patience that runs from the end of the pass's window."""
GUARD_CALLS_AFTER: Final = timedelta(minutes=5)
"""Somebody stands at the gate and the residents do not answer: the guard telephones."""
WALK_IN_WAITS: Final = timedelta(minutes=30)
"""Nobody stands at a gate any longer."""

APPROVE_STAY = TaskSpec(
    kind="approve_stay",
    roles=(Role.CLERK,),
    outcomes={"granted": Nothing, "not_granted": Because},
    gives_up_after=AT_THE_END,
    due=lambda order: order.visit.start if order.visit else None,
)
ARRIVE = TaskSpec(
    kind="arrive",
    roles=(Role.GUARD,),
    outcomes={"arrived": Nothing},
    gives_up_after=AT_THE_END,
    unboxed=True,
)
LEAVE = TaskSpec(
    kind="leave",
    roles=(Role.GUARD,),
    outcomes={"left": Nothing},
    gives_up_after=AT_THE_END,
    unboxed=True,
)
ADMIT = TaskSpec(
    kind="admit",
    of_reporter=True,
    outcomes={"admitted": Nothing, "denied": Denied},
    gives_up_after=WALK_IN_WAITS,
    notice="walk_in_waits",
)
CALL_HOST = TaskSpec(
    kind="call_host",
    roles=(Role.GUARD,),
    outcomes={"admitted": Nothing, "denied": Denied, "not_reached": Nothing},
    rings=True,
)


def fits(order: OrderState, command: Complete, now: datetime) -> None:
    """A pass holds in its window, on this side of it and on that."""
    if command.outcome != "arrived" or order.visit is None:
        return
    if now < order.visit.start:
        raise IllegalTransition("pass_not_yet")
    if now >= order.visit.until:
        raise IllegalTransition("pass_over")


def is_over(order: OrderState) -> bool:
    """Who has come for the only time is there already: there is no pass left to take back."""
    return order.stage == "arrived" and order.visit is not None and not order.visit.may_come_again


def _hosts_but_who_did_it(order: OrderState, event: Event) -> Iterable[str]:
    return [host for host in order.waiting_residents if host != event.by]


VISITOR = Lifecycle(
    kind="visitor",
    workflow="Visitor",
    first_stage="invited",
    other_first_stages=("waiting_approval",),
    first_task="arrive",
    edges={
        "invited": frozenset({"arrived", "expired", "revoked"}),
        "waiting_approval": frozenset({"arrived", "denied", "expired", "revoked"}),
        "arrived": frozenset({"left", "closed", "revoked"}),
        "left": frozenset({"arrived", "closed", "revoked"}),
        "closed": frozenset(),
        "denied": frozenset(),
        "expired": frozenset(),
        "revoked": frozenset(),
    },
    tasks={spec.kind: spec for spec in (APPROVE_STAY, ARRIVE, LEAVE, ADMIT, CALL_HOST)},
    after_work=frozenset({"closed", "denied", "expired", "revoked"}),
    called_off=frozenset({"denied", "expired", "revoked"}),
    cancelled_stage="revoked",
    reporter_may_cancel=frozenset({"invited", "arrived", "left"}),
    staff_may_cancel=frozenset({"invited", "waiting_approval", "arrived", "left"}),
    staff_cancel_roles=(Role.CLERK, Role.LEAD, Role.MANAGER),
    too_late_to_cancel=is_over,
    may_hold=frozenset(),
    may_be_urged=False,
    may_be_amended=False,
    levels={"normal": {}},
    told_of={
        "arrived": (Told("visitor_arrived", "reporter"),),
        "admitted": (Told("visitor_arrived", _hosts_but_who_did_it),),
        "denied": (Told("visitor_denied", _hosts_but_who_did_it),),
        "granted": (Told("stay_granted", "reporter"),),
        "not_granted": (Told("stay_not_granted", "reporter"),),
    },
    templates={
        "walk_in_waits": "visitor",
        "visitor_arrived": "visitor",
        "visitor_denied": "visitor",
    },
    must_reach={"walk_in_waits": texts.WALK_IN},
    milestones=(Milestone(GUARD_CALLS_AFTER, "guard_calls_host"),),
    milestones_in=frozenset({"waiting_approval"}),
    fits=fits,
)
