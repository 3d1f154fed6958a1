"""Human tasks on Temporal: ask somebody, come to rest, go on with their answer.

While a task is open its commands are Updates. A validator refuses at once, leaving nothing in history; the handler
asks the same pure functions again, because another command may have come between. A command answers when what it
moved has come to rest and is published, so whoever sent it reads what they wrote.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.domain import commands, rights
    from models.domain.acts import ACTS, Moved
    from models.domain.errors import Unauthenticated, Unavailable
    from models.domain.following import FOLLOWING
    from models.domain.order import OrderState
    from models.domain.people import SYSTEM, Actor, Role
    from models.domain.step import Handled
    from models.domain.tasks import Task, TaskSpec
    from workflows import names, options, proof_keys
    from workflows.publishing import Publishing, carry_out
    from workflows.refusals import refusals


class Withdrawn(Exception):
    """The task that was waited for is gone: the order was cancelled."""


class Receipt(BaseModel):
    """What a command answers; everything else is read from Postgres, where it stands by now."""

    model_config = ConfigDict(frozen=True)

    stage: str
    version: int


class Owed:
    """A command that waits until the branch it moved has come to rest."""

    paid = False


def command(name: str, description: str) -> Any:
    """One Update: handler and validator, both reading the same rules.

    `self` stays without a type, because temporalio only then takes it for the instance and not for an argument.
    """

    async def handle(self, envelope: commands.Envelope) -> Receipt:  # type: ignore[no-untyped-def]
        receipt: Receipt = await self.obey(name, envelope)
        return receipt

    def validate(self, envelope: commands.Envelope) -> None:  # type: ignore[no-untyped-def]
        self.check(name, envelope)

    update = workflow.update(name=name, description=description)(handle)
    update.validator(validate)
    return update


class HumanTasks(Publishing):
    """Opens tasks and serves the commands on them."""

    def __init__(self, order: OrderState) -> None:
        super().__init__(order)
        self.ending = False
        self.timekeeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._owed: list[Owed] = []
        self._between_tasks = False

    async def ask(
        self,
        spec: TaskSpec,
        *,
        to: str | None = None,
        roles: tuple[Role, ...] | None = None,
        seen_by: tuple[Role, ...] = (),
    ) -> Moved:
        """Open the task, or go on with the one that is already open, and wait for its end. Raises Withdrawn."""
        number = self._open_or_answered(spec.kind)
        if number is None:
            task = self._open(spec, to, roles)
            task.also_seen_by = seen_by
            number = task.id
        if number in self.order.tasks:
            await self.rest()
        await self.until(lambda: number not in self.order.tasks)
        answer = self._moved.pop(number, None)
        if answer is None:
            raise Withdrawn
        return answer

    def open_once(
        self,
        spec: TaskSpec,
        *,
        to: str | None = None,
        people: tuple[str, ...] = (),
        roles: tuple[Role, ...] | None = None,
        since: datetime | None = None,
    ) -> None:
        """Open one of several tasks that a stage waits for together, unless it is open or has just been ended."""
        if self._open_or_answered(spec.kind) is None:
            self._open(spec, to, roles, people, since)

    async def first_of(self) -> Moved:
        """Wait for whichever of the open tasks ends first; the others stay open. Raises Withdrawn."""
        if not self._moved:
            await self.rest()
        await self.until(lambda: bool(self._moved) or not self.order.tasks)
        if not self._moved:
            raise Withdrawn
        return self._moved.pop(next(iter(self._moved)))

    def end_first(self, outcome: str) -> None:
        """Something that happened outside answers what the stage waits for."""
        now = workflow.now()
        event = self.step.record(outcome, SYSTEM, now)
        task = next(iter(self.order.tasks.values()))
        self._moved[task.id] = Moved(self.step.close(task, outcome, SYSTEM, now), event)

    async def is_proved(self, name: str, fact: commands.Fact) -> bool:
        """Whether one of our machines told it. Asked outside, so that a replay with other keys hears the same."""
        told = commands.ToldFact(number=self.order.number, name=name, fact=fact)
        answer: bool = await carry_out(names.VERIFY_FACT, told, bool)
        return answer

    def open_beside(self, spec: TaskSpec, *, to: str | None = None, roles: tuple[Role, ...] | None = None) -> None:
        """Open a task that no stage waits for. Its end is told to the lifecycle's method `after_<kind>`, at once."""
        self._open(spec, to, roles)

    def _open(
        self,
        spec: TaskSpec,
        to: str | None,
        roles: tuple[Role, ...] | None,
        people: tuple[str, ...] = (),
        since: datetime | None = None,
    ) -> Task:
        """For the usual roles where no others are named; what residents are asked is in no pool."""
        usual = () if people else spec.roles
        return self.step.open(spec, workflow.now(), to, usual if roles is None else roles, people, since)

    def answered_beside(self, moved: Moved) -> bool:
        """Let the lifecycle hear of a task beside its stages; answers whether it was one."""
        kind = moved.closed.task.kind
        if kind == FOLLOWING or not self.order.lifecycle.tasks[kind].beside:
            return False
        getattr(self, f"after_{kind}")(moved)
        return True

    def cancelled_by(self, actor: Actor) -> None:
        """The order has just been cancelled. What a lifecycle owes the reporter for that is opened in the same step."""

    async def until(self, done: Callable[[], bool]) -> None:
        """Wait for people, at rest, continuing as new where the history has grown long."""
        while not done():
            await workflow.wait_condition(lambda: done() or self._renewal_due or self.time_has_stopped)
            if self.time_has_stopped:
                self.timekeeper.result()  # Raises what ended it: an order without deadlines must not look well.
            elif not done():
                await self._renew(done)

    def _open_or_answered(self, kind: str) -> str | None:
        """The task to go on with: right after a start, a command may have come, and ended it, before the lifecycle
        asked.
        """
        answered = (number for number, moved in self._moved.items() if moved.closed.task.kind == kind)
        task = self.order.task_of(kind)
        return task.id if task else next(answered, None)

    async def rest(self) -> None:
        """The lifecycle waits for the world again: publish, then let those go who waited for it."""
        await self.publish()
        if self._moved:
            return  # The publish moved a task of somebody who has left: the order comes to rest further on.
        owed, self._owed = self._owed, []
        for command_ in owed:
            command_.paid = True

    def check(self, name: str, envelope: commands.Envelope) -> None:
        """The validator of every command."""
        with refusals():
            if self.failing:
                raise Unavailable("projection_failing")
            if self.ending:
                raise Unavailable("unavailable")
            if not isinstance(envelope, commands.Envelope):
                raise Unauthenticated("unproved")  # A null reaches every handler as None, whatever its type.
            envelope.verify(proof_keys.KEYS, self.order.number, name, workflow.now())
            self._checked(name, envelope)

    def _checked(self, name: str, envelope: commands.Envelope) -> commands.Command:
        said = envelope.open(name)
        rights.CHECKS[name](self.order, envelope.actor, said, workflow.now())
        return said

    async def obey(self, name: str, envelope: commands.Envelope) -> Receipt:
        """The handler of every command."""
        await self.take_turn()
        with refusals():
            envelope = await self.decided(name, envelope)
        with refusals(), self.step.atomically():
            said = self._checked(name, envelope)
            moved = ACTS[name](self.step, envelope.actor, said, workflow.now())
            if name == "cancel":
                self.cancelled_by(envelope.actor)
            self._remember(envelope)
            beside = moved is not None and self.answered_beside(moved)
        if moved is None or beside:
            await self.publish()
        else:
            await self._go_on(moved)
        return Receipt(stage=self.order.stage, version=self.order.version)

    async def decided(self, name: str, envelope: commands.Envelope) -> commands.Envelope:
        """What only the database can know is decided before anything changes. Answers the envelope to go on with."""
        return envelope

    def _remember(self, envelope: commands.Envelope) -> None:
        update = workflow.current_update_info()
        self.order.handled_updates += 1
        if update is not None:
            self.step.handled.append(Handled(update_id=update.id, digest=envelope.digest))

    async def take_turn(self) -> None:
        """A closed task and the next stage are one step: whatever comes between would find an order that waits for
        nobody.
        """
        while self._moved or self._between_tasks:
            await workflow.wait_condition(lambda: not self._moved and not self._between_tasks)

    @contextmanager
    def between_tasks(self) -> Iterator[None]:
        """While a lifecycle looks something up between one task and the next, nobody acts on the order."""
        self._between_tasks = True
        try:
            yield
        finally:
            self._between_tasks = False

    async def _go_on(self, moved: Moved) -> None:
        owed = Owed()
        self._owed.append(owed)
        self._moved[moved.closed.task.id] = moved
        await workflow.wait_condition(lambda: owed.paid)

    @property
    def time_has_stopped(self) -> bool:
        return self.timekeeper.done()

    @property
    def _renewal_due(self) -> bool:
        if self.failing:
            return False  # Only this run knows that it may take no commands.
        suggested = workflow.info().is_continue_as_new_suggested()
        return suggested or self.order.handled_updates >= options.RENEW_AFTER_UPDATES

    async def _renew(self, done: Callable[[], bool]) -> None:
        """Continue as new, only at rest: no handler running, nothing unpublished, the wait not over.

        A command that ends the task meanwhile waits for the lifecycle, so the lifecycle must not wait for it.
        """
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() or done())
        if done():
            return
        await self.publish()
        if not done() and not self.step and workflow.all_handlers_finished():
            workflow.continue_as_new(self.order.model_copy(update={"handled_updates": 0}))

    claim = command("claim", "抢单：take a task out of the pool")
    release = command("release", "放回：give a claimed task back to the pool")
    reassign = command("reassign", "转单：give the work to somebody else")
    hand_over = command("hand_over", "移交：the holder has left; the system gives the task on")
    complete = command("complete", "完成：end a task with one of its outcomes")
    hold = command("hold", "挂起：wait, with a reason and a wake-up time")
    resume = command("resume", "恢复：end the hold")
    urge = command("urge", "催单：the reporter presses")
    cancel = command("cancel", "取消：withdraw the order")
    amend = command("amend", "更正：correct category, place or priority")
    refresh_policy = command("refresh_policy", "按新设置计时：today's levels and calendar, by the system")
    join = command("join", "一同等候：one more resident waits for the same car; sent by the system")
    comment = command("comment", "留言：say something on the order")
    consent = command("consent", "登记入户同意：somebody who may has agreed to a vacant home being entered")
    reply_to_rating = command("reply_to_rating", "回复评价：the firm's one answer to the stars")
    rate = command("rate", "评价：the reporter's three stars")
    merge = command("merge", "合并：follow a primary order or an incident")
    unmerge = command("unmerge", "取消合并：go on by itself again")
    wake = command("wake", "something has come of what the order follows; sent by the system")

    @workflow.query(name=names.SNAPSHOT, description="The whole state, as Postgres should have it")
    def snapshot(self) -> OrderState:
        return self.order

    @workflow.query(name=names.ALLOWED, description="What a person may do now")
    def allowed(self, actor: Actor) -> list[rights.Action]:
        return rights.allowed(self.order, actor, workflow.now())

    @workflow.signal(name=names.REPUBLISH, description="Publish the whole state, to heal a projection that differs")
    async def republish(self) -> None:
        await self.publish(whole=True)
