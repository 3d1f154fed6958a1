"""A long life: the order continues as new at any point of rest, and nobody notices."""

from __future__ import annotations

import asyncio
import time

import pytest

from models.domain.errors import TaskNotOpen
from tests.workflows.desk import CLERK, DISPATCHER, OWNER, TECH, Desk
from tests.workflows.test_complaint import CLERK2, answered
from tests.workflows.test_quotes import CASHIER, TOTAL, quoted
from workflows import options

REST_POINTS = ("submitted", "dispatched", "accepted", "in_progress", "on_hold", "finished", "closed")
STARS = {"result": 5, "speed": 5, "manner": 5}


async def run_of(desk: Desk) -> str:
    return (await desk.client.get_workflow_handle(desk.number).fetch_history()).run_id


async def renewed(desk: Desk, former: str) -> None:
    """Wait until the order runs as another execution."""
    end = time.monotonic() + 10
    while await run_of(desk) == former:
        assert time.monotonic() < end, "the order did not continue as new"


@pytest.fixture
def renew_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "RENEW_AFTER_UPDATES", 1)


@pytest.mark.parametrize("stage", REST_POINTS)
async def test_an_order_goes_on_after_a_renewal_at_every_point_of_rest(
    desk: Desk, renew_always: None, stage: str
) -> None:
    await desk.at(stage)
    former, before = await run_of(desk), await desk.state()
    who, action, body = (OWNER, "rate", STARS) if stage == "closed" else (TECH, "comment", {"text": "记录一下"})
    if stage != "closed":
        await desk.send(who, action, **body)
        await renewed(desk, former)
        after = await desk.state()
        unchanged = {"version", "issued_at", "handled_updates"}
        assert after.model_dump(exclude=unchanged) == before.model_dump(exclude=unchanged)
        if stage == "on_hold":
            await desk.sleep(hours=2, seconds=1)
            assert await desk.stage() == "in_progress", "the wake-up time has come along"
        await desk.walk_to("closed")
    await desk.send(OWNER, "rate", **STARS)
    assert await desk.client.get_workflow_handle(desk.number).result() == "closed"
    assert desk.shelf.state.rating is not None
    numbers = [batch.version for batch in desk.shelf.batches]
    assert numbers == list(range(2, len(numbers) + 2))
    assert len(desk.shelf.handled) == len(set(desk.shelf.handled))


async def test_a_closed_order_whose_money_is_still_out_goes_on_and_ends_with_it(desk: Desk, renew_always: None) -> None:
    """Only a task beside the stages is open; stars that were not given are not asked for a second time."""
    await quoted(desk)
    await desk.complete(OWNER, "approved")
    await desk.complete(TECH, "finished", report="换了角阀", photo_ids=["pho_1"])
    await desk.complete(OWNER, "fixed")
    await desk.sleep(days=16)
    for _ in range(2):
        former, before = await run_of(desk), await desk.state()
        assert (before.stage, [task.kind for task in before.tasks.values()]) == ("closed", ["settle"])
        await desk.send(TECH, "comment", text="业主说月底付")
        await renewed(desk, former)
        assert (await desk.state()).tasks == before.tasks
    await desk.complete(CASHIER, "received", amount=TOTAL, method="cash", receipt_no="S-1")
    assert await desk.client.get_workflow_handle(desk.number).result() == "closed"
    assert desk.shelf.ended
    assert desk.shelf.state.settlement.received == TOTAL


async def test_a_closed_complaint_is_called_back_once(desk: Desk, renew_always: None) -> None:
    await answered(desk)
    await desk.complete(OWNER, "satisfied")
    former, before = await run_of(desk), await desk.state()
    await desk.send(CLERK, "comment", text="下午再打")
    await renewed(desk, former)
    assert (await desk.state()).tasks == before.tasks
    await desk.complete(CLERK2, "content", note="业主满意")
    assert await desk.client.get_workflow_handle(desk.number).result() == "closed"


async def test_a_request_sent_again_after_a_renewal_is_known_by_its_id(desk: Desk, renew_always: None) -> None:
    await desk.file()
    former, task = await run_of(desk), await desk.task()
    body = {"task_id": task, "outcome": "pool", "form": {}}
    await desk.send(DISPATCHER, "complete", update_id="pressed", **body)
    await renewed(desk, former)
    assert desk.shelf.handled == ["pressed"], "the gateway reads it there"
    with pytest.raises(TaskNotOpen):
        await desk.send(DISPATCHER, "complete", update_id="pressed", **body)
    assert desk.shelf.kinds == ["pool"]


async def test_an_answer_that_comes_while_a_renewal_waits_for_a_slow_publish_goes_on(
    desk: Desk, renew_always: None
) -> None:
    """The renewal waits for the comment, the comment for Postgres, and the answer for the lifecycle."""
    await desk.at("in_progress")
    await asyncio.sleep(0.5)
    desk.shelf.down = True
    comment = asyncio.create_task(desk.send(TECH, "comment", text="记录一下"))
    await asyncio.sleep(2)
    answer = asyncio.create_task(desk.complete(TECH, "finished", report="修好了", photo_ids=["pho_1"]))
    await asyncio.sleep(1)
    desk.shelf.down = False
    assert (await asyncio.wait_for(answer, 20)).stage == "finished"
    await asyncio.wait_for(comment, 20)
    await desk.complete(OWNER, "fixed")
    assert await desk.stage() == "closed"


async def test_clocks_go_on_ringing_after_a_renewal(desk: Desk, renew_always: None) -> None:
    await desk.file()
    former = await run_of(desk)
    await desk.send(OWNER, "comment", text="请尽快")
    await renewed(desk, former)
    await desk.sleep(minutes=31)
    assert desk.shelf.kinds == ["commented", "warned", "breached"]
