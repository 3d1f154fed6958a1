"""The state of one order. At once the workflow's input, its snapshot, the row's `state`, and what every rule reads."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.domain.clocks import Clock, ClockName, Levels, start_clock
from models.domain.complaints import Complaint
from models.domain.following import Following
from models.domain.forms import Stated, Window
from models.domain.lifecycles import LIFECYCLES, Lifecycle
from models.domain.lifecycles.map import Milestone
from models.domain.move_cars import MoveCar
from models.domain.people import SYSTEM, Role
from models.domain.places import Place
from models.domain.quotes import Quote, Settlement
from models.domain.sequels import Follows
from models.domain.tasks import Task
from models.domain.terms import Terms
from models.domain.visit_forms import Consent, Referred
from models.domain.visitors import Visit


class Priority(StrEnum):
    EMERGENCY = "emergency"
    HIGH = "high"
    NORMAL = "normal"


LAST_RANK: Final = 2 * len(Priority) - 1
"""Of a usual order that nobody has urged."""


class Source(StrEnum):
    """How the report came in."""

    APP = "app"
    COUNTER = "counter"
    PHONE = "phone"
    PATROL = "patrol"
    HOTLINE = "hotline"
    CHAT_GROUP = "chat_group"


class Charge(StrEnum):
    PUBLIC = "public"
    PAID = "paid"
    WARRANTY = "warranty"
    THIRD_PARTY = "third_party"


class Audience(StrEnum):
    """Who may read an event, a photo or a comment."""

    REPORTER = "reporter"
    STAFF = "staff"
    MANAGER = "manager"


class HoldReason(StrEnum):
    PARTS = "parts"
    REPORTER = "reporter"
    APPOINTMENT = "appointment"
    THIRD_PARTY = "third_party"
    WEATHER = "weather"


class Objection(StrEnum):
    """How far an objection to a staff cancel has come."""

    POSSIBLE = "possible"
    RAISED = "raised"


class Reporter(BaseModel):
    """Who is told and asked.

    `resident` by their id; `staff` for what staff found themselves; `guest` has no account.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["resident", "staff", "guest"]
    id: str | None = None
    source: Source = Source.APP
    filed_by: str | None = None
    """The clerk who filed for somebody who phoned or came."""


class Hold(BaseModel):
    model_config = ConfigDict(frozen=True)

    reason: HoldReason
    note: str | None = None
    until: datetime
    stage: str
    """The stage that the order resumes."""
    by: str
    rebooking: Literal["reporter", "clerk"] | None = None
    """Nobody was at home: the hold ends with the answer of whoever is asked for a new time, never by itself. `until`
    is then when that answer is due.
    """


class Urges(BaseModel):
    """`count` is all of them, `here` those of the present stage."""

    count: int = 0
    here: int = 0
    last_at: datetime | None = None


class Event(BaseModel):
    """One line of the timeline. `facts` are JSON types; people are ids."""

    model_config = ConfigDict(frozen=True)

    kind: str
    at: datetime
    by: str
    by_kind: Literal["resident", "staff", "system"]
    audience: Audience = Audience.REPORTER
    stage: str | None = None
    """The stage that the order entered with this event."""
    facts: dict[str, Any] = Field(default_factory=dict)


class Filing(BaseModel):
    """What intake knows about a new order, apart from words, names and photos, which stay in Postgres."""

    number: str
    kind: str
    community_id: str
    place: Place
    category: str
    priority: Priority
    levels: Levels
    terms: Terms = Terms()
    reporter: Reporter
    charge: Charge = Charge.PAID
    appointment: Window | None = None
    first_stage: str | None = None
    """Where it begins, if not in the lifecycle's usual stage."""
    first_task: str | None = None
    """The kind of the first task, where it is not the lifecycle's usual one."""
    first_people: tuple[str, ...] = ()
    """Residents any of whom may end the first task."""
    first_roles: tuple[Role, ...] | None = None
    """Who may take the first task, where it is not for the lifecycle's usual roles."""
    first_since: datetime | None = None
    """From when the patience with the first task counts, if not from now."""
    excluded: tuple[str, ...] = ()
    complaint: Complaint | None = None
    move_car: MoveCar | None = None
    visit: Visit | None = None
    assigns_itself: bool = False
    vacant: bool = False
    follows: Follows | None = None
    call_back_share: float = 0
    incident: str | None = None
    """The open incident that it is one more report of: it follows that from its first moment."""
    at: datetime


