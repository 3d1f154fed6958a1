"""Who may do what, now. The validator, the handler, the gateway and the console's buttons ask these same functions.

Each `may_*` raises the Refusal that the caller gets, or returns. Nothing here changes the order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from pydantic import BaseModel

from models.domain import commands as c
from models.domain import grouping
from models.domain.errors import (
    Forbidden,
    FourEyes,
    IllegalTransition,
    NotFound,
    RateLimited,
    Refusal,
    TaskHeldByOther,
    TaskNotOpen,
    ValidationFailed,
)
from models.domain.forms import Fixed, Form, Merged, OnBehalf, OnBehalfChannel, Window, parse
from models.domain.order import Audience, HoldReason, OrderState
from models.domain.people import Actor, Role
from models.domain.tasks import Task, TaskSpec

URGE_EVERY: Final = timedelta(minutes=5)
"""At most one urge in five minutes, in every stage (`lifecycles.md`, "Urge")."""

HOLD_AT_MOST: Final = timedelta(days=365)
OVERSEERS: Final = (Role.LEAD, Role.MANAGER)
MAY_MOVE: Final = (*OVERSEERS, Role.OPERATOR)
"""An operator moves a task from an account that nobody can use any more; whoever runs the work decides the rest."""
MAY_REASSIGN_EARLY: Final = (Role.DISPATCHER, *OVERSEERS)
MAY_URGE_FOR_OTHERS: Final = (Role.CLERK,)
APPOINTMENT_AHEAD: Final = timedelta(days=60)
"""Nobody plans further; a year 9999 would only hide the order from every clock."""
MAY_AMEND: Final = (Role.CLERK, Role.DISPATCHER, *OVERSEERS)
MAY_CHANGE_CHARGE: Final = (Role.DISPATCHER, *OVERSEERS)
"""Who decides that somebody need not pay, or must. Moving the order elsewhere brings its own answer along."""
ON_BEHALF_BY: Final = (Role.CLERK, *OVERSEERS)
MAY_FILE_FOR_OTHERS: Final = (Role.CLERK, Role.DISPATCHER, *OVERSEERS)
MAY_REPLY_TO_RATING: Final = (Role.CLERK, *OVERSEERS)
MAY_RECORD_CONSENT: Final = (Role.CLERK, Role.DISPATCHER, *OVERSEERS)


def is_reporter(order: OrderState, actor: Actor) -> bool:
    """Also whoever has joined the reporter in waiting."""
    if order.reporter.id == actor.id and actor.kind == order.reporter.kind:
        return True
    return actor.kind == "resident" and actor.id in order.waiting_residents


def within_reach(order: OrderState, actor: Actor) -> None:
    """What lies outside the scope does not exist for the caller. Raises NotFound."""
    if actor.id in order.excluded:
        raise NotFound("order_not_found")
    if actor.kind == "system" or is_reporter(order, actor) or _is_asked(order, actor):
        return
    if actor.kind == "staff" and _in_scope(order, actor):
        return
    raise NotFound("order_not_found")


def _in_scope(order: OrderState, actor: Actor) -> bool:
    """Work that lies with somebody, or with whom they deputise for, is theirs to see in every building."""
    holds = any(actor.acts_for(task.holder) for task in order.tasks.values())
    return actor.reaches(order.community_id, None if holds else order.place.building_id)


def _is_asked(order: OrderState, actor: Actor) -> bool:
    """Another resident whose answer the order waits for, such as the owner who must approve a quote."""
    return actor.kind == "resident" and any(actor.id in (task.holder, *task.people) for task in order.tasks.values())


def open_task(order: OrderState, task_id: str) -> tuple[Task, TaskSpec]:
    """Raises TaskNotOpen."""
    task = order.tasks.get(task_id)
    if task is None:
        raise TaskNotOpen
    return task, order.lifecycle.tasks[task.kind]


def not_on_hold(order: OrderState) -> None:
    if order.hold is not None:
        raise IllegalTransition("on_hold")


def by_whose_right(task: Task, spec: TaskSpec, actor: Actor) -> tuple[str, ...]:
    """Those in whose right the actor may end the task: their own, else that of absentees for whom they act.

    Work out of the pool becomes somebody's own, so a deputy needs the role for it themselves.
    """
    if task.holder is not None:
        return (task.holder,) if actor.acts_for(task.holder) else ()
    if actor.kind == "resident" and actor.id in task.people:
        return (actor.id,)
    if actor.has(*task.roles):
        return (actor.id,)
    away = () if spec.is_work else actor.deputises
    return tuple(absentee.id for absentee in away if set(absentee.roles) & set(task.roles))


def four_eyes(order: OrderState, spec: TaskSpec, actor: Actor, rights_of: tuple[str, ...] = ()) -> None:
    """Nobody judges what they did themselves, and a deputy has no more right than the absentee whose right they use.

    Raises FourEyes.
    """
    if excluded(order, spec, actor.id) or (rights_of and all(excluded(order, spec, one) for one in rights_of)):
        raise FourEyes


def excluded(order: OrderState, spec: TaskSpec, person: str | None) -> bool:
    """Whether the order itself, or an earlier act of theirs, keeps a person from a task."""
    if person is None:
        return False
    worked = order.lifecycle.work_task in spec.not_by and person in order.workers
    return person in order.excluded or worked or any(order.done_by.get(kind) == person for kind in spec.not_by)


def may_claim(order: OrderState, actor: Actor, command: c.Claim, now: datetime) -> None:
    within_reach(order, actor)
    if command.task_id not in order.tasks and order.assignee is not None:
        # Claiming from the pool ends the task: whoever was slower reads that somebody has the work.
        raise TaskHeldByOther
    task, spec = open_task(order, command.task_id)
    if spec.unboxed:
        raise IllegalTransition("nobody_takes_it")
    if task.holder == actor.id:
        raise IllegalTransition("already_yours")
    if task.holder is not None:
        raise TaskHeldByOther
    if not actor.has(*task.roles):
        raise Forbidden("not_a_candidate")
    if order.work_is_held:
        raise IllegalTransition("on_hold")
    four_eyes(order, spec, actor)


def may_release(order: OrderState, actor: Actor, command: c.Release, now: datetime) -> None:
    within_reach(order, actor)
    task, spec = open_task(order, command.task_id)
    if spec.is_work or not task.roles:
        raise IllegalTransition("hand_back_instead")
    if task.holder is None:
        raise IllegalTransition("not_held")
    if not actor.acts_for(task.holder) and not actor.has(*MAY_MOVE):
        raise TaskHeldByOther


def may_reassign(order: OrderState, actor: Actor, command: c.Reassign, now: datetime) -> None:
    """A dispatcher until arrival; a lead, a manager or an operator always."""
    within_reach(order, actor)
    task, spec = open_task(order, command.task_id)
    if actor.kind != "staff" or not actor.has(*MAY_REASSIGN_EARLY, *MAY_MOVE):
        raise Forbidden("reassign_role")
    if not spec.is_work:
        raise IllegalTransition("not_reassignable")
    stage = order.hold.stage if order.hold else order.stage
    if stage in order.lifecycle.only_overseers_reassign and not actor.has(*MAY_MOVE):
        raise Forbidden("reassign_after_arrival")
    if command.staff in order.excluded:
        raise ValidationFailed("not_assignable", field="staff")
    if command.staff == task.holder:
        raise ValidationFailed("same_person", field="staff")


def may_hand_over(order: OrderState, actor: Actor, command: c.HandOver, now: datetime) -> None:
    """The system alone, when somebody leaves; by now the task may have changed hands."""
    if actor.kind != "system":
        raise Forbidden("forbidden")
    task, _ = open_task(order, command.task_id)
    if task.holder != command.holder:
        raise TaskHeldByOther


def may_complete(order: OrderState, actor: Actor, command: c.Complete, now: datetime) -> None:
    within_reach(order, actor)
    task, spec = open_task(order, command.task_id)
    if command.on_behalf is not None:
        _may_complete_on_behalf(order, actor, task, spec)
        _signed_if_it_binds(spec, command)
    elif command.outcome in spec.only_by:
        _is_reserved(order, actor, spec, command.outcome)
    elif not _did_before(order, spec, actor):
        _may_end(order, actor, task, spec)
    if order.work_is_held and command.outcome != "handed_back" and not is_reporter(order, actor):
        raise IllegalTransition("on_hold")
    _fits(order, parsed_form(order, command), now)
    if command.form.get("staff") in order.excluded:
        raise ValidationFailed("not_assignable", field="form.staff")
    order.lifecycle.fits(order, command, now)


def _may_end(order: OrderState, actor: Actor, task: Task, spec: TaskSpec) -> None:
    rights_of = by_whose_right(task, spec, actor)
    if not rights_of:
        raise TaskHeldByOther if task.holder is not None else Forbidden("not_a_candidate")
    four_eyes(order, spec, actor, rights_of)


def _fits(order: OrderState, form: Form, now: datetime) -> None:
    """What a form alone cannot know: the present, and whose order it is."""
    appointment = getattr(form, "appointment", None)
    if appointment is not None:
        may_be_agreed(appointment, now, "form.appointment")
    if isinstance(form, Merged):
        grouping.may_begin(order, form.primary, "form.primary")
    if isinstance(form, Fixed) and form.rating is not None and order.reporter.kind == "staff":
        raise ValidationFailed("no_stars_for_own_finds", field="form.rating")


def may_be_agreed(window: Window, now: datetime, field: str) -> None:
    """An appointment lies ahead, within two months. Raises ValidationFailed."""
    if not now < window.until <= now + APPOINTMENT_AHEAD:
        raise ValidationFailed("appointment_time", field=field)


def _may_complete_on_behalf(order: OrderState, actor: Actor, task: Task, spec: TaskSpec) -> None:
    if not spec.of_reporter or order.reporter.kind == "staff":
        raise IllegalTransition("not_a_reporters_task")
    if actor.kind != "staff" or not actor.has(*ON_BEHALF_BY):
        raise Forbidden("on_behalf_role")
    if order.complaint is not None and order.complaint.anonymous:
        # Nobody knows whom to phone, and whoever phones cannot be told from anybody else.
        raise IllegalTransition("anonymous_answers_in_app")
    four_eyes(order, spec, actor)


def _signed_if_it_binds(spec: TaskSpec, command: c.Complete) -> None:
    if spec.signed_sheet and command.on_behalf is not None and not command.on_behalf.photo_ids:
        raise ValidationFailed("signed_sheet_needed", field="on_behalf.photo_ids")


def _is_reserved(order: OrderState, actor: Actor, spec: TaskSpec, outcome: str) -> None:
    """An outcome of an overseer's, who may not be judging their own work."""
    if actor.kind != "staff" or not actor.has(*spec.only_by[outcome]):
        raise Forbidden("outcome_role")
    if _did_before(order, spec, actor):
        raise FourEyes


