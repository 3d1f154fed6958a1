"""Many people press at the same moment."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

from models.domain.errors import Refusal, TaskHeldByOther, WuyouError
from models.domain.people import Role
from tests.workflows.desk import DISPATCHER, LEAD, OWNER, TECH, Desk, staff

TWENTY = [staff(f"racer{index}", Role.TECHNICIAN) for index in range(20)]


async def test_of_twenty_claims_one_wins_and_nineteen_read_that_somebody_has_it(desk: Desk) -> None:
    await desk.file()
    await desk.complete(DISPATCHER, "pool")
    task, since = await desk.task(), time.monotonic()
    answers = await asyncio.gather(*(desk.send(tech, "claim", task_id=task) for tech in TWENTY), return_exceptions=True)
    assert time.monotonic() - since < 2
    refusals = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(refusals) == 19
    assert {type(refusal) for refusal in refusals} == {TaskHeldByOther}
    (winner,) = [tech for tech, answer in zip(TWENTY, answers, strict=True) if answer not in refusals]
    assert (await desk.state()).assignee == winner.id
    assert desk.shelf.outcomes() == ["pool", "accepted"]


async def test_a_storm_of_comments_is_published_in_order(desk: Desk) -> None:
    await desk.at("in_progress")
    await asyncio.gather(
        *(desk.send(OWNER if index % 2 else TECH, "comment", text=f"第{index}句") for index in range(30))
    )
    texts = [event.facts["text"] for event in desk.shelf.events if event.kind == "commented"]
    assert sorted(texts) == sorted(f"第{index}句" for index in range(30))
    assert all(after.prev_version == before.version for before, after in pairwise(desk.shelf.batches))
    assert desk.shelf.state == await desk.state()


async def test_a_cancel_between_an_answer_and_the_next_stage_waits_its_turn(desk: Desk) -> None:
    """All arrive in one task of the workflow's. Without turns, the answer would enter a stage of a cancelled order."""
    await desk.at("dispatched")
    body = {"task_id": await desk.task(), "outcome": "accepted", "form": {}}
    desk.shelf.slow = 0.3
    first = asyncio.create_task(desk.send(OWNER, "comment", text="请尽快"))
    await asyncio.sleep(0.1)
    answers = await asyncio.gather(
        desk.send(TECH, "complete", **body),
        desk.send(LEAD, "cancel", reason="重复报修"),
        desk.send(OWNER, "comment", text="算了"),
        return_exceptions=True,
    )
    await first
    assert all(isinstance(answer, Refusal) for answer in answers if isinstance(answer, BaseException))
    assert not isinstance(answers[1], WuyouError)
    assert await desk.handle.result() == "cancelled"
    assert desk.shelf.state.tasks == {}
    for batch in desk.shelf.batches[:-1]:
        assert len(batch.state.tasks) == 1, "the work's, then the right to object to its cancellation"