class OrderState(BaseModel):
    """Everything the rules need to know about an order; no names, phones or descriptions."""

    model_config = ConfigDict(extra="ignore")

    number: str
    kind: str
    community_id: str
    place: Place
    category: str
    priority: Priority
    charge: Charge
    reporter: Reporter
    levels: Levels
    terms: Terms = Terms()
    appointment: Window | None = None
    """What was agreed on; before that, what the reporter wishes."""
    appointment_agreed: bool = False
    proposed: Window | None = None
    """The technician's proposal that the reporter is asked about."""
    vacant: bool = False
    """Nobody lives there: it is entered with `entry` only, or by force before two witnesses."""
    submitted_at: datetime

    stage: str
    entered_at: datetime
    version: int = 1
    issued_at: datetime
    """With `version`, orders the publishes: workflow time of the step that made this state."""

    assigns_itself: bool = False
    """Whether a person is looked for before a dispatcher is asked; so decided at intake, by the community's policy."""

    assignee: str | None = None
    tasks: dict[str, Task] = Field(default_factory=dict)
    opened: int = 0
    done_by: dict[str, str] = Field(default_factory=dict)
    """Task kind → who completed it last, for four-eyes."""
    workers: tuple[str, ...] = ()
    """Everybody who did some of the work, in an earlier round too; handing it back untouched is none."""
    clocks: dict[ClockName, Clock] = Field(default_factory=dict)
    hold: Hold | None = None
    holds: int = 0
    following: Following | None = None
    """While it is set the order waits in its stage, without tasks, for what it follows."""
    urges: Urges = Field(default_factory=Urges)
    reopened: int = 0
    referral: Referred | None = None
    """To whom the work was passed, kept when it came back."""
    fruitless_visits: int = 0
    entry: Consent | None = None
    follows: Follows | None = None
    """The earlier order that this one goes on with."""
    objection: Objection | None = None
    call_back_share: float = 0
    """Share of the repairs that are called back without low stars; the community's when this one was filed."""
    call_back_by: datetime | None = None
    rating_answered: bool = False
    """Staff have replied to the stars, which they do once."""
    temporary: bool = False
    """The work was ended by a makeshift."""
    quote: Quote | None = None
    settlement: Settlement = Settlement()
    rating: Stated | None = None
    milestones: int = 0
    """How many of the lifecycle's have been passed."""
    excluded: tuple[str, ...] = ()
    """Staff for whom this order does not exist: whom it complains of, and those who report to them."""
    complaint: Complaint | None = None
    asked_to_rate: bool = False
    """Stars are asked for once, even where the order lives on for its money after they were not given."""
    move_car: MoveCar | None = None
    visit: Visit | None = None
    handled_updates: int = 0
    """Updates since the last continue-as-new; Temporal allows 2 000 in one history."""

    @property
    def lifecycle(self) -> Lifecycle:
        return LIFECYCLES[self.kind]

    @property
    def open(self) -> bool:
        return self.stage not in self.lifecycle.ends

    @property
    def rank(self) -> int:
        """Where its tasks stand in a box, 0 first: by priority, and above those of its own once it was urged."""
        return 2 * list(Priority).index(self.priority) + (self.urges.count == 0)

    def remember_worker(self, person: str) -> None:
        """Four-eyes do not forget whoever did some of the work, whoever goes on with it."""
        if person not in self.workers:
            self.workers = (*self.workers, person)

    def task_of(self, kind: str) -> Task | None:
        return next((task for task in self.tasks.values() if task.kind == kind), None)

    @property
    def work_is_held(self) -> bool:
        """Nobody goes on while it waits; a hold for a new appointment is itself somebody's task."""
        return self.hold is not None and self.hold.rebooking is None

    @property
    def running_clock(self) -> Clock | None:
        """The promise that falls due first."""
        running = [clock for clock in self.clocks.values() if clock.running]
        return min(running, key=lambda clock: clock.due_at, default=None)

    @property
    def next_alarm(self) -> datetime | None:
        """When the order next wants to wake up by itself. While it follows another it never does."""
        if self.following is not None:
            return None
        times = [clock.next_alarm for clock in self.clocks.values()]
        times += [task.gives_up_at for task in self.tasks.values()]
        times += [self.hold.until if self.hold and not self.hold.rebooking else None, self.reread_terms_at]
        times += [self.reached_at(self.next_milestone) if self.next_milestone else None]
        return min((time for time in times if time is not None), default=None)

    @property
    def next_milestone(self) -> Milestone | None:
        """The next day that speaks up; none once the work is over, nor in a second round."""
        over = self.stage in self.lifecycle.after_work or self.reopened
        over = over or bool(self.lifecycle.milestones_in and self.stage not in self.lifecycle.milestones_in)
        coming = self.lifecycle.milestones[self.milestones :]
        return coming[0] if coming and not over and self._milestones_since is not None else None

    def reached_at(self, milestone: Milestone) -> datetime:
        return (self._milestones_since or self.submitted_at) + milestone.after

    @property
    def _milestones_since(self) -> datetime | None:
        """From when they count: the submission, or the task whose silence they measure; None while that is not open."""
        kinds = self.lifecycle.milestones_of
        if not kinds or (self.move_car is not None and not self.move_car.counts_from_asking):
            return self.submitted_at
        return next((task.opened_at for task in self.tasks.values() if task.kind in kinds), None)

    @property
    def waiting_residents(self) -> tuple[str, ...]:
        """Who hears how it goes: the reporter, and whoever has joined them."""
        if self.move_car is not None:
            return self.move_car.requesters
        if self.visit is not None:
            return self.visit.hosts
        return (self.reporter.id,) if self.reporter.kind == "resident" and self.reporter.id else ()

    def one_rung_up(self, role: Role) -> Role:
        """The role itself, or the next that the complaint is not about."""
        return self.complaint.above(role) if self.complaint else role

    @property
    def reread_terms_at(self) -> datetime | None:
        """When to ask whether holidays have been announced that a running clock ought to know."""
        furthest = max((clock.due_at for clock in self.clocks.values() if clock.running), default=None)
        return self.terms.reread_at(furthest) if furthest is not None else None