def _did_before(order: OrderState, spec: TaskSpec, actor: Actor) -> bool:
    """Whether this person's earlier act makes the task theirs as well, as the technician may take the money."""
    return any(order.done_by.get(kind) == actor.id for kind in spec.also_by)


def parsed_form(order: OrderState, command: c.Complete) -> Form:
    """The filled form of an outcome. Raises TaskNotOpen, or ValidationFailed naming the field."""
    _, spec = open_task(order, command.task_id)
    model = spec.outcomes.get(command.outcome)
    if model is None:
        raise ValidationFailed("unknown_outcome", field="outcome")
    return parse(model, command.form)


def may_hold(order: OrderState, actor: Actor, command: c.PutOnHold, now: datetime) -> None:
    within_reach(order, actor)
    task, spec = open_task(order, command.task_id)
    _is_workers_or_overseers(task, spec, actor)
    if order.stage not in order.lifecycle.may_hold:
        raise IllegalTransition("cannot_hold_here")
    if not now < command.until <= now + HOLD_AT_MOST:
        raise ValidationFailed("wake_up_time", field="until")
    if command.reason is HoldReason.REPORTER and not (command.note or "").strip():
        raise ValidationFailed("attempt_needed", field="note")
    if (order.holds >= 1 or command.until - now > order.terms.hold_without_lead) and not actor.has(*OVERSEERS):
        raise Forbidden("hold_needs_lead", hours=int(order.terms.hold_without_lead / timedelta(hours=1)))


