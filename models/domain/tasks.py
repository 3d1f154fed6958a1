"""Human tasks: what kind, who may take it, how it may end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from models.domain.clocks import ClockName
from models.domain.forms import Form
from models.domain.people import Role
from models.domain.told import Told

if TYPE_CHECKING:
    from models.domain.order import OrderState


@dataclass(frozen=True)
class TaskSpec:
    """The fixed part of a task kind. Part of a lifecycle's map; never stored."""

    kind: str
    outcomes: Mapping[str, type[Form]]
    roles: tuple[Role, ...] = ()
    """Staff roles that may claim it. Empty for a task of the reporter's."""
    of_reporter: bool = False
    not_by: tuple[str, ...] = ()
    """Four-eyes: whoever completed one of these kinds of task on the order may not complete this one."""
    claim_completes: str | None = None
    """Claiming is already the act, as when a technician takes an order out of the pool."""
    gives_up_after: timedelta | None = None
    """How long an answer is waited for; None waits for ever, with clocks and ladders pressing."""
    reminders: tuple[timedelta, ...] = ()
    beside: bool = False
    """Opened beside the stages, none of which waits for it; it may outlive the order's end, but not its workflow."""
    only_in: frozenset[str] = frozenset()
    """Stages outside which a task beside the stages has no meaning: leaving them withdraws it. Empty: it has one in all
    of them.
    """
    pauses: ClockName | None = None
    """The promise that stands still while this is asked, because it is the reporter who lets it wait."""
    must_reach: str | None = None
    """Its reminders are sent like a new question, not only left in the message centre; and the first of them by this
    SMS where WeChat does not take it.
    """
    also_by: tuple[str, ...] = ()
    """Whoever completed one of these kinds of task on the order may complete this one too."""
    only_by: Mapping[str, tuple[Role, ...]] = field(default_factory=dict)
    """Outcome → the roles that alone may choose it, whoever holds the task; never somebody named by `also_by`."""
    signed_sheet: bool = False
    """On behalf of a resident only with a photo of what they signed, because it binds them to money."""
    unboxed: bool = False
    """It is pressed at a gate or in the room of its kind, in the hundreds a day: it lies in nobody's inbox, and nobody
    takes it first.
    """
    rings: bool = False
    """Rings at once at whoever may take it, as otherwise only an emergency does."""
    is_work: bool = False
    """The work itself, which may be handed back, and reassigned by whoever plans."""
    may_be_held: bool = False
    """Whoever holds it may put the order on hold."""
    clock: ClockName | None = None
    """The promise that it must keep, where the lifecycle does not name another for its stage."""
    due: Callable[[OrderState], datetime | None] | None = None
    """When it should be done, where no clock of the order's says so. Its candidates are rung at that time."""
    notice: str | None = None
    """What the residents whose it is are told at once when it opens."""
    notice_says: Callable[[OrderState], dict[str, Any]] = lambda order: {}
    """What those notices say beside which task it is."""
    next_channels: tuple[str, ...] = ()
    """Milestones at each of which those who have not answered are told again by their next channel. At first only the
    first of its people is told, then all.
    """
    unanswered: tuple[Told, ...] = ()
    """Who hears that nobody has answered in time."""
    also_seen_at_breach: tuple[Role, ...] = ()
    """Whose box shows it as well once its promise is broken."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "outcomes", MappingProxyType(dict(self.outcomes)))

    def is_worked_on(self, outcome: str) -> bool:
        """Whether whoever gives this outcome has done something; handing back and being relieved are nothing."""
        return outcome in self.outcomes and outcome != "handed_back"


class Task(BaseModel):
    """One open task. A closed one leaves the order's state; its row stays in Postgres."""

    model_config = ConfigDict(extra="forbid")

    id: str
    kind: str
    holder: str | None = None
    """A staff or resident id; None while it lies in the pool of `roles`."""
    roles: tuple[Role, ...] = ()
    also_seen_by: tuple[Role, ...] = ()
    """Roles whose box shows it too, as the dispatcher's does after an unaccepted breach."""
    people: tuple[str, ...] = ()
    """Residents any of whom may end it, where it is not one person's."""
    opened_at: datetime
    gives_up_at: datetime | None = None


class Closed(BaseModel):
    """How a task ended, for its row."""

    model_config = ConfigDict(frozen=True)

    task: Task
    outcome: str
    """One of the spec's outcomes, or `expired`, `cancelled`, `reassigned`."""
    by: str
    by_kind: Literal["resident", "staff", "system"]
    at: datetime
    form: dict[str, Any] = {}
