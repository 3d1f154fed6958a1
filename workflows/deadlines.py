"""The order's own alarm clock: one Temporal timer at a time, always for the next thing that falls due."""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.domain.acts import expire, pass_milestones, resume, ring_clocks
    from models.domain.amending import adopt
    from models.domain.numbers import CHINA
    from models.domain.people import SYSTEM
    from models.domain.terms import Terms, TermsWanted
    from workflows import names
    from workflows.groups import Groups
    from workflows.publishing import carry_out


class Deadlines(Groups):
    """Warns, climbs the ladder, ends holds and gives up waiting.

    The arithmetic is the domain's; here is only the waiting.
    """

    async def keep_time(self) -> None:
        while True:
            alarm = self.order.next_alarm
            if alarm is not None and alarm <= workflow.now():
                await self._ring()
            else:
                await self._wait_for(alarm)

    async def _wait_for(self, alarm: datetime | None) -> None:
        """Until the alarm, or until something has moved it."""
        try:
            await workflow.wait_condition(
                lambda: self.order.next_alarm != alarm,
                timeout=alarm - workflow.now() if alarm else None,
                timeout_summary=f"{alarm.astimezone(CHINA):%m-%d %H:%M}" if alarm else None,
            )
        except TimeoutError:
            return

    async def _ring(self) -> None:
        await self._reread_terms()
        await self.take_turn()
        now = workflow.now()
        hold = self.order.hold
        if hold is not None and not hold.rebooking and hold.until <= now:
            resume(self.step, SYSTEM, None, now)
        self._give_up(now)
        ring_clocks(self.step, now)
        for milestone in pass_milestones(self.step, now):
            self.reached_milestone(milestone)
        if not self._moved:  # Else the lifecycle goes on, and publishes the whole step where it comes to rest.
            await self.publish()

    def _give_up(self, now: datetime) -> None:
        """One stage can hear of one end at a time; the next alarm brings the next."""
        for task in list(self.order.tasks.values()):
            if task.gives_up_at is not None and task.gives_up_at <= now and not self._moved:
                moved = expire(self.step, task, now)
                if not self.answered_beside(moved):
                    self._moved[task.id] = moved

    async def _reread_terms(self) -> None:
        """A promise that lies beyond the announced holidays is reckoned anew once they have been announced."""
        asked = self.order.reread_terms_at
        if asked is None or asked > workflow.now():
            return
        question = TermsWanted(community_id=self.order.community_id, since=self.order.submitted_at)
        terms: Terms = await carry_out(names.READ_TERMS, question, Terms)
        await self.take_turn()
        adopt(self.step, SYSTEM, terms, workflow.now())

    def reached_milestone(self, kind: str) -> None:
        """What a lifecycle does when a milestone of its map has been passed, besides saying so."""