def may_resume(order: OrderState, actor: Actor, command: c.Resume, now: datetime) -> None:
    within_reach(order, actor)
    task, spec = open_task(order, command.task_id)
    if order.hold is None:
        raise IllegalTransition("not_on_hold")
    if actor.kind != "system":  # What it waited for has come.
        _is_workers_or_overseers(task, spec, actor)


def _is_workers_or_overseers(task: Task, spec: TaskSpec, actor: Actor) -> None:
    if not spec.may_be_held:
        raise IllegalTransition("cannot_hold_here")
    if not actor.acts_for(task.holder) and not actor.has(*MAY_REASSIGN_EARLY):
        raise TaskHeldByOther


def may_urge(order: OrderState, actor: Actor, command: c.Urge, now: datetime) -> None:
    within_reach(order, actor)
    # The system passes on to a primary what was urged on an order that follows it.
    may = is_reporter(order, actor) or actor.has(*MAY_URGE_FOR_OTHERS) or actor.kind == "system"
    if not may:
        raise Forbidden("urge_role")
    over = order.stage in order.lifecycle.after_work or not order.lifecycle.may_be_urged
    if over or _waits_for_a_resident(order):
        raise IllegalTransition("nothing_to_urge")
    not_on_hold(order)
    last = order.urges.last_at
    if last is not None and now - last < URGE_EVERY:
        raise RateLimited("urged_lately", retry_after=int((URGE_EVERY - (now - last)).total_seconds()) + 1)


