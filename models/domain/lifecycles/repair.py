"""报修: the map of the repair process (`lifecycles.md` §1).

Quotes (`quoting`), referral (`referred`), merging and no-access join this map as stages and outcomes of their own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from models.domain.clocks import ClockName, Level, Levels
from models.domain.forms import Accepted, Assigned, Because, Finished, Fixed, NotFixed, Nothing, Stated
from models.domain.lifecycles.map import Lifecycle
from models.domain.people import Role
from models.domain.tasks import TaskSpec

CONFIRM_WITHIN: Final = timedelta(days=7)
"""A reporter who says nothing for a week after `finished` lets the order close (`lifecycles.md` §1)."""

RATE_WITHIN: Final = timedelta(days=15)
RATE_REMINDERS: Final = (timedelta(days=1), timedelta(days=5))

DISPATCH = TaskSpec(
    kind="dispatch",
    roles=(Role.DISPATCHER,),
    outcomes={"assigned": Assigned, "pool": Nothing, "rejected": Because},
)
ACCEPT = TaskSpec(
    kind="accept",
    roles=(Role.TECHNICIAN,),
    outcomes={"accepted": Accepted, "handed_back": Because},
    claim_completes="accepted",
)
CARRY_OUT = TaskSpec(
    kind="carry_out",
    roles=(Role.TECHNICIAN,),
    outcomes={"arrived": Nothing, "finished": Finished, "handed_back": Because},
)
CONFIRM = TaskSpec(
    kind="confirm",
    of_reporter=True,
    roles=(Role.LEAD,),
    outcomes={"fixed": Fixed, "not_fixed": NotFixed},
    not_by=("carry_out",),
    gives_up_after=CONFIRM_WITHIN,
)
RATE = TaskSpec(
    kind="rate",
    of_reporter=True,
    outcomes={"rated": Stated},
    not_by=("carry_out",),
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

REPAIR = Lifecycle(
    kind="repair",
    workflow="Repair",
    first_stage="submitted",
    first_task="dispatch",
    edges={
        "submitted": frozenset({"dispatched", "rejected", "cancelled"}),
        "dispatched": frozenset({"accepted", "submitted", "cancelled"}),
        "accepted": frozenset({"in_progress", "submitted", "dispatched", "on_hold", "cancelled"}),
        "in_progress": frozenset({"finished", "submitted", "dispatched", "on_hold", "cancelled"}),
        "on_hold": frozenset({"accepted", "in_progress", "submitted", "dispatched", "cancelled"}),
        "finished": frozenset({"closed", "in_progress", "submitted"}),
        "closed": frozenset(),
        "cancelled": frozenset(),
        "rejected": frozenset(),
    },
    tasks={spec.kind: spec for spec in (DISPATCH, ACCEPT, CARRY_OUT, CONFIRM, RATE)},
    after_work=frozenset({"finished", "closed", "cancelled", "rejected"}),
    reporter_may_cancel=frozenset({"submitted", "dispatched", "accepted"}),
    staff_may_cancel=frozenset({"submitted", "dispatched", "accepted", "in_progress", "on_hold"}),
    staff_cancel_roles=(Role.CLERK, Role.DISPATCHER, Role.LEAD, Role.MANAGER),
    may_hold=frozenset({"accepted", "in_progress"}),
    levels=LEVELS,
)
