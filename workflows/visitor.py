"""访客: from invited, or waiting at the gate, to gone. Read it aloud."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.domain.acts import Moved
    from models.domain.lifecycles.visitor import ADMIT, APPROVE_STAY, ARRIVE, CALL_HOST, LEAVE
    from models.domain.order import OrderState
    from models.domain.visitors import Visit
    from workflows.gates import SeenAtGates


@workflow.defn(name="Visitor")
class VisitorWorkflow(SeenAtGates):
    @workflow.init
    def __init__(self, order: OrderState) -> None:
        super().__init__(order)

    @workflow.run
    async def run(self, order: OrderState) -> str:
        return await self.live()

    async def waiting_approval(self) -> None:
        """Somebody stands at the gate: the residents answer, or tell the guard who telephones."""
        self.open_once(ADMIT, people=self.visit.hosts)
        if not self.visit.reachable:
            self.open_once(CALL_HOST)
        await self._go_on_with(await self.first_of())

    def reached_milestone(self, kind: str) -> None:
        if kind == "guard_calls_host":
            self.open_once(CALL_HOST)

    async def invited(self) -> None:
        if not self.visit.approved:
            await self._ask_about_long_stay()
            return
        self.open_once(ARRIVE, since=self.visit.until)
        await self._go_on_with(await self.first_of())

    async def arrived(self) -> None:
        """Inside. Whoever may come more than once is let in again, also when nobody has seen them leave."""
        self.open_once(LEAVE, since=self.visit.until)
        if self.visit.may_come_again:
            self.open_once(ARRIVE, since=self.visit.until)
        await self._go_on_with(await self.first_of())

    async def left(self) -> None:
        if not self.visit.may_come_again:
            self.enter("closed")
            return
        self.open_once(ARRIVE, since=self.visit.until)
        await self._go_on_with(await self.first_of())

    async def _go_on_with(self, answer: Moved) -> None:
        match answer.outcome:
            case "arrived" | "admitted":
                self._let_in(answer)
            case "left" | "plate_left":
                self.leave_for("left", answer)
            case "denied":
                self.leave_for("denied", answer)
            case "expired":
                self._window_ends(answer)
            case "not_reached":
                pass  # Somebody may still answer; what silence leads to comes by itself.

    def _let_in(self, answer: Moved) -> None:
        self.order.visit = self.visit.model_copy(update={"used": self.visit.used + 1})
        if self.order.stage != "arrived":
            self.leave_for("arrived", answer)

    def _window_ends(self, answer: Moved) -> None:
        """Whoever came is not asked for an exit that nobody measures."""
        self.leave_for("closed" if self.visit.used else "expired", answer)

    async def _ask_about_long_stay(self) -> None:
        word = await self.ask(APPROVE_STAY)
        match word.outcome:
            case "granted":
                self.order.visit = self.visit.model_copy(update={"approved": True})
            case "not_granted":
                self.enter("revoked", word)
            case "expired":
                self.enter("expired", word)

    @property
    def car_is_inside(self) -> bool:
        return self.order.stage == "arrived"

    @property
    def visit(self) -> Visit:
        assert self.order.visit is not None  # noqa: S101 - intake gives every visitor their own
        return self.order.visit