def _waits_for_a_resident(order: OrderState) -> bool:
    """A stage that only a resident's answer ends cannot be urged (`lifecycles.md`, "Urge")."""
    specs = [order.lifecycle.tasks[task.kind] for task in order.tasks.values()]
    return any(spec.of_reporter and not spec.beside for spec in specs)


def may_cancel(order: OrderState, actor: Actor, command: c.Cancel, now: datetime) -> None:
    """A reporter until arrival; staff with a reason, never the assignee."""
    within_reach(order, actor)
    if is_reporter(order, actor) and actor.kind == "resident":
        stage = order.hold.stage if order.hold else order.stage
        if stage not in order.lifecycle.reporter_may_cancel or order.lifecycle.too_late_to_cancel(order):
            raise IllegalTransition("too_late_to_cancel")
        return
    # The system does so where what an order hung on has ended, as with the pass of somebody who has moved away.
    if actor.kind != "system" and not (actor.kind == "staff" and actor.has(*order.lifecycle.staff_cancel_roles)):
        raise Forbidden("cancel_role")
    if actor.acts_for(order.assignee):
        raise FourEyes("own_order")
    if order.stage not in order.lifecycle.staff_may_cancel or order.lifecycle.too_late_to_cancel(order):
        raise IllegalTransition("too_late_to_cancel")
    if not (command.reason or "").strip():
        raise ValidationFailed("reason_needed", field="reason")


def may_comment(order: OrderState, actor: Actor, command: c.Comment, now: datetime) -> None:
    within_reach(order, actor)
    if actor.kind == "resident" and command.audience not in (None, Audience.REPORTER):
        raise Forbidden("comment_audience")


def may_consent(order: OrderState, actor: Actor, command: c.RecordConsent, now: datetime) -> None:
    """The reporter, whoever has the work, or the office; once, before a vacant home is entered."""
    within_reach(order, actor)
    if not (is_reporter(order, actor) or order.assignee == actor.id or actor.has(*MAY_RECORD_CONSENT)):
        raise Forbidden("consent_role")
    if not order.vacant or order.stage in order.lifecycle.after_work:
        raise IllegalTransition("consent_not_needed")
    if order.entry is not None:
        raise IllegalTransition("consent_given")


def may_amend(order: OrderState, actor: Actor, command: c.Amend, now: datetime) -> None:
    """Those who file for others may correct what was filed, until the work is over."""
    within_reach(order, actor)
    if actor.kind != "staff" or not actor.has(*MAY_AMEND):
        raise Forbidden("amend_role")
    if order.stage in order.lifecycle.after_work or not order.lifecycle.may_be_amended:
        raise IllegalTransition("too_late_to_amend")
    if not (command.category or command.place or command.priority or command.contact or command.charge):
        raise ValidationFailed("nothing_to_change", field="category")
    if command.charge is not None and command.place is None and not may_change_charge(actor):
        raise Forbidden("charge_role")


