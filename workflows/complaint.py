"""投诉建议: from submitted to called back. Read it aloud."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.domain.acts import Moved, restart_clock
    from models.domain.clocks import ClockName
    from models.domain.complaints import Complaint
    from models.domain.lifecycles.complaint import ASSIGN, CALL_BACK, DISPUTE_LEVEL, HANDLE, JUDGE, OBJECT
    from models.domain.order import OrderState
    from models.domain.people import Role
    from workflows.work_order import WorkOrderWorkflow


CALLED_BACK_ONCE = "called-back-once"
"""Patch: complaints that continued as new before it were called back twice. Remove when none of them is open."""


@workflow.defn(name="Complaint")
class ComplaintWorkflow(WorkOrderWorkflow):
    @workflow.init
    def __init__(self, order: OrderState) -> None:
        super().__init__(order)

    @workflow.run
    async def run(self, order: OrderState) -> str:
        return await self.live()

    async def submitted(self) -> None:
        decision = await self.ask(ASSIGN, roles=(self._decider,))
        match decision.outcome:
            case "assigned":
                self.order.assignee = decision.form["staff"]
                self.enter("assigned", decision)
            case "rejected":
                self.enter("refused", decision)

    async def refused(self) -> None:
        """The firm will not take it up. Its maker may object once, and somebody higher decides."""
        if self.complaint.objected:
            self.enter("rejected")
            return
        word = await self.ask_reporter(OBJECT)
        if word.outcome == "objected":
            self.order.complaint = self.complaint.model_copy(update={"objected": True})
            self.enter("submitted", word)
        else:
            self.enter("rejected", word)

    async def assigned(self) -> None:
        await self._work()

    async def handling(self) -> None:
        await self._work()

    async def disputed(self) -> None:
        """The second round. Its answer is final."""
        await self._work()

    async def _work(self) -> None:
        """Reply as often as it takes, then answer."""
        work = await self.ask(HANDLE, to=self.order.assignee, roles=None if self.order.assignee else (self._decider,))
        if work.closed.by_kind == "staff":
            # A deputy answers for somebody; the complaint stays with the person whose it is.
            self.order.assignee = work.closed.task.holder or work.by
        match work.outcome:
            case "answered":
                self.enter("answered", work)
            case "replied" if self.order.stage == "assigned":
                self.enter("handling", work)
            case "reassigned":
                self._pass_on(work)
            case "handed_back":
                self._hand_back(work)

    async def answered(self) -> None:
        if self.order.reopened:  # The second answer is final.
            self.enter("closed")
            return
        verdict = await self.ask_reporter(JUDGE)
        if verdict.outcome == "dissatisfied":
            self._climb(verdict)
        else:
            self.enter("closed", verdict)

    async def afterwards(self) -> None:
        # By an earlier run, which has continued as this one.
        asked = self.order.task_of(CALL_BACK.kind) is not None and workflow.patched(CALLED_BACK_ONCE)
        if self.order.stage == "closed" and self.complaint.call_back and not asked:
            # All clerks may report to whoever is complained of; then the rung that decided calls back.
            about_superior = self.complaint.subject.role is not None
            self.open_beside(CALL_BACK, roles=(Role.CLERK, self.complaint.rung) if about_superior else None)

    def after_call_back(self, call: Moved) -> None:
        """The call is on the record, and a bad one has told the manager: nothing follows."""

    def _pass_on(self, work: Moved) -> None:
        """Whoever gets it goes on, also from a hold: what they wait for they say themselves."""
        self.order.assignee = work.form["staff"]
        if self.order.stage == "on_hold":
            self.enter("disputed" if self.order.reopened else "assigned", work)

    def _hand_back(self, work: Moved) -> None:
        """In the second round there is nobody to hand back to but the same rung."""
        self.order.assignee = None
        if not self.order.reopened:
            self.enter("submitted", work)
        elif self.order.stage == "on_hold":
            self.enter("disputed", work)

    def _climb(self, verdict: Moved) -> None:
        """Once, and one rung higher, with a promise of its own."""
        self.order.reopened += 1
        self.order.assignee = None
        self.enter("disputed", verdict)
        restart_clock(self.order, ClockName.ANSWER, workflow.now(), level=DISPUTE_LEVEL)

    @property
    def complaint(self) -> Complaint:
        assert self.order.complaint is not None  # noqa: S101 - intake gives every complaint its own
        return self.order.complaint

    @property
    def _decider(self) -> Role:
        return self.complaint.decider(self.order.reopened)
