"""What all lifecycles share: a loop over stages, an end, and the step from one to the next."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.domain.acts import Moved, assign_by_itself, withdraw_tasks
    from models.domain.order import OrderState
    from models.domain.people import Role
    from models.domain.tasks import TaskSpec
    from workflows import assigning, names
    from workflows.deadlines import Deadlines
    from workflows.human_tasks import Withdrawn
    from workflows.publishing import carry_out


class WorkOrderWorkflow(Deadlines):
    """A lifecycle is a subclass with one method per stage.

    Start, reset and continue-as-new all come in through `live`.
    """

    def __init__(self, order: OrderState) -> None:
        super().__init__(order)

    async def live(self) -> str:
        self.timekeeper = asyncio.create_task(self.keep_time())
        while self.order.open:
            try:
                await (self.follow() if self.parked else self._stage())
            except Withdrawn:
                continue  # It was cancelled, or now follows another order.
        await self.afterwards()
        if self.order.tasks:
            await self.rest()
            await self.until(lambda: not self.order.tasks)
        await self._end()
        self.timekeeper.cancel()
        return self.order.stage

    async def _stage(self) -> None:
        """The method of the present stage; an order on hold waits in the stage that it will resume, unless its hold is
        itself a question.
        """
        hold = self.order.hold
        stage = "rebooking" if hold and hold.rebooking else hold.stage if hold else self.order.stage
        await getattr(self, stage)()

    async def afterwards(self) -> None:
        """What still happens to an order that has reached its end, such as its rating.

        The end and what it opens are one publish.
        """

    async def _end(self) -> None:
        """From here on Postgres is the truth."""
        self.ending = True
        await self.rest()
        await workflow.wait_condition(workflow.all_handlers_finished)
        await carry_out(names.END, self.order.number)

    def enter(self, stage: str, because: Moved | None = None) -> None:
        """Refuses what is not on the map."""
        self.step.enter(stage, workflow.now(), because.event if because else None)

    async def assigned_by_itself(self, spec: TaskSpec) -> Moved | None:
        """The first task of a new order, ended by a look at who is there; None leaves it to people.

        Only of an order whose state says so, so that older histories never come here. What somebody has handed back
        is for a person to decide. Raises Withdrawn.
        """
        if not self.order.assigns_itself or self.order.opened > 1:
            return None
        choice = await assigning.choose(self.order.number)
        if self._open_or_answered(spec.kind) is None:
            raise Withdrawn  # Cancelled while we looked.
        task = self.order.task_of(spec.kind)
        if choice is None or task is None or task.holder is not None:
            return None
        return assign_by_itself(self.step, spec.kind, choice, workflow.now())

    def leave_for(self, stage: str, because: Moved) -> None:
        """Enter the stage; what else was asked in the one before is not asked any more."""
        withdraw_tasks(self.step, "withdrawn", workflow.now())
        self.enter(stage, because)

    async def ask_reporter(self, spec: TaskSpec) -> Moved:
        """A task of the reporter's.

        What staff found themselves, a lead answers; for a guest without account, a clerk writes it down.
        """
        reporter = self.order.reporter
        if reporter.kind == "resident":
            return await self.ask(spec, to=reporter.id, roles=())
        if reporter.kind == "staff":
            # Work that nobody has looked at never counts as accepted by silence.
            return await self.ask(replace(spec, gives_up_after=None), roles=spec.roles)
        return await self.ask(spec, roles=(), seen_by=(Role.CLERK,))
