"""What a lifecycle's map holds. The workflow, the rights, the console and the diagram in `docs/` all read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from models.domain.clocks import ClockName, Levels
from models.domain.people import Role
from models.domain.tasks import TaskSpec
from models.domain.told import Told

if TYPE_CHECKING:
    from models.domain.commands import Complete
    from models.domain.order import OrderState

Fits = Callable[["OrderState", "Complete", datetime], None]
"""A rule about completing a task that the form alone cannot know. Raises a Refusal; reads of the command only its
`outcome`, `form` and `task_id`, because the console asks it with an empty form.
"""


def in_time(order: OrderState) -> bool:
    """A lifecycle whose stages alone say until when an order may be called off."""
    return False


def everything_fits(order: OrderState, command: Complete, now: datetime) -> None:
    """A lifecycle without rules of its own."""


@dataclass(frozen=True)
class Milestone:
    """A day of an order's life on which it speaks up, whatever its clocks say, until its work is over once."""

    after: timedelta
    """Since it was submitted; never paused, because the law counts days."""
    kind: str
    """The event on the timeline, and the notice."""
    tells: tuple[Role, ...] = ()
    moves_to: Role | None = None
    """Who takes the work over from whoever has it."""


@dataclass(frozen=True)
class Lifecycle:
    """`edges` maps a stage to those that may follow it; a stage that nothing follows is an end."""

    kind: str
    workflow: str
    first_stage: str
    first_task: str
    edges: Mapping[str, frozenset[str]]
    tasks: Mapping[str, TaskSpec]
    after_work: frozenset[str]
    """Stages in which the work is over: clocks stand still, nothing can be urged or held."""
    reporter_may_cancel: frozenset[str]
    staff_may_cancel: frozenset[str]
    staff_cancel_roles: tuple[Role, ...]
    may_hold: frozenset[str]
    levels: Mapping[str, Levels]
    """Priority → its default promises; an order has exactly the clocks that they name."""
    other_first_stages: tuple[str, ...] = ()
    """Where an order may begin instead."""
    may_be_urged: bool = True
    may_be_amended: bool = True
    too_late_to_cancel: Callable[[OrderState], bool] = in_time
    """Whether it cannot be called off any more, in a stage in which others of its kind can."""
    may_follow: frozenset[str] = frozenset()
    """Stages in which an order may be merged into another; in all later ones somebody's answer is under way."""
    after_following: str = ""
    """Where an order goes on once the work of the one that it follows is done."""
    work_task: str = ""
    """The kind of task whose completion is the work; whoever did it for a group did it for each of its orders."""
    waits: frozenset[str] = frozenset()
    """Stages before the end of the work that wait for the reporter or for others: clocks stand still."""
    only_overseers_reassign: frozenset[str] = frozenset()
    """Stages in which a dispatcher may no longer give the work to somebody else."""
    stops: Mapping[str, tuple[ClockName, ...]] = field(default_factory=dict)
    """Outcome, or `group_finished` for one that followed another → the promises that it keeps."""
    stage_clocks: Mapping[tuple[str, str], ClockName] = field(default_factory=dict)
    """(Stage, task kind) → the promise that counts there, where it is not the task's own."""
    among_staff: frozenset[str] = frozenset()
    """Outcomes whose reasons only staff read (`lifecycles.md`, "Audience")."""
    told_on_entering: Mapping[str, str] = field(default_factory=dict)
    """Stage → the notice that a resident reporter gets on entering it."""
    told_on_returning: Mapping[str, str] = field(default_factory=dict)
    """The same for a later round, where it is not the first round's."""
    also_told_on_entering: Mapping[str, tuple[Told, ...]] = field(default_factory=dict)
    """Stage → who else is told on entering it."""
    told_of: Mapping[str, tuple[Told, ...]] = field(default_factory=dict)
    """Event → who is told, beside what every lifecycle tells (`models.domain.notices`)."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """Notice to a resident → the template whose credit it spends; all others wait in the message centre only."""
    must_reach: Mapping[str, str] = field(default_factory=dict)
    """Notice to a resident → the SMS by which it goes where WeChat does not take it. It costs money, so it is for what
    somebody has to know now.
    """
    must_reach_in_emergency: Mapping[str, str] = field(default_factory=dict)
    milestones: tuple[Milestone, ...] = ()
    """In the order of their days."""
    milestones_in: frozenset[str] = frozenset()
    """The only stages in which they speak up; empty: all before the end of the work."""
    milestones_of: frozenset[str] = frozenset()
    """The tasks whose silence they measure: they count from its opening, while it is open. Empty: from submission."""
    words_stay_with_staff: bool = False
    """Residents' free words reach staff alone, because they might tell one side who the other is."""
    fits: Fits = everything_fits
    called_off: frozenset[str] = frozenset({"cancelled", "rejected"})
    """Stages in which the work is not done and will not be, so that whoever waited for it is let go."""
    held_stage: str = "on_hold"
    cancelled_stage: str = "cancelled"

    def told_of_entering(self, stage: str, round_before: int) -> str | None:
        """The notice that a resident reporter gets on entering a stage, in the first or a later round."""
        again = self.told_on_returning.get(stage) if round_before else None
        return again or self.told_on_entering.get(stage)

    @property
    def worker_roles(self) -> tuple[Role, ...]:
        """Whose work it is: the roles of the tasks that are the work itself."""
        return tuple(sorted({role for spec in self.tasks.values() if spec.is_work for role in spec.roles}))

    @property
    def ends(self) -> frozenset[str]:
        """Stages that no other stage follows."""
        return frozenset(stage for stage, following in self.edges.items() if not following)
