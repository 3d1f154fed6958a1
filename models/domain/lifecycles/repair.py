"""报修: the map of the repair process (`lifecycles.md` §1).

Merging joins this map with an outcome of its own; visits that end otherwise have a file beside it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from models.domain import quotes
from models.domain.clocks import ClockName, Level, Levels
from models.domain.errors import IllegalTransition, ValidationFailed
from models.domain.forms import (
    Accepted,
    Assigned,
    Because,
    Finished,
    Fixed,
    Merged,
    NotFixed,
    Nothing,
    OtherTime,
    Proposed,
    Stated,
)
from models.domain.lifecycles import repair_news, visits
from models.domain.lifecycles.aftercare import CALL_BACK, MAKE_GOOD, OBJECT, REVIEW_CANCEL
from models.domain.lifecycles.map import Lifecycle
from models.domain.lifecycles.visits import CALL_REPORTER, FOLLOW_UP, REBOOK
from models.domain.people import Role
from models.domain.tasks import TaskSpec
from models.domain.texts import EMERGENCY_ACCEPTED, NO_ACCESS, QUOTE_OPEN
from models.domain.visit_forms import ForcedEntry, NoAccess, OutOfScope, Referred

if TYPE_CHECKING:
    from models.domain.commands import Complete
    from models.domain.order import OrderState

CONFIRM_WITHIN: Final = timedelta(days=7)
"""A reporter who says nothing for a week after `finished` lets the order close (`lifecycles.md` §1)."""

SECOND_ATTEMPT: Final = 0.5
"""Not fixed: the finish clock runs again with this share of its length (`lifecycles.md` §1)."""

QUOTE_WITHIN: Final = timedelta(days=7)
"""Nobody who says nothing for a week has agreed to pay (`lifecycles.md` §1)."""

QUOTE_REMINDERS: Final = (timedelta(hours=24), timedelta(hours=48))

SETTLE_WITHIN: Final = timedelta(days=90)
"""What is not paid after a quarter is a claim for the books, and no longer keeps a workflow alive."""

RATE_WITHIN: Final = timedelta(days=15)
RATE_REMINDERS: Final = (timedelta(days=1), timedelta(days=5))

DISPATCH = TaskSpec(
    kind="dispatch",
    roles=(Role.DISPATCHER,),
    outcomes={"assigned": Assigned, "pool": Nothing, "referred": Referred, "rejected": Because, "merged": Merged},
    clock=ClockName.ACCEPT,
)
ACCEPT = TaskSpec(
    kind="accept",
    roles=(Role.TECHNICIAN,),
    outcomes={"accepted": Accepted, "handed_back": Because},
    claim_completes="accepted",
    is_work=True,
    clock=ClockName.ACCEPT,
    also_seen_at_breach=(Role.DISPATCHER,),
)
CARRY_OUT = TaskSpec(
    kind="carry_out",
    roles=(Role.TECHNICIAN,),
    outcomes={
        "arrived": Nothing,
        "finished": Finished,
        "proposed": Proposed,
        "forced_entry": ForcedEntry,
        "needs_quote": quotes.Quoted,
        "cancelled": quotes.QuoteDeclined,
        "no_access": NoAccess,
        "out_of_scope": OutOfScope,
        "handed_back": Because,
    },
    is_work=True,
    may_be_held=True,
    clock=ClockName.FINISH,
)
AGREE_APPOINTMENT = TaskSpec(
    kind="agree_appointment",
    of_reporter=True,
    beside=True,
    only_in=frozenset({"accepted", "on_hold"}),
    outcomes={"agreed": Nothing, "other_time": OtherTime},
    pauses=ClockName.ARRIVE,
    notice="visit_proposed",
    notice_says=repair_news.proposed,
    unanswered=repair_news.VISIT_UNANSWERED,
)
APPROVE_QUOTE = TaskSpec(
    kind="approve_quote",
    of_reporter=True,
    outcomes={"approved": Nothing, "declined": Because},
    not_by=("carry_out",),
    gives_up_after=QUOTE_WITHIN,
    reminders=QUOTE_REMINDERS,
    notice="quoted",
    notice_says=repair_news.quoted,
    unanswered=repair_news.QUOTE_ANSWERED,
    must_reach=QUOTE_OPEN,
    signed_sheet=True,
)
SETTLE = TaskSpec(
    kind="settle",
    beside=True,
    only_in=frozenset({"finished", "closed"}),
    roles=(Role.CASHIER,),
    also_by=("carry_out",),
    outcomes={"received": quotes.Received, "waived": Because},
    only_by={"waived": (Role.LEAD,)},
    gives_up_after=SETTLE_WITHIN,
    unanswered=repair_news.UNSETTLED,
)
CONFIRM = TaskSpec(
    kind="confirm",
    of_reporter=True,
    roles=(Role.LEAD,),
    outcomes={"fixed": Fixed, "not_fixed": NotFixed},
    not_by=("carry_out", "follow_up"),
    gives_up_after=CONFIRM_WITHIN,
)
RATE = TaskSpec(
    kind="rate",
    of_reporter=True,
    outcomes={"rated": Stated},
    not_by=("carry_out", "follow_up"),
    gives_up_after=RATE_WITHIN,
    reminders=RATE_REMINDERS,
)

TASKS: Final = (
    *(DISPATCH, FOLLOW_UP, ACCEPT, CARRY_OUT, REBOOK, CALL_REPORTER),
    *(AGREE_APPOINTMENT, APPROVE_QUOTE, SETTLE, CONFIRM, RATE),
    *(OBJECT, REVIEW_CANCEL, CALL_BACK, MAKE_GOOD),
)

LEVELS: Final[dict[str, Levels]] = {
    "emergency": {
        ClockName.ACCEPT: Level(limit=timedelta(minutes=5), around_the_clock=True),
        ClockName.ARRIVE: Level(limit=timedelta(minutes=30), around_the_clock=True),
        ClockName.FINISH: Level(limit=timedelta(hours=4), around_the_clock=True),
    },
    "high": {
        ClockName.ACCEPT: Level(limit=timedelta(minutes=15)),
        ClockName.ARRIVE: Level(limit=timedelta(hours=2)),
        ClockName.FINISH: Level(limit=timedelta(days=1)),
    },
    "normal": {
        ClockName.ACCEPT: Level(limit=timedelta(minutes=30)),
        ClockName.ARRIVE: Level(limit=timedelta(hours=4)),
        ClockName.FINISH: Level(limit=timedelta(days=3)),
    },
}
"""Defaults per priority (`lifecycles.md` §1); a community's policy and categories may carry their own."""