FIRST: Final = {"first_stage", "first_task", "first_people", "first_roles", "first_since", "incident"}
"""What a filing says about its first moment alone."""


def new_order(filing: Filing) -> OrderState:
    """The first state, first task included.

    Intake and the workflow's start both build it here, so that they cannot differ.
    """
    lifecycle = LIFECYCLES[filing.kind]
    first = lifecycle.tasks[filing.first_task or lifecycle.first_task]
    roles = first.roles if filing.first_roles is None else filing.first_roles
    task = Task(id=f"{filing.number}.1", kind=first.kind, roles=roles, people=filing.first_people, opened_at=filing.at)
    if first.gives_up_after is not None:
        task.gives_up_at = (filing.first_since or filing.at) + first.gives_up_after
    order = OrderState(
        **filing.model_dump(exclude=FIRST | {"at", "place", "levels", "terms", "reporter", "appointment", "follows"}),
        place=filing.place,
        levels=filing.levels,
        terms=filing.terms,
        reporter=filing.reporter,
        follows=filing.follows,
        appointment=filing.appointment,
        submitted_at=filing.at,
        entered_at=filing.at,
        issued_at=filing.at,
        stage=filing.first_stage or lifecycle.first_stage,
        tasks={task.id: task},
        opened=1,
        clocks={name: start_clock(name, filing.at, level, filing.terms) for name, level in filing.levels.items()},
    )
    return order if filing.incident is None else _of_incident(order, filing.incident)


def _of_incident(order: OrderState, incident: str) -> OrderState:
    """Nobody is asked to do anything about it by itself."""
    for clock in order.clocks.values():
        clock.pause(order.submitted_at)
    following = Following(incident=incident, since=order.submitted_at, by=SYSTEM.id)
    return order.model_copy(update={"following": following, "tasks": {}, "opened": 0})
