"""A repair's visits that do not end the work: another firm has it, or nobody was at home."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.domain import visits
    from models.domain.acts import Moved
    from models.domain.lifecycles.visits import CALL_REPORTER, FOLLOW_UP, REBOOK
    from workflows.work_order import WorkOrderWorkflow


class Visits(WorkOrderWorkflow):
    """Stage `referred`, and the hold that asks for a new time."""

    def refer(self, decision: Moved) -> None:
        visits.refer(self.order, decision)
        self.enter("referred", decision)

    async def referred(self) -> None:
        news = await self.ask(FOLLOW_UP)
        match news.outcome:
            case "done":
                self.enter("finished", news)
            case "postponed":
                visits.postpone(self.order, news)
            case _:
                self.enter("submitted", news)

    def lock_out(self, visit: Moved) -> None:
        visits.lock_out(self.step, visit, workflow.now())

    async def rebooking(self) -> None:
        hold = self.order.hold
        assert hold is not None  # noqa: S101 - the loop over the stages has just seen it
        asks_reporter = hold.rebooking == "reporter"
        answer = await (self.ask_reporter(REBOOK) if asks_reporter else self.ask(CALL_REPORTER))
        match answer.outcome:
            case "rebooked":
                self.enter(hold.stage, answer)
                visits.rebook(self.order, answer)
            case "expired":
                visits.let_clerk_call(self.order, workflow.now())
            case _:
                self.enter("cancelled", answer)
