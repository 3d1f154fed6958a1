"""小区挪车: from requested to moved, in minutes. Read it aloud."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.domain.acts import Moved, promise
    from models.domain.lifecycles.move_car import CALL_OWNER, CONFIRM_MOVED, MOVE, MOVE_VISITOR, ON_SITE, VET
    from models.domain.move_cars import MoveCar
    from models.domain.order import OrderState
    from models.domain.people import Role
    from workflows.gates import SeenAtGates

WHO_GOES_HAS_IT = "who-goes-has-it"
"""Patch: before it only a guard who took the task first became its holder. Remove when no older request is open."""


@workflow.defn(name="MoveCar")
class MoveCarWorkflow(SeenAtGates):
    @workflow.init
    def __init__(self, order: OrderState) -> None:
        super().__init__(order)

    @workflow.run
    async def run(self, order: OrderState) -> str:
        return await self.live()

    async def requested(self) -> None:
        """The car's user is asked, a guard is sent, or both; whoever answers first decides how it goes on."""
        if not self.car.vetted:
            self.open_once(VET)
        else:
            self._ask_and_send()
        await self._go_on_with(await self.first_of())

    def _ask_and_send(self) -> None:
        if self.car.users:
            self.open_once(MOVE_VISITOR if self.car.visitor else MOVE, people=self.car.users)
            if not self.car.reachable:
                self.open_once(CALL_OWNER)
        if self.car.guard_at_once:
            self.open_once(ON_SITE)

    async def acknowledged(self) -> None:
        """The promise is watched: by those who wait, by the gate, and by the clock."""
        self.open_once(CONFIRM_MOVED, people=self.car.requesters, since=self.car.promised)
        await self._go_on_with(await self.first_of())

    async def guard_on_site(self) -> None:
        self.open_once(ON_SITE, to=self.order.assignee)
        self.open_once(CONFIRM_MOVED, people=self.car.requesters)
        await self._go_on_with(await self.first_of())

    async def moved(self) -> None:
        self.enter("closed")

    async def referred(self) -> None:
        self.enter("closed")

    def reached_milestone(self, kind: str) -> None:
        if kind == "guard_calls":
            self.open_once(CALL_OWNER)

    async def _go_on_with(self, answer: Moved) -> None:
        match answer.outcome:
            case "coming" | "reached":
                promise(self.order, answer, workflow.now())
                self.leave_for("acknowledged", answer)
            case "moved" | "gone" | "plate_left":
                self.leave_for("moved", answer)
            case "reported":
                self.leave_for("referred", answer)
            case "not_me" | "not_my_visitor" | "cannot" | "still_there":
                self._send_guard(answer)
            case "going":
                self._is_on_the_way(answer)
            case "expired":
                self._nobody_answered(answer)
            case "passed":
                self.order.move_car = self.car.model_copy(update={"vetted": True})
            case "turned_down":
                self.leave_for("cancelled", answer)
            case "not_reached":
                pass  # The car's user may still answer; what their silence leads to comes by itself.

    def _nobody_answered(self, answer: Moved) -> None:
        match answer.closed.task.kind:
            case "move" | "move_visitor":
                self._send_guard(answer)
            case "confirm_moved" if self.order.stage == "acknowledged":
                self.leave_for("closed", answer)
            case "on_site":
                self.open_once(ON_SITE, roles=(Role.GUARD, Role.LEAD))

    def _is_on_the_way(self, answer: Moved) -> None:
        """Whoever says so has it, also without taking the task first."""
        if workflow.patched(WHO_GOES_HAS_IT):
            self.order.assignee = answer.by
        self._send_guard(answer)

    def _send_guard(self, answer: Moved) -> None:
        if self.order.stage != "guard_on_site":
            self.leave_for("guard_on_site", answer)

    @property
    def car(self) -> MoveCar:
        assert self.order.move_car is not None  # noqa: S101 - intake gives every request its own
        return self.order.move_car
