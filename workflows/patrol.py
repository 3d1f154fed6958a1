"""巡检: one walk of a round, begun by the round's Schedule, over when the next one begins.

What is ticked meanwhile goes straight to Postgres: nothing here depends on it. The workflow only keeps the time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ActivityError
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from models.domain.rounds import Firing, Opened
    from workflows import names
    from workflows.options import TELLING, UNTIL_DONE

KEEPING: Final[ActivityConfig] = {**UNTIL_DONE, "task_queue": names.ORDERS}
CALLING: Final[ActivityConfig] = {**TELLING, "task_queue": names.EFFECTS}

PLANNED_FOR: Final = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
"""Set by the server on whatever a Schedule starts: the time of the plan, also when it starts late."""


@workflow.defn(name="Patrol")
class PatrolWorkflow:
    @workflow.run
    async def run(self, round_id: str) -> str:
        opened = await self.open(Firing(round_id=round_id, at=planned_for()))
        if opened.missed:
            await self.tell_leads(opened.missed)
        if opened.patrol_id is None or opened.due_at is None:
            return "not opened"
        await workflow.sleep(max(opened.due_at - workflow.now(), timedelta(0)), summary="the next walk begins")
        if not await self.give_up(opened.patrol_id):
            return "done"
        await self.tell_leads([opened.patrol_id])
        return "missed"

    async def open(self, firing: Firing) -> Opened:
        answer: Opened = await workflow.execute_activity(names.OPEN_PATROL, firing, result_type=Opened, **KEEPING)
        return answer

    async def give_up(self, patrol_id: str) -> bool:
        """Whether something was left to do when the time was over."""
        missed: bool = await workflow.execute_activity(names.GIVE_UP_PATROL, patrol_id, result_type=bool, **KEEPING)
        return missed

    async def tell_leads(self, patrol_ids: list[str]) -> None:
        """Notices that cannot be written must not keep the walk open; the console shows it in any case."""
        try:
            await workflow.execute_activity(names.TELL_LEADS, patrol_ids, **CALLING)
        except ActivityError as error:
            workflow.logger.warning("leads were not told of %s: %s", patrol_ids, error.cause)


def planned_for() -> datetime:
    return workflow.info().typed_search_attributes.get(PLANNED_FOR) or workflow.info().start_time
