"""报修: from submitted to rated. Read it aloud."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.domain import appointments
    from models.domain.acts import Moved, agree_appointment, restart_clock
    from models.domain.clocks import ClockName
    from models.domain.lifecycles.repair import ACCEPT, AGREE_APPOINTMENT, CARRY_OUT, CONFIRM, DISPATCH, SECOND_ATTEMPT
    from models.domain.order import OrderState
    from models.domain.people import SYSTEM, Role
    from workflows.aftercare import Aftercare
    from workflows.quoting import Quoting
    from workflows.visits import Visits


@workflow.defn(name="Repair")
class RepairWorkflow(Visits, Quoting, Aftercare):
    @workflow.init
    def __init__(self, order: OrderState) -> None:
        super().__init__(order)

    @workflow.run
    async def run(self, order: OrderState) -> str:
        return await self.live()

    async def submitted(self) -> None:
        decision = await self.assigned_by_itself(DISPATCH)
        if decision is None:
            decision = await self.ask(DISPATCH, roles=(Role.LEAD,) if self.order.reopened > 1 else None)
        match decision.outcome:
            case "assigned":
                self.give_to(decision.form["staff"], decision)
            case "pool":
                self.give_to(None, decision)
            case "referred":
                self.refer(decision)
            case "rejected":
                self.enter("rejected", decision)

    async def dispatched(self) -> None:
        answer = await self.ask(ACCEPT, to=self.order.assignee)
        match answer.outcome:
            case "accepted":
                # A deputy accepts for somebody; the order stays with the person who was meant to have it.
                self.order.assignee = answer.closed.task.holder or answer.by
                self.enter("accepted", answer)
                self.appoint(answer)
            case _:
                self.give_up(answer)

    async def accepted(self) -> None:
        visit = await self.ask(CARRY_OUT, to=self.order.assignee)
        match visit.outcome:
            case "proposed":
                self.appoint(visit)
            case "arrived" | "forced_entry":
                self.enter("in_progress", visit)
            case "no_access":
                self.lock_out(visit)
            case _:
                self.give_up(visit)

    async def in_progress(self) -> None:
        work = await self.ask(CARRY_OUT, to=self.order.assignee)
        match work.outcome:
            case "needs_quote":
                await self.put_quote(work)
            case "finished":
                self.order.temporary = bool(work.form.get("temporary"))
                self.enter("finished", work)
                self.claim_money()
            case "cancelled":
                self.enter("cancelled", work)
            case "no_access":
                self.lock_out(work)
            case _:
                self.give_up(work)

    async def finished(self) -> None:
        verdict = await self.ask_reporter(CONFIRM)
        if verdict.outcome == "not_fixed":
            self.reopen(verdict)
        else:
            self.enter("closed", verdict)
            self.plan_call_back()

    def appoint(self, word: Moved) -> None:
        """Whoever proposes a time asks the reporter, who may have wished for just that one."""
        if "appointment" not in word.form:
            return
        before = self.order.task_of(AGREE_APPOINTMENT.kind)
        if before is not None:
            self.step.close(before, "withdrawn", SYSTEM, workflow.now())
        # Orders that began before 0.2 took the technician's word for agreed; drop this once none of them is open.
        if not workflow.patched("appointments-are-agreed"):
            agree_appointment(self.order, word.form)
        elif appointments.propose(self.order, word.form):
            self.open_beside(AGREE_APPOINTMENT, to=self.order.reporter.id, roles=())
            asked = self.order.task_of(AGREE_APPOINTMENT.kind)
            if asked is not None:
                asked.gives_up_at = appointments.answer_by(self.order, workflow.now())

    def after_agree_appointment(self, answer: Moved) -> None:
        appointments.answered(self.order, answer.outcome, answer.form)

    def give_to(self, staff: str | None, because: Moved) -> None:
        """To one technician, or with None into the pool."""
        self.order.assignee = staff
        if self.order.stage != "dispatched":
            self.enter("dispatched", because)

    def give_up(self, answer: Moved) -> None:
        """The technician hands the order back, or a dispatcher takes it from them."""
        if answer.outcome == "reassigned":
            self.give_to(answer.form["staff"], answer)
        else:
            self.order.assignee = None
            self.enter("submitted", answer)

    def reopen(self, verdict: Moved) -> None:
        """Once to the same technician; the second time the lead chooses another. What another firm has done, a
        dispatcher sees to.
        """
        self.order.reopened += 1
        again = self.order.reopened == 1 and self.order.assignee is not None
        self.enter("in_progress" if again else "submitted", verdict)
        restart_clock(self.order, ClockName.FINISH, workflow.now(), share=SECOND_ATTEMPT)
        if self.order.stage == "submitted":
            self.order.assignee = None
