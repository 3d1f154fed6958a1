"""小区挪车: the map of a request to move a car (`lifecycles.md` §4). It lives for minutes, and neither side learns who
the other is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from models.domain import texts
from models.domain.clocks import ClockName, Level, Levels
from models.domain.errors import IllegalTransition
from models.domain.forms import Because, Nothing
from models.domain.lifecycles.map import Lifecycle, Milestone
from models.domain.move_cars import Cannot, Cleared, Coming, Reported
from models.domain.people import Role
from models.domain.tasks import TaskSpec

if TYPE_CHECKING:
    from models.domain.commands import Complete
    from models.domain.order import OrderState

ANSWER_WITHIN: Final = timedelta(minutes=15)
"""Then a guard goes and looks."""
CALL_WITHIN: Final = timedelta(minutes=3)
ON_SITE_WITHIN: Final = timedelta(minutes=10)
"""Then the lead of the guards hears of it."""
ASKED_AFTER: Final = timedelta(minutes=30)
"""No word so long after the promise: the requester is asked whether the car has gone."""
CLOSED_AFTER: Final = timedelta(hours=2)
"""No word so long after the promise: nobody is waiting any more."""

VET = TaskSpec(kind="vet", roles=(Role.CLERK,), outcomes={"passed": Nothing, "turned_down": Because})
MOVE = TaskSpec(
    kind="move",
    outcomes={"coming": Coming, "not_me": Nothing, "cannot": Cannot},
    gives_up_after=ANSWER_WITHIN,
    notice="car_in_the_way",
    next_channels=("second_channel", "third_channel"),
)
MOVE_VISITOR = TaskSpec(
    kind="move_visitor",
    outcomes={"coming": Coming, "not_my_visitor": Nothing, "cannot": Cannot},
    gives_up_after=ANSWER_WITHIN,
    notice="visitors_car_in_the_way",
    next_channels=MOVE.next_channels,
)
"""The same, asked of the host of a visitor's pass."""
CALL_OWNER = TaskSpec(
    kind="call_owner",
    roles=(Role.GUARD,),
    outcomes={"reached": Coming, "not_reached": Nothing},
    rings=True,
    gives_up_after=CALL_WITHIN,
)
ON_SITE = TaskSpec(
    kind="on_site",
    roles=(Role.GUARD,),
    outcomes={"going": Nothing, "moved": Cleared, "gone": Nothing, "reported": Reported},
    claim_completes="going",
    rings=True,
    gives_up_after=ON_SITE_WITHIN,
    clock=ClockName.FINISH,
)
CONFIRM_MOVED = TaskSpec(
    kind="confirm_moved",
    of_reporter=True,
    roles=(Role.GUARD,),
    outcomes={"moved": Nothing, "still_there": Nothing},
    gives_up_after=CLOSED_AFTER,
    reminders=(ASKED_AFTER,),
)


def fits(order: OrderState, command: Complete, now: datetime) -> None:
    """Whoever is on the way has said so."""
    if command.outcome == "going" and order.assignee is not None and order.tasks[command.task_id].holder is not None:
        raise IllegalTransition("already_on_the_way")


MILESTONES: Final = (
    Milestone(timedelta(minutes=2), "second_channel"),
    Milestone(timedelta(minutes=4), "third_channel"),
    Milestone(timedelta(minutes=5), "guard_calls"),
)
"""No answer: each time the next way to reach the car's user, then a guard who calls (`lifecycles.md` §4)."""

_FINISH: Final[Levels] = {ClockName.FINISH: Level(limit=timedelta(hours=1), around_the_clock=True)}
LEVELS: Final[dict[str, Levels]] = {
    "emergency": {ClockName.FINISH: Level(limit=timedelta(minutes=30), around_the_clock=True)},
    "high": _FINISH,
    "normal": _FINISH,
}
"""A blocked fire lane is an emergency."""

MOVE_CAR = Lifecycle(
    kind="move_car",
    workflow="MoveCar",
    first_stage="requested",
    first_task="move",
    edges={
        "requested": frozenset({"acknowledged", "guard_on_site", "moved", "cancelled"}),
        "acknowledged": frozenset({"moved", "guard_on_site", "closed", "cancelled"}),
        "guard_on_site": frozenset({"moved", "referred", "cancelled"}),
        "moved": frozenset({"closed"}),
        "referred": frozenset({"closed"}),
        "closed": frozenset(),
        "cancelled": frozenset(),
    },
    tasks={spec.kind: spec for spec in (VET, MOVE, MOVE_VISITOR, CALL_OWNER, ON_SITE, CONFIRM_MOVED)},
    after_work=frozenset({"moved", "referred", "closed", "cancelled"}),
    called_off=frozenset({"cancelled"}),
    reporter_may_cancel=frozenset({"requested", "acknowledged", "guard_on_site"}),
    staff_may_cancel=frozenset({"requested", "acknowledged", "guard_on_site"}),
    staff_cancel_roles=(Role.CLERK, Role.LEAD, Role.MANAGER),
    may_hold=frozenset(),
    levels=LEVELS,
    among_staff=frozenset({"passed", "turned_down", "not_me", "not_my_visitor", "cannot", "reached", "not_reached"}),
    told_on_entering={
        "acknowledged": "minutes_promised",
        "guard_on_site": "guard_sent",
        "moved": "car_moved",
        "referred": "police_told",
    },
    templates={
        "minutes_promised": "move_car",
        "guard_sent": "move_car",
        "car_moved": "move_car",
        "police_told": "move_car",
        "car_in_the_way": "move_car",
        "visitors_car_in_the_way": "move_car",
        "ask_again": "move_car",
    },
    must_reach={"car_in_the_way": texts.MOVE_CAR, "visitors_car_in_the_way": texts.MOVE_VISITORS_CAR},
    milestones=MILESTONES,
    milestones_in=frozenset({"requested"}),
    milestones_of=frozenset({MOVE.kind, MOVE_VISITOR.kind}),
    words_stay_with_staff=True,
    fits=fits,
)
