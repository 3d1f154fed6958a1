"""合并 on Temporal: what takes two rows is asked of the database first; an order that follows waits without a timer."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.domain import commands, grouping
    from models.domain.errors import from_payload
    from models.domain.following import Fate, Follower, Joined, Joining
    from models.domain.forms import Merged, parse
    from models.domain.people import Actor
    from workflows import names
    from workflows.human_tasks import HumanTasks
    from workflows.publishing import carry_out

EVERYWHERE = ("*",)

Answer = TypeVar("Answer", bound=BaseModel)


class Groups(HumanTasks):
    """Joins a group, waits in it, and leaves it."""

    @property
    def parked(self) -> bool:
        """Also while the command that ended the wait still waits for the lifecycle."""
        return self.order.following is not None or grouping.wait_id(self.order) in self._moved

    async def follow(self) -> None:
        """Nothing wakes the order here but a command of its own: no task is open, and no clock runs.

        With nothing to publish it waits at once: a cold worker hears start and wake-up together, the wake-up first, and
        an order that waited for that publish would go another way than one that had begun to wait before.
        """
        if self.order.following is not None and (self.step or self._owed):
            await self.rest()
        await self.until(lambda: self.order.following is None)
        self._moved.pop(grouping.wait_id(self.order), None)

    async def decided(self, name: str, envelope: commands.Envelope) -> commands.Envelope:
        if name == "wake":
            return await self._with_fate(envelope)
        said = self._wish_to_join(name, envelope)
        if said is not None:
            self._checked(name, envelope)
            await self._join(said, envelope.actor)
        return envelope

    def _wish_to_join(self, name: str, envelope: commands.Envelope) -> commands.Merge | None:
        """A command of its own, or an outcome of the first task."""
        if name != "merge" and envelope.body.get("outcome") != "merged":
            return None
        said = envelope.open(name)
        if isinstance(said, commands.Merge):
            return said
        if isinstance(said, commands.Complete) and said.outcome == "merged":
            form = parse(Merged, said.form)
            assert isinstance(form, Merged)  # noqa: S101 - just parsed as such
            return commands.Merge(primary=form.primary)
        return None

    async def _join(self, wish: commands.Merge, by: Actor) -> None:
        """Raises the refusal of the database. An order that changes while it is asked is refused by the rules
        afterwards, and the publish of that change takes the link away again.
        """
        question = Joining(
            number=self.order.number,
            version=self.order.version,
            primary=wish.primary,
            incident=wish.incident,
            communities=EVERYWHERE if by.kind == "system" else by.communities,
            by=by.id,
        )
        answer = await self._asked(names.JOIN_GROUP, question, Joined)
        if answer.refused is not None:
            raise from_payload(answer.refused, answer.facts)

    async def _with_fate(self, envelope: commands.Envelope) -> commands.Envelope:
        following = self.order.following
        if following is None:
            return envelope
        question = Follower(
            number=self.order.number,
            version=self.order.version,
            primary=following.primary,
            incident=following.incident,
        )
        fate = await self._asked(names.FATE_OF_FOLLOWER, question, Fate)
        return envelope.model_copy(update={"body": fate.model_dump(exclude_none=True)})

    async def _asked(self, activity: str, question: Joining | Follower, kind: type[Answer]) -> Answer:
        """No publish comes between question and answer: it would write the order's row as it was before.

        Who finds, with the answer, that the lifecycle has meanwhile moved lets it come to rest and asks again.
        """
        while True:
            async with self._publishing:
                now = question.model_copy(update={"version": self.order.version})
                answer: Answer = await carry_out(activity, now, kind)
            if not self._moved:
                return answer
            await self.take_turn()
