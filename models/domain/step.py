"""One step in the making: what has happened to an order since its last publish.

The acts write here; `publish` carries it to Postgres in one transaction. Holds no clock: the caller gives the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from models.domain.copying import copied
from models.domain.errors import IllegalTransition
from models.domain.forms import as_json
from models.domain.notices import notices_for
from models.domain.order import Audience, Event, OrderState, Urges
from models.domain.people import SYSTEM, Actor
from models.domain.recipients import Notice
from models.domain.tasks import Closed, Task, TaskSpec


class Handled(BaseModel):
    """That a request has been carried out, under the id by which it may be sent again."""

    model_config = ConfigDict(frozen=True)

    update_id: str
    digest: str


class Batch(BaseModel):
    """One publish.

    Applies iff the row is older than (`issued_at`, `version`); rows above `prev_version` were forgotten by Temporal.
    """

    number: str
    issued_at: datetime
    prev_version: int
    version: int
    state: OrderState
    events: list[Event] = []
    closed: list[Closed] = []
    notices: list[Notice] = []
    handled: list[Handled] = []
    whole: bool = False
    """The workflow's whole state, published because the row was behind: no version has to match."""


class Published(BaseModel):
    """What Postgres answered. `behind`: the row is older than the batch expects, send the whole state.

    `ineligible` are holders who have left or lost their role since, or who could not take what this step gave them;
    their tasks must move. `reasons` says why, as `assignment.Why`, where it is known.
    """

    behind: bool = False
    ineligible: list[str] = []
    reasons: dict[str, str] = {}


