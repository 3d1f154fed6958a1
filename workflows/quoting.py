"""报价与收款: who is asked whether the repair may cost that much, and what becomes of the money."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.domain import quotes
    from models.domain.acts import Moved
    from models.domain.lifecycles.repair import APPROVE_QUOTE, SETTLE
    from models.domain.people import Role
    from models.domain.quotes import Parties
    from workflows import names
    from workflows.publishing import carry_out
    from workflows.work_order import WorkOrderWorkflow


class Quoting(WorkOrderWorkflow):
    """The part of a repair that is about money."""

    async def put_quote(self, work: Moved) -> None:
        """Only the database knows the house's owner, who may have changed since the report."""
        with self.between_tasks():
            parties: Parties = await carry_out(names.QUOTE_PARTIES, self.order.number, Parties)
        quotes.put_quote(self.order, work.form, work.by, parties, workflow.now())
        self.enter("quoting", work)

    async def quoting(self) -> None:
        asked = self.order.quote.asked if self.order.quote else None
        # Nobody can press a button: a clerk brings the answer on paper.
        answer = await self.ask(APPROVE_QUOTE, to=asked, roles=(), seen_by=() if asked else (Role.CLERK,))
        by = None if answer.outcome == "expired" else answer.by
        quotes.answer_quote(self.order, answer.outcome, by, workflow.now())
        self.enter("in_progress", answer)

    def claim_money(self) -> None:
        """Closing the order does not wait for its money."""
        if quotes.outstanding(self.order) and self.order.task_of(SETTLE.kind) is None:
            self.open_beside(SETTLE)

    def after_settle(self, answer: Moved) -> None:
        quotes.settle(self.order, answer.outcome, answer.form)