def may_change_charge(actor: Actor) -> bool:
    """Who says by whom a repair is paid; the console's form offers it to nobody else."""
    return actor.has(*MAY_CHANGE_CHARGE)


def may_refresh_policy(order: OrderState, actor: Actor, command: c.RefreshPolicy, now: datetime) -> None:
    """Nobody sends this by hand: an admin changes the settings, and the system carries them to the orders."""
    if actor.kind != "system":
        raise Forbidden("settings_role")


def may_reply_to_rating(order: OrderState, actor: Actor, command: c.ReplyToRating, now: datetime) -> None:
    """The office, once, and nobody about their own work."""
    within_reach(order, actor)
    if not actor.has(*MAY_REPLY_TO_RATING):
        raise Forbidden("reply_to_rating_role")
    if order.rating is None:
        raise IllegalTransition("not_rated")
    if order.rating_answered:
        raise IllegalTransition("rating_answered_already")
    if order.done_by.get("carry_out") == actor.id or order.assignee == actor.id:
        raise FourEyes


def may_rate(order: OrderState, actor: Actor, command: c.Rate, now: datetime) -> None:
    within_reach(order, actor)
    if not is_reporter(order, actor):
        raise Forbidden("rate_role")
    if order.rating is not None:
        raise IllegalTransition("rated_already")
    task = order.task_of("rate")
    if task is None:
        raise IllegalTransition("rate_after_work")
    four_eyes(order, order.lifecycle.tasks["rate"], actor)


def may_merge(order: OrderState, actor: Actor, command: c.Merge, now: datetime) -> None:
    """What this order alone can know; whether the other agrees is asked of the database."""
    within_reach(order, actor)
    grouping.may_group(actor, order)
    grouping.may_begin(order, command.primary, "primary")


def may_unmerge(order: OrderState, actor: Actor, command: c.Unmerge, now: datetime) -> None:
    within_reach(order, actor)
    grouping.may_group(actor, order)
    if order.following is None:
        raise IllegalTransition("follows_nothing")


def may_wake(order: OrderState, actor: Actor, command: c.Wake, now: datetime) -> None:
    """Late and repeated ones are no refusal: there is simply nothing left to do."""
    if actor.kind != "system":
        raise Forbidden


def may_join(order: OrderState, actor: Actor, command: c.Join, now: datetime) -> None:
    """Nobody presses this: intake has found that the car is asked for already."""
    if actor.kind != "system":
        raise Forbidden
    if order.move_car is None or order.stage in order.lifecycle.after_work:
        raise IllegalTransition
    if command.resident in order.waiting_residents:
        raise IllegalTransition("joined_already")


MAY_CALL_USERS: Final = (Role.GUARD, Role.CLERK, *OVERSEERS)


def may_call_user(order: OrderState, actor: Actor) -> bool:
    """Whether staff may look up the phone of whoever uses a car that is in the way: while it is, and nobody else."""
    car = order.move_car
    waited_for = order.stage not in order.lifecycle.after_work
    return car is not None and bool(car.users) and car.vetted and waited_for and actor.has(*MAY_CALL_USERS)


def may_call_visitor(order: OrderState, actor: Actor) -> bool:
    """Whether staff may look up the phones of a visitor and their hosts: until the visit is over, and nobody else."""
    return order.visit is not None and order.open and actor.has(*MAY_CALL_USERS)


CHECKS: Final[dict[str, Callable[[OrderState, Actor, Any, datetime], None]]] = {
    "claim": may_claim,
    "release": may_release,
    "reassign": may_reassign,
    "hand_over": may_hand_over,
    "complete": may_complete,
    "hold": may_hold,
    "resume": may_resume,
    "urge": may_urge,
    "cancel": may_cancel,
    "join": may_join,
    "comment": may_comment,
    "consent": may_consent,
    "amend": may_amend,
    "refresh_policy": may_refresh_policy,
    "reply_to_rating": may_reply_to_rating,
    "rate": may_rate,
    "merge": may_merge,
    "unmerge": may_unmerge,
    "wake": may_wake,
}