def fits(order: OrderState, command: Complete, now: datetime) -> None:
    """Arriving comes before finishing, and once; after the second failure somebody else is sent."""
    _money_fits(order, command)
    if command.outcome == "proposed" and order.stage != "accepted":
        raise IllegalTransition("already_arrived")
    if command.outcome == "arrived" and order.stage != "accepted":
        raise IllegalTransition("already_arrived")
    if command.outcome == "finished" and order.stage != "in_progress":
        raise IllegalTransition("arrive_first")
    if command.outcome == "finished" and order.place.is_public and not command.form.get("photo_ids"):
        raise ValidationFailed("after_photo_needed", field="form.photo_ids")
    visits.fits(order, command, now)
    if order.reopened > 1 and command.form.get("staff") == order.done_by.get("carry_out"):
        raise ValidationFailed("another_technician", field="form.staff")


def _money_fits(order: OrderState, command: Complete) -> None:
    """A quote is for what a reporter pays, once the technician has seen it; nothing is taken beyond what was agreed."""
    if command.outcome == "needs_quote":
        if order.stage != "in_progress":
            raise IllegalTransition("arrive_first")
        if order.charge != "paid" or order.place.is_public or order.reporter.kind == "staff":
            raise IllegalTransition("nothing_to_quote")
    if command.outcome == "finished" and quotes.is_declined(order) and not command.form.get("temporary"):
        raise ValidationFailed("temporary_only", field="form.temporary")
    if command.outcome == "cancelled" and not quotes.is_declined(order):
        raise IllegalTransition("no_declined_quote")
    if command.outcome == "received" and command.form.get("amount", 0) > quotes.outstanding(order):
        raise ValidationFailed("more_than_approved", field="form.amount")


REPAIR = Lifecycle(
    kind="repair",
    workflow="Repair",
    first_stage="submitted",
    first_task="dispatch",
    edges={
        "submitted": frozenset({"dispatched", "referred", "rejected", "cancelled", "finished"}),
        "dispatched": frozenset({"accepted", "submitted", "cancelled", "finished"}),
        "accepted": frozenset({"in_progress", "submitted", "dispatched", "on_hold", "cancelled", "finished"}),
        "in_progress": frozenset({"quoting", "finished", "submitted", "dispatched", "on_hold", "cancelled"}),
        "quoting": frozenset({"in_progress", "cancelled"}),
        "on_hold": frozenset({"accepted", "in_progress", "submitted", "dispatched", "cancelled"}),
        "referred": frozenset({"finished", "submitted", "cancelled"}),
        "finished": frozenset({"closed", "in_progress", "submitted"}),
        "closed": frozenset(),
        "cancelled": frozenset(),
        "rejected": frozenset(),
    },
    tasks={spec.kind: spec for spec in TASKS},
    after_work=frozenset({"finished", "closed", "cancelled", "rejected"}),
    reporter_may_cancel=frozenset({"submitted", "dispatched", "accepted", "referred"}),
    staff_may_cancel=frozenset(
        {"submitted", "dispatched", "accepted", "in_progress", "quoting", "on_hold", "referred"}
    ),
    staff_cancel_roles=(Role.CLERK, Role.DISPATCHER, Role.LEAD, Role.MANAGER),
    may_hold=frozenset({"accepted", "in_progress"}),
    may_follow=frozenset({"submitted", "dispatched", "accepted", "in_progress"}),
    after_following="finished",
    work_task="carry_out",
    levels=LEVELS,
    waits=frozenset({"referred", "quoting"}),
    only_overseers_reassign=frozenset({"in_progress"}),
    stops={
        "accepted": (ClockName.ACCEPT,),
        "arrived": (ClockName.ARRIVE,),
        "forced_entry": (ClockName.ARRIVE,),
        "group_finished": (ClockName.ACCEPT, ClockName.ARRIVE),
    },
    stage_clocks={("accepted", "carry_out"): ClockName.ARRIVE},
    among_staff=frozenset({"handed_back", "out_of_scope", "postponed", "taken_back"})
    | {"content", "discontent", "not_reached", "made_good"},
    told_on_entering={
        "dispatched": "dispatched",
        "accepted": "accepted",
        "on_hold": "held",
        "referred": "referred",
        "finished": "finished",
        "closed": "closed",
        "rejected": "rejected",
    },
    also_told_on_entering=repair_news.TOLD_ON_ENTERING,
    told_of=repair_news.TOLD,
    templates={
        "accepted": "progress",
        "referred": "progress",
        "no_access": "your_turn",
        "visit_proposed": "your_turn",
        "visit_today": "your_turn",
        "quoted": "your_turn",
        "finished": "finished",
        "rejected": "progress",
        "cancelled": "progress",
    },
    must_reach={"no_access": NO_ACCESS},
    must_reach_in_emergency={"accepted": EMERGENCY_ACCEPTED},
    fits=fits,
)
