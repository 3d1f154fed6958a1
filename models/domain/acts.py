"""What each command does to an order. Called after `rights` has agreed, with the same arguments.

Pure: the effects are events, closed tasks and notices in a `Step`. The workflow calls it while it runs; after it has
ended, a transaction on the locked row calls the same functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from models.domain import commands as c
from models.domain import grouping
from models.domain.amending import amend, refresh_policy
from models.domain.assignment import Choice
from models.domain.clocks import ClockName, Level, start_clock
from models.domain.forms import Merged, Stated, Window, as_json
from models.domain.move_cars import Minutes
from models.domain.order import Audience, Event, Hold, HoldReason, OrderState, Urges
from models.domain.people import SYSTEM, Actor, Role
from models.domain.rights import excluded, is_reporter, parsed_form
from models.domain.step import Step
from models.domain.tasks import Closed, Task
from models.domain.visit_forms import Consent

WAITS_FOR_A_WORD: Final = frozenset({HoldReason.REPORTER, HoldReason.APPOINTMENT})
"""Holds that end with an answer of the reporter's, whatever it was about."""


class Moved:
    """A task that was closed by an act, and the event that says so. The lifecycle goes on from here."""

    def __init__(self, closed: Closed, event: Event) -> None:
        self.closed = closed
        self.event = event

    @property
    def outcome(self) -> str:
        return self.closed.outcome

    @property
    def form(self) -> dict[str, Any]:
        return self.closed.form

    @property
    def by(self) -> str:
        return self.closed.by


def claim(step: Step, actor: Actor, command: c.Claim, at: datetime) -> Moved | None:
    task = step.state.tasks[command.task_id]
    accepting = step.state.lifecycle.tasks[task.kind].claim_completes
    if accepting is None:
        task.holder = actor.id
        step.record("claimed", actor, at, Audience.STAFF, task=task.id)
        return None
    step.state.assignee = actor.id
    return complete(step, actor, c.Complete(task_id=task.id, outcome=accepting), at)


def release(step: Step, actor: Actor, command: c.Release, at: datetime) -> None:
    step.state.tasks[command.task_id].holder = None
    step.record("released", actor, at, Audience.STAFF, task=command.task_id)


def reassign(step: Step, actor: Actor, command: c.Reassign, at: datetime) -> Moved:
    task = step.state.tasks[command.task_id]
    event = step.record(
        "reassigned",
        actor,
        at,
        Audience.STAFF,
        **{"from": task.holder, "staff": command.staff, "reason": command.reason},
    )
    _end_hold(step)
    return Moved(step.close(task, "reassigned", actor, at, {"staff": command.staff, "reason": command.reason}), event)


def hand_over(step: Step, actor: Actor, command: c.HandOver, at: datetime) -> Moved | None:
    """Work is closed, and the lifecycle gives it to the deputy or puts it into the pool; all else changes hands."""
    task = step.state.tasks[command.task_id]
    spec = step.state.lifecycle.tasks[task.kind]
    staff = None if excluded(step.state, spec, command.staff) else command.staff
    event = step.record(
        "handed_over", actor, at, Audience.STAFF, task=task.id, **{"from": command.holder, "staff": staff}
    )
    if spec.is_work:
        _end_hold(step)
        return Moved(step.close(task, "reassigned", actor, at, {"staff": staff}), event)
    task.holder = staff
    if staff is None and not task.roles:
        # It was this person's alone, so that no pool knows it; somebody has to decide whose it is now.
        task.roles = (Role.LEAD,)
    return None