class Step:
    """Collects events, closed tasks and notices, and changes the state while doing so."""

    def __init__(self, state: OrderState) -> None:
        self.state = state
        self.events: list[Event] = []
        self.closed: list[Closed] = []
        self.notices: list[Notice] = []
        self.handled: list[Handled] = []
        self.opened = False

    def __bool__(self) -> bool:
        return bool(self.events or self.closed or self.handled or self.opened)

    @contextmanager
    def atomically(self) -> Iterator[None]:
        """All of an act or nothing: an error half-way leaves state and step as they were."""
        state = copied(self.state)
        kept = list(self.events), list(self.closed), list(self.notices), list(self.handled), self.opened
        try:
            yield
        except BaseException:
            self.state = state
            self.events, self.closed, self.notices, self.handled, self.opened = kept
            raise

    def record(self, kind: str, by: Actor, at: datetime, audience: Audience = Audience.REPORTER, **facts: Any) -> Event:
        said = {key: value for key, value in facts.items() if value is not None}
        event = Event(kind=kind, at=at, by=by.id, by_kind=by.kind, audience=audience, facts=said)
        self.events.append(event)
        self.notices += notices_for(self.state, event)
        return event

    def enter(self, stage: str, at: datetime, because: Event | None = None) -> None:
        """Move to a stage that the map allows. The event that moved the order carries the stage; without one, it
        gets its own.

        Raises IllegalTransition when the map knows no such way: that is a bug of the lifecycle's, not of the caller's.
        """
        state = self.state
        if stage not in state.lifecycle.edges[state.stage]:
            raise IllegalTransition("illegal_transition", stage=state.stage, to=stage)
        state.stage, state.entered_at = stage, at
        state.urges = Urges(count=state.urges.count, last_at=state.urges.last_at)
        self._withdraw_what_is_pointless(stage, at)
        self.drive_clocks(at)
        if because is not None and because in self.events:
            moved = because.model_copy(update={"stage": stage})
            self.events[self.events.index(because)] = moved
        else:
            moved = Event(kind="stage", at=at, by=SYSTEM.id, by_kind="system", stage=stage)
            self.events.append(moved)
        self.notices += notices_for(state, moved, entered=True)

    def _withdraw_what_is_pointless(self, stage: str, at: datetime) -> None:
        """Tasks beside the stages that have no meaning in the new one."""
        for task in list(self.state.tasks.values()):
            only_in = self.state.lifecycle.tasks[task.kind].only_in
            if only_in and stage not in only_in:
                self.close(task, "withdrawn", SYSTEM, at)

    def drive_clocks(self, at: datetime) -> None:
        """Waiting for parts, for the reporter or for another order stops the promise; an end stops it for good."""
        state = self.state
        lifecycle = state.lifecycle
        waits = state.following is not None
        waits |= state.stage in {lifecycle.held_stage, *lifecycle.waits, *lifecycle.after_work}
        asked = {lifecycle.tasks[task.kind].pauses for task in state.tasks.values()}
        for clock in state.clocks.values():
            if state.stage in lifecycle.ends:
                clock.stop(at)
            elif waits or clock.name in asked:
                clock.pause(at)
            else:
                clock.resume(at, state.terms)

    def keep_promises(self, event: str, at: datetime) -> None:
        """Stop the clocks that this outcome or event ends for good."""
        for name in self.state.lifecycle.stops.get(event, ()):
            if name in self.state.clocks:
                self.state.clocks[name].stop(at)

    def open(
        self,
        spec: TaskSpec,
        at: datetime,
        holder: str | None,
        roles: tuple[Any, ...],
        people: tuple[str, ...] = (),
        since: datetime | None = None,
    ) -> Task:
        """Task ids come from a counter in the state, so that they never repeat over the order's whole life.

        The task's patience runs from `since`, else from now.
        """
        self.state.opened += 1
        task = Task(
            id=f"{self.state.number}.{self.state.opened}",
            kind=spec.kind,
            holder=holder,
            roles=roles,
            people=people,
            opened_at=at,
            gives_up_at=(since or at) + spec.gives_up_after if spec.gives_up_after is not None else None,
        )
        self.state.tasks[task.id] = task
        self.opened = True
        self._asked_or_answered(task, at)
        cause = self.events[-1] if self.events else None
        facts = {"task": task.id, "cause": cause.kind if cause else None}
        opened = Event(kind="task", at=at, by=cause.by if cause else SYSTEM.id, by_kind="system", facts=facts)
        self.notices += notices_for(self.state, opened)
        return task

    def close(
        self, task: Task, outcome: str, by: Actor, at: datetime, form: Mapping[str, Any] | BaseModel | None = None
    ) -> Closed:
        del self.state.tasks[task.id]
        if by.kind != "system":
            self.state.done_by[task.kind] = by.id
            lifecycle = self.state.lifecycle
            if task.kind == lifecycle.work_task and lifecycle.tasks[task.kind].is_worked_on(outcome):
                self.state.remember_worker(by.id)
        self._asked_or_answered(task, at)
        said = as_json(form) if isinstance(form, BaseModel) else dict(form or {})
        closed = Closed(task=task, outcome=outcome, by=by.id, by_kind=by.kind, at=at, form=said)
        self.closed.append(closed)
        return closed

    def _asked_or_answered(self, task: Task, at: datetime) -> None:
        """A promise stands still while the reporter is asked about it."""
        if self.state.lifecycle.tasks[task.kind].pauses is not None:
            self.drive_clocks(at)

    def batch(self, now: datetime, whole: bool = False) -> Batch:
        """Cut the step off: what comes later belongs to the next one."""
        state = self.state
        previous = state.version
        # Intake's clock may run ahead of Temporal's; a step must never look older than the one it follows.
        state.version, state.issued_at = previous + 1, max(now, state.issued_at)
        batch = Batch(
            number=state.number,
            issued_at=state.issued_at,
            prev_version=previous,
            version=state.version,
            state=copied(state),
            events=self.events,
            closed=self.closed,
            notices=self.notices,
            handled=self.handled,
            whole=whole,
        )
        self.events, self.closed, self.notices, self.handled, self.opened = [], [], [], [], False
        return batch
