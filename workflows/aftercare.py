"""What a repair still owes after its end: stars, the call-back, and a hearing for whom staff have cancelled."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.domain import aftercare
    from models.domain.acts import Moved
    from models.domain.lifecycles.aftercare import CALL_BACK, MAKE_GOOD, OBJECT, REVIEW_CANCEL
    from models.domain.lifecycles.repair import RATE
    from models.domain.order import Objection
    from models.domain.people import SYSTEM, Actor
    from workflows import names
    from workflows.publishing import carry_out
    from workflows.work_order import WorkOrderWorkflow

OBJECTION = "objection"
"""Patch: orders cancelled before it ended at once. Remove when none of release 0.1 is left in retention."""

CALL_BACKS = "call-backs"
"""Patch: orders closed before it were not called back. Remove when none of release 0.1 is open."""


class Aftercare(WorkOrderWorkflow):
    async def afterwards(self) -> None:
        if self.order.objection is not None:
            await self.hear_objection()
        elif self.order.stage == "closed":
            await self.hear_stars()

    async def hear_stars(self) -> None:
        asked = self.order.asked_to_rate and self.order.task_of(RATE.kind) is None
        if self.order.reporter.kind == "resident" and self.order.rating is None and not asked:
            self.order.asked_to_rate = True
            await self.ask_reporter(RATE)
            if aftercare.hasten_call_back(self.order, workflow.now()) and workflow.patched(CALL_BACKS):
                self.open_beside(CALL_BACK)

    def plan_call_back(self) -> None:
        """On closing, when the stars may have come with the confirmation."""
        if aftercare.plan_call_back(self.order, workflow.now()) and workflow.patched(CALL_BACKS):
            self.open_beside(CALL_BACK)

    def after_call_back(self, call: Moved) -> None:
        self.order.call_back_by = None
        if call.outcome == "discontent":
            self.open_beside(MAKE_GOOD)

    def after_make_good(self, answer: Moved) -> None:
        """The lead's answer is on the record."""

    def cancelled_by(self, actor: Actor) -> None:
        reporter = self.order.reporter
        if actor.kind == "staff" and reporter.kind == "resident" and workflow.patched(OBJECTION):
            self.order.objection = Objection.POSSIBLE
            self.step.open(OBJECT, workflow.now(), reporter.id, ())

    async def hear_objection(self) -> None:
        """The reporter's word, then a lead's who did not cancel it. A cancelled order stays so: what was cancelled
        wrongly is filed again, linked to it.
        """
        if self.order.objection is Objection.POSSIBLE:
            word = await self.ask_reporter(OBJECT)
            if word.outcome == "expired":
                return
            self.order.objection = Objection.RAISED
        verdict = await self.ask(REVIEW_CANCEL)
        if verdict.outcome == "filed_again":
            with self.between_tasks():
                number = await carry_out(names.FILE_AGAIN, self.order.number, str)
            self.step.record("follows_on", SYSTEM, workflow.now(), sequel=number)