def complete(step: Step, actor: Actor, command: c.Complete, at: datetime) -> Moved:
    state = step.state
    task = state.tasks[command.task_id]
    form = parsed_form(state, command)
    facts: dict[str, Any] = as_json(form)
    if command.on_behalf is not None:
        facts["on_behalf"] = as_json(command.on_behalf)
    if not state.lifecycle.tasks[task.kind].beside:
        _end_hold(step)
    if command.outcome == "rated" and isinstance(form, Stated):
        state.rating = form
    if command.outcome == "fixed" and getattr(form, "rating", None) is not None:
        state.rating = form.rating  # type: ignore[attr-defined]
    audience = Audience.STAFF if command.outcome in state.lifecycle.among_staff else Audience.REPORTER
    event = step.record(command.outcome, actor, at, audience, task=task.id, **facts)
    step.keep_promises(command.outcome, at)
    closed = step.close(task, command.outcome, actor, at, facts)
    if isinstance(form, Merged):
        grouping.begin(step, actor, at, form.primary, None)
    if state.hold is not None and state.hold.reason in WAITS_FOR_A_WORD and not state.hold.rebooking:
        resume(step, actor, None, at)
    if command.on_behalf is not None:
        # The clerk only wrote down what the reporter said, so four-eyes must not count it as the clerk's own act.
        state.done_by.pop(task.kind, None)
    return Moved(closed, event)


def hold(step: Step, actor: Actor, command: c.PutOnHold, at: datetime) -> None:
    state = step.state
    state.hold = Hold(reason=command.reason, note=command.note, until=command.until, stage=state.stage, by=actor.id)
    state.holds += 1
    event = step.record("held", actor, at, reason=command.reason, until=command.until.isoformat())
    if command.note:
        step.record("commented", actor, at, Audience.STAFF, text=command.note)
    step.enter(state.lifecycle.held_stage, at, event)


def resume(step: Step, actor: Actor, command: c.Resume | None, at: datetime) -> None:
    """By a person, or by the system at the wake-up time."""
    state = step.state
    if state.hold is None:
        return
    stage = state.hold.stage
    state.hold = None
    event = step.record("woke_up" if actor.kind == "system" else "resumed", actor, at)
    step.enter(stage, at, event)


def _end_hold(step: Step) -> None:
    """The order leaves the hold by being handed back, reassigned or cancelled; its next stage follows by itself."""
    step.state.hold = None


def urge(step: Step, actor: Actor, command: c.Urge, at: datetime) -> None:
    urges = step.state.urges
    step.state.urges = Urges(count=urges.count + 1, here=urges.here + 1, last_at=at)
    step.record("urged", actor, at, count=urges.count + 1)


def comment(step: Step, actor: Actor, command: c.Comment, at: datetime) -> None:
    audience = Audience.REPORTER if actor.kind == "resident" else command.audience or Audience.STAFF
    if step.state.lifecycle.words_stay_with_staff:
        audience = Audience.STAFF
    photos = list(command.photo_ids) or None
    step.record("commented", actor, at, audience, text=command.text, photo_ids=photos)
    hold = step.state.hold
    waits_for_word = hold is not None and hold.reason is HoldReason.REPORTER and not hold.rebooking
    if waits_for_word and is_reporter(step.state, actor):
        # Any act of the reporter's ends the wait for them (`lifecycles.md`, "Hold"); parts do not come any sooner.
        resume(step, actor, None, at)


def cancel(step: Step, actor: Actor, command: c.Cancel, at: datetime) -> None:
    """Withdraws every open task. The lifecycle hears of it as one exception out of `ask`."""
    state = step.state
    if state.move_car is not None and len(state.waiting_residents) > 1 and actor.id in state.waiting_residents:
        leave(step, actor, at)
        return
    if actor.kind == "staff":
        state.done_by["cancel"] = actor.id  # Whoever cancelled does not judge an objection to it.
    event = step.record("cancelled", actor, at, reason=command.reason)
    withdraw_tasks(step, "cancelled", at)
    _end_hold(step)
    state.following = None
    step.enter(state.lifecycle.cancelled_stage, at, event)


def consent(step: Step, actor: Actor, command: c.RecordConsent, at: datetime) -> None:
    step.state.entry = Consent(given_by=command.given_by, channel=command.channel)
    step.record("consented", actor, at, given_by=command.given_by, channel=command.channel)


def leave(step: Step, actor: Actor, at: datetime) -> None:
    """One of several who wait gives up waiting; for the others it goes on."""
    rest = tuple(resident for resident in step.state.waiting_residents if resident != actor.id)
    _let_wait(step.state, rest)
    step.record("left", actor, at, Audience.STAFF, waiting=len(rest))


