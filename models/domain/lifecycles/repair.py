"""报修: the map of the repair process (`lifecycles.md` §1).

Quotes (`quoting`) and merging join this map as stages and outcomes of their own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from models.domain.clocks import ClockName, Level, Levels
from models.domain.errors import IllegalTransition, ValidationFailed
from models.domain.forms import Accepted, Assigned, Because, Finished, Fixed, Merged, NotFixed, Nothing, Stated
from models.domain.lifecycles import visits
from models.domain.lifecycles.map import Lifecycle
from models.domain.lifecycles.visits import CALL_REPORTER, FOLLOW_UP, REBOOK
from models.domain.people import Role
from models.domain.tasks import TaskSpec
from models.domain.visit_forms import ForcedEntry, NoAccess, OutOfScope, Referred

if TYPE_CHECKING:
    from models.domain.commands import Complete
    from models.domain.order import OrderState

CONFIRM_WITHIN: Final = timedelta(days=7)
"""A reporter who says nothing for a week after `finished` lets the order close (`lifecycles.md` §1)."""

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
        "forced_entry": ForcedEntry,
        "finished": Finished,
        "no_access": NoAccess,
        "out_of_scope": OutOfScope,
        "handed_back": Because,
    },
    is_work=True,
    may_be_held=True,
    clock=ClockName.FINISH,
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
    if command.outcome == "arrived" and order.stage != "accepted":
        raise IllegalTransition("already_arrived")
    if command.outcome == "finished" and order.stage != "in_progress":
        raise IllegalTransition("arrive_first")
    if command.outcome == "finished" and order.place.is_public and not command.form.get("photo_ids"):
        raise ValidationFailed("after_photo_needed", field="form.photo_ids")
    visits.fits(order, command, now)
    if order.reopened > 1 and command.form.get("staff") == order.done_by.get("carry_out"):
        raise ValidationFailed("another_technician", field="form.staff")


REPAIR = Lifecycle(
    kind="repair",
    workflow="Repair",
    first_stage="submitted",
    first_task="dispatch",
    edges={
        "submitted": frozenset({"dispatched", "referred", "rejected", "cancelled", "finished"}),
        "dispatched": frozenset({"accepted", "submitted", "cancelled", "finished"}),
        "accepted": frozenset({"in_progress", "submitted", "dispatched", "on_hold", "cancelled", "finished"}),
        "in_progress": frozenset({"finished", "submitted", "dispatched", "on_hold", "cancelled"}),
        "on_hold": frozenset({"accepted", "in_progress", "submitted", "dispatched", "cancelled"}),
        "referred": frozenset({"finished", "submitted", "cancelled"}),
        "finished": frozenset({"closed", "in_progress", "submitted"}),
        "closed": frozenset(),
        "cancelled": frozenset(),
        "rejected": frozenset(),
    },
    tasks={spec.kind: spec for spec in (DISPATCH, FOLLOW_UP, ACCEPT, CARRY_OUT, REBOOK, CALL_REPORTER, CONFIRM, RATE)},
    after_work=frozenset({"finished", "closed", "cancelled", "rejected"}),
    reporter_may_cancel=frozenset({"submitted", "dispatched", "accepted", "referred"}),
    staff_may_cancel=frozenset({"submitted", "dispatched", "accepted", "in_progress", "on_hold", "referred"}),
    staff_cancel_roles=(Role.CLERK, Role.DISPATCHER, Role.LEAD, Role.MANAGER),
    may_hold=frozenset({"accepted", "in_progress"}),
    may_follow=frozenset({"submitted", "dispatched", "accepted", "in_progress"}),
    after_following="finished",
    work_task="carry_out",
    levels=LEVELS,
    waits=frozenset({"referred"}),
    only_overseers_reassign=frozenset({"in_progress"}),
    stops={
        "accepted": (ClockName.ACCEPT,),
        "arrived": (ClockName.ARRIVE,),
        "forced_entry": (ClockName.ARRIVE,),
    },
    stage_clocks={("accepted", "carry_out"): ClockName.ARRIVE},
    among_staff=frozenset({"handed_back", "out_of_scope", "postponed", "taken_back"}),
    told_on_entering={
        "dispatched": "dispatched",
        "accepted": "accepted",
        "on_hold": "held",
        "referred": "referred",
        "finished": "finished",
        "closed": "closed",
        "rejected": "rejected",
    },
    templates={
        "accepted": "progress",
        "referred": "progress",
        "no_access": "your_turn",
        "finished": "finished",
        "rejected": "progress",
        "cancelled": "progress",
    },
    fits=fits,
)
