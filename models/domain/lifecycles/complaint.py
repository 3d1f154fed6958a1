"""投诉建议: the map of the complaint process (`lifecycles.md` §2). Suggestions go the same way, less pressed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from models.domain.clocks import ClockName, Level, Levels
from models.domain.complaint_forms import Answered, CalledBack, Dissatisfied, Replied
from models.domain.errors import IllegalTransition
from models.domain.forms import Assigned, Because, Merged, Nothing
from models.domain.lifecycles.map import Lifecycle, Milestone
from models.domain.people import Role
from models.domain.tasks import TaskSpec
from models.domain.told import Told

if TYPE_CHECKING:
    from models.domain.commands import Complete
    from models.domain.order import OrderState

JUDGE_WITHIN: Final = timedelta(days=7)
"""Silence after the answer closes the complaint (`lifecycles.md` §2)."""

OBJECT_WITHIN: Final = timedelta(days=7)
"""As long as a staff cancel may be objected to (`lifecycles.md`, "Cancel")."""

CALL_BACK_WITHIN: Final = timedelta(days=15)
"""Whom nobody reaches in a fortnight was not called back, and the record says so."""

HANDLERS: Final = (Role.CLERK, Role.LEAD, Role.MANAGER, Role.QUALITY)

ASSIGN = TaskSpec(
    kind="assign",
    roles=(Role.LEAD,),
    outcomes={"assigned": Assigned, "rejected": Because, "merged": Merged},
    clock=ClockName.REPLY,
)
HANDLE = TaskSpec(
    kind="handle",
    roles=HANDLERS,
    outcomes={"replied": Replied, "answered": Answered, "handed_back": Because},
    is_work=True,
    may_be_held=True,
    clock=ClockName.ANSWER,
)
JUDGE = TaskSpec(
    kind="judge",
    of_reporter=True,
    outcomes={"satisfied": Nothing, "dissatisfied": Dissatisfied},
    not_by=("handle",),
    gives_up_after=JUDGE_WITHIN,
    reminders=(timedelta(days=1), timedelta(days=5)),
)
OBJECT = TaskSpec(
    kind="object",
    of_reporter=True,
    outcomes={"objected": Dissatisfied},
    gives_up_after=OBJECT_WITHIN,
)
CALL_BACK = TaskSpec(
    kind="call_back",
    roles=(Role.CLERK,),
    outcomes={"content": CalledBack, "discontent": CalledBack, "not_reached": Because},
    not_by=("handle", "assign"),
    gives_up_after=CALL_BACK_WITHIN,
    beside=True,
)


def fits(order: OrderState, command: Complete, now: datetime) -> None:
    """Handing back is for whoever was given it; what has climbed to its last rung is answered there."""
    stage = order.hold.stage if order.hold else order.stage
    if command.outcome == "handed_back" and stage == "disputed":
        raise IllegalTransition("answer_it_here")


MILESTONES: Final = (
    Milestone(timedelta(days=8), "answer_overdue", tells=(Role.MANAGER,)),
    Milestone(timedelta(days=9), "answer_overdue", tells=(Role.MANAGER,)),
    Milestone(timedelta(days=10), "taken_over", tells=(Role.QUALITY,), moves_to=Role.MANAGER),
)
"""Hangzhou's regulation asks for an answer within ten days: from the eighth an alarm a day, on the tenth the manager
has it by name (`lifecycles.md` §2).
"""

DISPUTE_LEVEL: Final = Level(limit=timedelta(days=5))
"""The second round: five working days, one rung higher."""

LEVELS: Final[dict[str, Levels]] = {
    "high": {
        ClockName.REPLY: Level(limit=timedelta(hours=24), around_the_clock=True),
        ClockName.ANSWER: Level(limit=timedelta(days=7), around_the_clock=True),
    },
    "normal": {
        ClockName.REPLY: Level(limit=timedelta(days=3)),
        ClockName.ANSWER: Level(limit=timedelta(days=15)),
    },
}
"""A complaint is filed `high`, a suggestion `normal`: that is all by which the promises tell them apart."""

COMPLAINT = Lifecycle(
    kind="complaint",
    workflow="Complaint",
    first_stage="submitted",
    first_task="assign",
    edges={
        "submitted": frozenset({"assigned", "refused", "cancelled", "answered"}),
        "assigned": frozenset({"handling", "answered", "submitted", "on_hold", "cancelled"}),
        "handling": frozenset({"answered", "submitted", "on_hold", "cancelled"}),
        "on_hold": frozenset({"assigned", "handling", "submitted", "disputed", "cancelled"}),
        "answered": frozenset({"disputed", "closed"}),
        "disputed": frozenset({"answered", "on_hold"}),
        "refused": frozenset({"submitted", "rejected"}),
        "closed": frozenset(),
        "cancelled": frozenset(),
        "rejected": frozenset(),
    },
    tasks={spec.kind: spec for spec in (ASSIGN, HANDLE, JUDGE, OBJECT, CALL_BACK)},
    after_work=frozenset({"answered", "refused", "closed", "cancelled", "rejected"}),
    reporter_may_cancel=frozenset({"submitted", "assigned", "handling"}),
    staff_may_cancel=frozenset(),
    staff_cancel_roles=(),
    may_hold=frozenset({"assigned", "handling", "disputed"}),
    may_follow=frozenset({"submitted", "assigned", "handling"}),
    after_following="answered",
    work_task=HANDLE.kind,
    called_off=frozenset({"refused", "cancelled", "rejected"}),
    levels=LEVELS,
    stops={
        "replied": (ClockName.REPLY,),
        "answered": (ClockName.REPLY, ClockName.ANSWER),
        "group_finished": (ClockName.REPLY, ClockName.ANSWER),
    },
    stage_clocks={("assigned", "handle"): ClockName.REPLY},
    among_staff=frozenset({"handed_back", "content", "discontent", "not_reached"}),
    told_on_entering={"answered": "answered", "closed": "closed", "refused": "refused", "disputed": "dispute_taken_up"},
    told_on_returning={"answered": "answered_finally"},
    told_of={
        "replied": (Told("progress_told", "reporter"),),
        "discontent": (Told("call_went_badly", Role.MANAGER, can_wait=True),),
    },
    templates={
        "answered": "review_result",
        "answered_finally": "review_result",
        "progress_told": "progress",
        "refused": "review_result",
    },
    milestones=MILESTONES,
    fits=fits,
)