def join(step: Step, actor: Actor, command: c.Join, at: datetime) -> None:
    """One more resident waits for the same car."""
    waiting = (*step.state.waiting_residents, command.resident)
    _let_wait(step.state, waiting)
    step.record("joined", actor, at, Audience.STAFF, waiting=len(waiting))


def _let_wait(state: OrderState, residents: tuple[str, ...]) -> None:
    """These wait for the car, and any of them may answer what the requester is asked."""
    assert state.move_car is not None  # noqa: S101 - only for a car several residents wait
    state.move_car = state.move_car.model_copy(update={"requesters": residents})
    for task in state.tasks.values():
        if state.lifecycle.tasks[task.kind].of_reporter:
            task.people = residents


def promise(state: OrderState, answer: Moved, at: datetime) -> None:
    """The car's user comes in so many minutes."""
    assert state.move_car is not None  # noqa: S101 - only a car's user promises
    until = at + Minutes(answer.form["minutes"]).span
    state.move_car = state.move_car.model_copy(update={"promised": until})


def reply_to_rating(step: Step, actor: Actor, command: c.ReplyToRating, at: datetime) -> None:
    step.state.rating_answered = True
    step.record("rating_answered", actor, at, text=command.text)


def rate(step: Step, actor: Actor, command: c.Rate, at: datetime) -> Moved:
    task = step.state.task_of("rate")
    assert task is not None  # noqa: S101 - `may_rate` has just seen it
    form = as_json(Stated.model_validate(command.model_dump()))
    return complete(step, actor, c.Complete(task_id=task.id, outcome="rated", form=form), at)


def merge(step: Step, actor: Actor, command: c.Merge, at: datetime) -> None:
    """Told before the tasks are withdrawn, because it is their holders who need not drive any more."""
    step.record("merged", actor, at, primary=command.primary, incident=command.incident)
    grouping.begin(step, actor, at, command.primary, command.incident)


def unmerge(step: Step, actor: Actor, command: c.Unmerge, at: datetime) -> Moved:
    event = step.record("unmerged", actor, at, reason=command.reason)
    return Moved(grouping.end(step, actor, at), event)


def wake(step: Step, actor: Actor, command: c.Wake, at: datetime) -> Moved | None:
    """`command` carries what the database has answered."""
    following = step.state.following
    if following is None or command.came_to == "stays":
        return None
    if command.came_to == "followed_on" and command.primary is not None:
        grouping.follow_on(step, command.primary, at)
        return None
    audience = Audience.STAFF if command.came_to == "promoted" else Audience.REPORTER
    event = step.record(_WOKEN[command.came_to], actor, at, audience, former=following.leader)
    closed = grouping.end(step, actor, at)
    if command.came_to == "finished":
        grouping.finish(step, event, command.worker, at)
    return Moved(closed, event)


_WOKEN: Final = {"finished": "group_finished", "promoted": "promoted", "free": "freed"}

ACTS: Final[dict[str, Callable[[Step, Actor, Any, datetime], Moved | None]]] = {
    "claim": claim,
    "release": release,
    "reassign": reassign,
    "hand_over": hand_over,
    "complete": complete,
    "hold": hold,
    "resume": resume,
    "urge": urge,
    "cancel": cancel,
    "join": join,
    "comment": comment,
    "consent": consent,
    "amend": amend,
    "refresh_policy": refresh_policy,
    "reply_to_rating": reply_to_rating,
    "rate": rate,
    "merge": merge,
    "unmerge": unmerge,
    "wake": wake,
}


def withdraw_tasks(step: Step, outcome: str, at: datetime) -> None:
    for task in list(step.state.tasks.values()):
        step.close(task, outcome, SYSTEM, at)


def expire(step: Step, task: Task, at: datetime) -> Moved:
    """Nobody answered in time."""
    event = step.record("expired", SYSTEM, at, task=task.id, task_kind=task.kind)
    return Moved(step.close(task, "expired", SYSTEM, at), event)


