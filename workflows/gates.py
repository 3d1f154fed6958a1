"""What gates tell of a car that an order is about."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.domain.commands import Fact
    from models.domain.order import Audience
    from models.domain.people import SYSTEM
    from workflows import names
    from workflows.work_order import WorkOrderWorkflow


class SeenAtGates(WorkOrderWorkflow):
    @property
    def car_is_inside(self) -> bool:
        """Whether the order waits for its car to leave, among other things."""
        return self.order.stage not in self.order.lifecycle.after_work

    @workflow.signal(name=names.PLATE_LEFT, description="A gate has seen the car leave")
    async def plate_left(self, fact: Fact) -> None:
        """Ends the wait, whatever it is for. What nobody has proved changes nothing, and is on the record."""
        proved = await self.is_proved(names.PLATE_LEFT, fact)
        await self.take_turn()
        if not self.car_is_inside:
            return
        if not proved:
            self.step.record("unproved_fact", SYSTEM, workflow.now(), Audience.STAFF, what=names.PLATE_LEFT)
            await self.publish()
        else:
            self.end_first("plate_left")
