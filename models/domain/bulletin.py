"""What the reader of an order asks first: where is it, who has it, what happens next and by when, why does it wait.

Pure, and true for every lifecycle, because it reads the order's map. No name comes in here: the caller says how a
member of staff is called before this reader (`张师傅` to a resident, an id to an operator).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict

from models.domain import bulletin_words as say
from models.domain import words
from models.domain.notices import URGES_BEFORE_LEAD
from models.domain.numbers import CHINA
from models.domain.order import HoldReason, OrderState, Priority
from models.domain.people import Role
from models.domain.tasks import Task

NameOf = Callable[[str], str]
"""A staff member's id → how this reader may call them."""

AT: Final = "%m月%d日 %H:%M"


class Bulletin(BaseModel):
    """Sentences to be shown as they are. `by` is when the next thing falls due; `late` that it has."""

    model_config = ConfigDict(frozen=True)

    where: str
    who: str
    next: str
    by: datetime | None
    by_words: str
    late: bool
    waiting_for: str | None
    """None while somebody is at work on it, and after its end."""
    urged: str | None
    """What the reporter's urging has done."""


def bulletin(order: OrderState, now: datetime, name_of: NameOf, reporter: str = say.YOU, told: int = 0) -> Bulletin:
    """`reporter` is how the order's reporter is addressed; `told` how many people its urges have reached."""
    task = task_in_hand(order)
    who = _who(order, task, name_of, reporter)
    by, by_words = _by(order, task, now)
    return Bulletin(
        where=_where(order),
        who=who,
        next=_next(order, task, who, reporter),
        by=by,
        by_words=by_words,
        late=by is not None and by < now,
        waiting_for=_waiting_for(order, task, who, reporter, now),
        urged=_urged(order, told),
    )


def task_in_hand(order: OrderState) -> Task | None:
    """The task that the order is about now, what its reporter is asked first. After its end that may still be theirs,
    or a lead's whom they have asked to look at it again.
    """
    asked = [task for task in order.tasks.values() if _of_reporter(order, task)]
    stages = [task for task in order.tasks.values() if not order.lifecycle.tasks[task.kind].beside]
    return next(iter(asked + stages), None)


def _follows(order: OrderState, task: Task | None) -> bool:
    """Merged under another, and asleep until that is done; unless its own reporter is asked something."""
    return order.following is not None and order.open and (task is None or not _of_reporter(order, task))


def _where(order: OrderState) -> str:
    if order.following is not None and order.open:
        return say.FOLLOWING_INCIDENT if order.following.incident else say.FOLLOWING
    own = say.WHERE.get(f"{order.kind}.{order.stage}") or say.WHERE.get(order.stage)
    return own or words.stage(order.kind, order.stage, for_resident=True)


def _of_reporter(order: OrderState, task: Task) -> bool:
    """A task that a resident answers. What staff found themselves is answered by staff."""
    return order.lifecycle.tasks[task.kind].of_reporter and order.reporter.kind != "staff"


def _who(order: OrderState, task: Task | None, name_of: NameOf, reporter: str) -> str:
    if task is None:
        return name_of(order.assignee) if order.open and order.assignee else _nobody(order)
    if _of_reporter(order, task):
        return reporter if task.holder in (None, order.reporter.id) else say.OWNER
    if task.holder is not None:
        return name_of(task.holder)
    if task.people:
        residents = reporter if reporter == say.YOU else say.OWNER
        return words.CAR_USER if order.move_car else residents
    roles = "、".join(words.ROLES[role] for role in task.roles)
    return say.POOL.format(roles=roles) if roles else say.OFFICE


def _nobody(order: OrderState) -> str:
    return say.OFFICE if order.open else say.NOBODY


def _next(order: OrderState, task: Task | None, who: str, reporter: str) -> str:
    # What staff found themselves, a lead confirms.
    asked = words.ROLES[Role.LEAD] if order.reporter.kind == "staff" else reporter
    if _follows(order, task):
        sentence = say.NEXT_INCIDENT if order.following and order.following.incident else say.NEXT_FOLLOWING
        return sentence.format(reporter=asked)
    if order.hold is not None and order.work_is_held:
        answered = order.hold.reason is HoldReason.REPORTER
        return (say.NEXT_ANSWERED if answered else say.NEXT_RESUMED).format(reporter=asked)
    if task is None:
        return say.NEXT_UNKNOWN if order.open else say.NEXT_ENDED
    sentence = say.NEXT.get(f"{task.kind}@{order.stage}") or say.NEXT.get(task.kind) or say.NEXT_TASK
    return sentence.format(who=who, reporter=asked, task=words.TASKS[task.kind])


def _waiting_for(order: OrderState, task: Task | None, who: str, reporter: str, now: datetime) -> str | None:
    if _follows(order, task):
        return say.WAITING_INCIDENT if order.following and order.following.incident else say.WAITING_FOLLOWING
    if order.hold is not None and order.work_is_held:
        return words.HOLD_REASONS[order.hold.reason]
    if task is None:
        return None
    if _of_reporter(order, task):
        return say.WAITING_REPORTER.format(reporter=who)
    if order.stage == "accepted" and order.appointment is not None and order.appointment.start > now:
        return say.WAITING_VISIT
    sentence = say.WAITING.get(f"{task.kind}@{order.stage}") or say.WAITING.get(task.kind)
    if sentence is None and task.holder is None:
        sentence = say.WAITING_POOL
    return sentence.format(who=who, reporter=reporter) if sentence else None


def _by(order: OrderState, task: Task | None, now: datetime) -> tuple[datetime | None, str]:
    """When the next thing falls due, and the same in words."""
    if order.hold is not None:
        return order.hold.until, say.BY_HOLD.format(at=_moment(order.hold.until))
    if task is not None and task.gives_up_at is not None:
        return task.gives_up_at, say.BY_OF.get(task.kind, say.BY_ANSWER).format(at=_moment(task.gives_up_at))
    clock = order.running_clock
    if clock is None:
        paused = order.open and any(clock.paused_at and not clock.stopped_at for clock in order.clocks.values())
        return None, say.BY_STOPPED if paused else say.BY_NOTHING
    sentence = say.BY_CLOCK
    if clock.overdue(now):
        sentence = say.BY_LATE_TOLD if clock.rung else say.BY_LATE
    return clock.due_at, sentence.format(clock=words.CLOCKS[clock.name], at=_moment(clock.due_at))


def _urged(order: OrderState, told: int) -> str | None:
    urges = order.urges
    if not urges.count:
        return None
    said = [say.URGED.format(count=urges.count)]
    if told:
        said.append(say.URGED_TOLD.format(told=told))
    if urges.here >= URGES_BEFORE_LEAD:
        said.append(say.URGED_LEAD)
    if order.open:
        said.append(say.URGED_EMERGENCY if order.priority is Priority.EMERGENCY else say.URGED_MOVED_UP)
    return say.JOINED_BY.join(said)


def _moment(at: datetime) -> str:
    return at.astimezone(CHINA).strftime(AT)