def ring_clocks(step: Step, at: datetime) -> None:
    """Say what the clocks have to say by now: a warning to the holder, or the highest rung reached."""
    state = step.state
    for clock in state.clocks.values():
        said = clock.ring(at)
        if said == "warning":
            step.record("warned", SYSTEM, at, Audience.STAFF, clock=clock.name)
        elif said is not None:
            step.record("breached", SYSTEM, at, Audience.STAFF, clock=clock.name, rung=said)
            _show_others(state, clock.name)


def pass_milestones(step: Step, at: datetime) -> list[str]:
    """Say what the time that has passed says, and answer which milestones it were.

    After an outage each is said, because each is on the record.
    """
    state = step.state
    passed: list[str] = []
    while (milestone := state.next_milestone) is not None and state.reached_at(milestone) <= at:
        state.milestones += 1
        step.record(milestone.kind, SYSTEM, at, Audience.STAFF, days=milestone.after.days or None)
        if milestone.moves_to is not None:
            _take_over(state, state.one_rung_up(milestone.moves_to))
        passed.append(milestone.kind)
    return passed


def _take_over(state: OrderState, role: Role) -> None:
    """The work, or the decision whose it is, leaves whoever had it for a role; it is never closed on the way."""
    for task in state.tasks.values():
        if state.lifecycle.tasks[task.kind].is_work or task.kind == state.lifecycle.first_task:
            task.holder, task.roles, task.also_seen_by = None, (role,), ()
            state.assignee = None


def _show_others(state: OrderState, clock: ClockName) -> None:
    """Unaccepted at the breach: it is back in the dispatcher's box as well (`lifecycles.md`, "Clocks")."""
    for task in state.tasks.values():
        spec = state.lifecycle.tasks[task.kind]
        if spec.clock is clock and spec.also_seen_at_breach:
            task.also_seen_by = spec.also_seen_at_breach


def restart_clock(
    state: OrderState, name: ClockName, at: datetime, *, level: Level | None = None, share: float = 1
) -> None:
    """A second round: the promise runs anew, by a level of its own or with a share of the one it had."""
    if level is not None:
        state.levels = state.levels | {name: level}
    state.clocks[name] = start_clock(name, at, state.levels[name], state.terms, share)


def agree_appointment(state: OrderState, form: dict[str, Any]) -> None:
    """An agreed appointment replaces the arrive clock (`lifecycles.md`, "Clocks")."""
    if form.get("appointment") is None:
        return
    state.appointment, state.appointment_agreed = Window.model_validate(form["appointment"]), True
    state.clocks[ClockName.ARRIVE].agree(state.appointment.until, state.terms)


def assign_by_itself(step: Step, kind: str, choice: Choice, at: datetime) -> Moved:
    """Nobody had to decide: the open task of this kind ends as a dispatcher's would, with the reason beside it."""
    task = step.state.task_of(kind)
    assert task is not None  # noqa: S101 - the lifecycle has just looked
    if choice.staff is None:
        event = step.record("pooled_by_itself", SYSTEM, at, task=task.id)
        return Moved(step.close(task, "pool", SYSTEM, at), event)
    event = step.record(
        "auto_assigned",
        SYSTEM,
        at,
        task=task.id,
        staff=choice.staff,
        open_orders=choice.open_orders,
        among=choice.among,
    )
    return Moved(step.close(task, "assigned", SYSTEM, at, {"staff": choice.staff}), event)


def move_away(
    step: Step, ineligible: list[str], at: datetime, reasons: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Moved]:
    """Tasks of people who have left or lost their role, or should never have got them: work is handed back, a claimed
    task returns to its pool.

    Answers the closed tasks by id, for the lifecycle to go on with.
    """
    moved: dict[str, Moved] = {}
    for task in [task for task in step.state.tasks.values() if task.holder in ineligible]:
        why = reasons.get(str(task.holder))
        event = step.record("moved_away", SYSTEM, at, Audience.STAFF, task=task.id, staff=task.holder, why=why)
        if step.state.lifecycle.tasks[task.kind].is_work:
            _end_hold(step)
            moved[task.id] = Moved(step.close(task, "handed_back", SYSTEM, at), event)
        else:
            task.holder = None
    return moved
