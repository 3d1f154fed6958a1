"""合并: orders about one fault go on as one. The primary is worked on; those that follow it wait and cost nothing.

What one order alone can know is here; what takes both rows is decided by `models.repositories.groups`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models.domain.errors import Forbidden, IllegalTransition, NotFound, ValidationFailed
from models.domain.following import FOLLOWING, Fate, Following
from models.domain.order import Audience, Event, OrderState
from models.domain.people import SYSTEM, Actor, Role
from models.domain.step import Step
from models.domain.tasks import Closed, Task

MAY_GROUP: Final = (Role.CLERK, Role.DISPATCHER, Role.LEAD, Role.MANAGER)
"""Who merges orders, takes them out again and opens incidents."""


def may_group(actor: Actor, order: OrderState | None = None) -> None:
    """The system gathers reports when an incident is opened; a complaint is merged by those who may decide it.

    Raises Forbidden.
    """
    own = order.complaint if order is not None else None
    roles = own.may_regroup(order.reopened) if order is not None and own is not None else MAY_GROUP
    if actor.kind != "system" and not (actor.kind == "staff" and actor.has(*roles)):
        raise Forbidden("merge_role")


def may_begin(order: OrderState, primary: str | None, field: str) -> None:
    """Whether this order could follow another at all. Raises IllegalTransition, ValidationFailed for itself."""
    if primary == order.number:
        raise ValidationFailed("merge_with_itself", field=field)
    if order.following is not None:
        raise IllegalTransition("follows_already", leader=order.following.leader)
    if order.hold is not None:
        raise IllegalTransition("on_hold")
    if order.stage not in order.lifecycle.may_follow:
        raise IllegalTransition("cannot_merge_here")


def begin(step: Step, by: Actor, at: datetime, primary: str | None, incident: str | None) -> None:
    """From here on the order waits: nothing is open on it, no clock runs, nobody need drive anywhere."""
    state = step.state
    state.following = Following(primary=primary, incident=incident, since=at, by=by.id)
    for task in list(state.tasks.values()):  # Also a visit that is only proposed: nobody comes for this order alone.
        step.close(task, "merged", SYSTEM, at)
    step.drive_clocks(at)


def end(step: Step, by: Actor, at: datetime) -> Closed:
    """The order goes on by itself, from the stage that it waited in."""
    following = step.state.following
    assert following is not None  # noqa: S101 - every caller has just looked
    step.state.following = None
    step.drive_clocks(at)
    return Closed(task=wait_of(step.state, following), outcome="ended", by=by.id, by_kind=by.kind, at=at)


def wait_of(state: OrderState, following: Following) -> Task:
    """The wait as the workflow sees it. Task numbers begin at 1, so this one is nobody else's."""
    return Task(id=wait_id(state), kind=FOLLOWING, opened_at=following.since)


def wait_id(state: OrderState) -> str:
    return f"{state.number}.0"


def finish(step: Step, event: Event, worker: str | None, at: datetime) -> None:
    """The work of the whole group is done. Whoever did it counts as this order's worker: they are the one who goes
    again if it is not fixed here, and who is rated.
    """
    state = step.state
    step.keep_promises(event.kind, at)
    if worker is not None:
        state.assignee = worker
        state.done_by[state.lifecycle.work_task] = worker
        state.remember_worker(worker)
    step.enter(state.lifecycle.after_following, at, event)


def follow_on(step: Step, primary: str, at: datetime) -> None:
    """The primary was called off, and another of the group has taken its place."""
    before = step.state.following
    assert before is not None  # noqa: S101 - every caller has just looked
    step.state.following = before.model_copy(update={"primary": primary})
    step.record("followed_on", SYSTEM, at, Audience.STAFF, primary=primary, former=before.primary)


# -- what takes both rows ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """What the database knows of one order of a group, its row being locked."""

    number: str
    kind: str
    community_id: str
    open: bool
    finished: bool
    """The work is done, whether or not the order has closed."""
    leader: str | None
    """The order or incident that it follows."""
    leads: bool = False
    """Open orders follow it."""
    worker: str | None = None
    called_off: bool = False
    """The work will not be done."""
    matter: str | None = None
    """Of a complaint: whether it is one, or a suggestion."""
    kept_from: frozenset[str] = frozenset()
    """Staff for whom it does not exist."""

    @property
    def over(self) -> bool:
        return self.finished or self.called_off or not self.open


def may_follow(child: Standing, primary: Standing | None, communities: tuple[str, ...], by: str = "") -> None:
    """Groups are one deep, of one kind and community, and only of orders that are worked on.

    Whoever is kept from one must be kept from all of a group: they would read in one what is said on another, or
    answer what complains of them. An exclusion is never widened instead, because the rung that decides may then be
    empty once an order is taken out again.

    Raises NotFound for what does not exist for `by` or lies outside their `communities`, else IllegalTransition with
    the reason.
    """
    if primary is None or by in primary.kept_from or not ("*" in communities or primary.community_id in communities):
        raise NotFound("order_not_found")
    if (primary.kind, primary.matter) != (child.kind, child.matter):
        raise IllegalTransition("merge_other_kind")
    if primary.community_id != child.community_id:
        raise IllegalTransition("merge_other_community")
    if primary.kept_from != child.kept_from:
        raise IllegalTransition("merge_other_exclusion")
    if primary.over:
        raise IllegalTransition("primary_over")
    if primary.leader is not None:
        raise IllegalTransition("primary_follows", leader=primary.leader)
    if child.leads:
        raise IllegalTransition("leads_a_group")
    if child.over:
        raise IllegalTransition("cannot_merge_here")


def fate_of(follower: Standing, primary: Standing, heir: Standing | None) -> Fate:
    """What becomes of a follower. `heir` takes the place of a primary that was called off: its oldest follower."""
    if not primary.over:
        return Fate()
    if primary.finished:
        return Fate(came_to="finished", worker=primary.worker)
    if heir is None or heir.number == follower.number:
        return Fate(came_to="promoted")
    if heir.leader is None:
        return Fate(came_to="followed_on", primary=heir.number)
    # Once the heir has heard of its promotion, its own step wakes the others.
    return Fate() if heir.leader == primary.number else Fate(came_to="free")
