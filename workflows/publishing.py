"""Every step ends in one publish: the state, its events, tasks, notices and handled requests, in one transaction."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from models.domain.acts import Moved, move_away
    from models.domain.order import OrderState
    from models.domain.step import Batch, Published, Step
    from workflows import details, names, search_attributes
    from workflows.options import AT_ONCE, UNTIL_DONE

INTEGRITY = "projection_integrity"
"""Type of the publish error that no retry can heal: an operator has to look."""


class Publishing:
    """Owns the order's state and carries it to Postgres and to the Temporal UI."""

    def __init__(self, order: OrderState) -> None:
        self.step = Step(order)
        self.failing = False
        self._publishing = asyncio.Lock()  # two handlers may finish together; batches must leave in version order
        self._shown = search_attributes.shown(order)
        self._moved: dict[str, Moved] = {}
        self._show()

    @property
    def order(self) -> OrderState:
        return self.step.state

    async def publish(self, *, whole: bool = False) -> None:
        async with self._publishing:
            if not (self.step or whole):
                return
            batch = self.step.batch(workflow.now(), whole=whole)
            answer = await self._write(batch)
            if answer.behind:
                answer = await self._write(batch.model_copy(update={"whole": True}))
            self._moved |= move_away(self.step, answer.ineligible, workflow.now(), answer.reasons)
            self._show()
        if answer.ineligible and not self._moved:
            await self.publish()

    async def _write(self, batch: Batch) -> Published:
        try:
            answer: Published = await carry_out(names.PUBLISH, batch, Published)
        except (ActivityError, ApplicationError) as error:
            if not _is_integrity(error):
                raise
            self.failing = True
            return Published()
        self.failing = False
        return answer

    def _show(self) -> None:
        """Tell the operator, in the Temporal UI."""
        now_shown = search_attributes.shown(self.order)
        changes = search_attributes.updates(self._shown, now_shown)
        if changes:
            workflow.upsert_search_attributes(changes)
            self._shown = now_shown
        workflow.set_current_details(details.in_words(self.order, workflow.now()))


def _is_integrity(error: ActivityError | ApplicationError) -> bool:
    """A local activity that may not be retried fails with the error itself, a regular one with an ActivityError
    around it.
    """
    said = error.cause if isinstance(error, ActivityError) else error
    return isinstance(said, ApplicationError) and said.type == INTEGRITY


async def carry_out(activity: str, argument: Any, result: type | None = None) -> Any:
    """A failing statement never spins: a few attempts at once, then a patient activity whose retries add no events."""
    try:
        return await workflow.execute_local_activity(activity, argument, result_type=result, **AT_ONCE)
    except (ActivityError, ApplicationError) as error:
        if _is_integrity(error):
            raise
        return await workflow.execute_activity(activity, argument, result_type=result, **UNTIL_DONE)