OF_THE_ORDER: Final = ("urge", "cancel", "comment", "consent", "amend", "rate", "reply_to_rating", "merge", "unmerge")
"""Commands that concern the order rather than a task. Nobody presses `wake` or `refresh_policy`."""


class Action(BaseModel):
    """Something that the caller may do now: an update, for a task where it concerns one, with an outcome where it
    needs one.
    """

    action: str
    task_id: str | None = None
    outcome: str | None = None


def allowed(order: OrderState, actor: Actor, now: datetime) -> list[Action]:
    """The buttons that a person sees.

    A right that depends on what is typed (a long hold) is shown and checked when sent.
    """
    typed = _Least.at(now)
    actions = [Action(action=name) for name in OF_THE_ORDER if _would(order, actor, name, now, typed)]
    for task in order.tasks.values():
        typed = _Least.at(now, task)
        actions += [
            Action(action=name, task_id=task.id)
            for name in ("claim", "release", "reassign", "hold", "resume")
            if _would(order, actor, name, now, typed)
        ]
        actions += [
            Action(action="complete", task_id=task.id, outcome=outcome)
            for outcome in outcomes_now(order, actor, task, now)
        ]
    return actions


def outcomes_now(order: OrderState, actor: Actor, task: Task, now: datetime) -> list[str]:
    """With what the person may end the task now, in their own right."""
    outcomes = order.lifecycle.tasks[task.kind].outcomes
    return [outcome for outcome in outcomes if _would(order, actor, "complete", now, _Least.at(now, task, outcome))]


def outcomes_on_behalf(order: OrderState, actor: Actor, task: Task, now: datetime) -> list[str]:
    """With what the person may end a reporter's task now, because the reporter has phoned or come."""
    spec = order.lifecycle.tasks[task.kind]
    if not spec.of_reporter:
        return []
    return [
        outcome
        for outcome in spec.outcomes
        if _would(order, actor, "complete", now, _Least.at(now, task, outcome, PHONED))
    ]


def claimable(order: OrderState, actor: Actor, task: Task, now: datetime) -> bool:
    """Whether the person may take the task out of its pool now."""
    return _would(order, actor, "claim", now, _Least.at(now, task))


PHONED: Final = OnBehalf(channel=OnBehalfChannel.PHONE, note="……", photo_ids=("…",))
"""How a reporter's word may have come in, with all that it could need."""


@dataclass
class _Least:
    """The least that a person could type, for every command: a check reads of it what its own command has.

    What never differs stands with the class, because one is made for every outcome that there might be.
    """

    task_id: str
    outcome: str
    until: datetime
    on_behalf: OnBehalf | None
    staff: ClassVar = ""
    reason: ClassVar = "…"
    note: ClassVar = "…"
    text: ClassVar = "…"
    form: ClassVar[Mapping[str, Any]] = {}
    audience: ClassVar = None
    primary: ClassVar = None
    category: ClassVar = None
    place: ClassVar = None
    priority: ClassVar = None
    contact: ClassVar = False
    charge: ClassVar = None

    @classmethod
    def at(
        cls, now: datetime, task: Task | None = None, outcome: str = "", on_behalf: OnBehalf | None = None
    ) -> _Least:
        return cls(task.id if task else "", outcome, now + timedelta(hours=1), on_behalf)


def _would(order: OrderState, actor: Actor, name: str, now: datetime, typed: _Least) -> bool:
    """Try the check with the least that a person could type, and see past refusals of what they typed."""
    try:
        CHECKS[name](order, actor, typed, now)
    except ValidationFailed:
        # The form is still empty: every rule that comes before it has agreed, and those after it are asked here.
        return not typed.outcome or _stage_agrees(order, typed, now)
    except Refusal:
        return False
    return True


def _stage_agrees(order: OrderState, command: Any, now: datetime) -> bool:
    try:
        order.lifecycle.fits(order, command, now)
    except ValidationFailed:
        return True
    except Refusal:
        return False
    return True
