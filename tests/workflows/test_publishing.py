"""Every step reaches Postgres, in order, whatever happens to Postgres meanwhile; and a bug never wedges an order."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from models.domain.acts import ACTS
from models.domain.errors import Unavailable
from models.domain.step import Published
from tests.workflows.desk import DISPATCHER, LEAD, OWNER, Desk
from workflows import names, options
from workflows.publishing import INTEGRITY

MOST_EVENTS_OF_A_PLAIN_REPAIR = 65
MOST_EVENTS_OF_AN_OUTAGE = 20


async def test_a_plain_repair_fits_into_few_events(desk: Desk) -> None:
    await desk.at("closed")
    await desk.send(OWNER, "rate", result=5, speed=5, manner=4)
    assert await desk.handle.result() == "closed"
    assert await desk.history_length() <= MOST_EVENTS_OF_A_PLAIN_REPAIR
    assert desk.shelf.kinds == ["assigned", "accepted", "arrived", "finished", "fixed", "rated"]
    assert len(desk.shelf.batches) == len(desk.shelf.kinds), "one publish for each press"


async def test_versions_follow_each_other_and_say_which_requests_they_carry(desk: Desk) -> None:
    await desk.file()
    await desk.send(OWNER, "comment", update_id="first", text="请尽快")
    await desk.send(OWNER, "urge", update_id="second")
    await desk.walk_to("finished")
    assert [batch.prev_version for batch in desk.shelf.batches] == list(range(1, len(desk.shelf.batches) + 1))
    assert all(batch.version == batch.prev_version + 1 for batch in desk.shelf.batches)
    assert all(before.issued_at <= after.issued_at for before, after in pairwise(desk.shelf.batches))
    assert desk.shelf.handled[:2] == ["first", "second"]


async def test_the_same_request_sent_again_happens_once(desk: Desk) -> None:
    await desk.file()
    first = await desk.send(OWNER, "comment", update_id="once", text="请尽快")
    again = await desk.send(OWNER, "comment", update_id="once", text="请尽快")
    assert first == again
    assert desk.shelf.kinds == ["commented"]


async def test_a_row_that_is_behind_gets_the_whole_state(desk: Desk) -> None:
    await desk.file()
    desk.shelf.answers.append(Published(behind=True))
    await desk.complete(DISPATCHER, "pool")
    (batch,) = desk.shelf.batches
    assert batch.whole
    assert batch.state == await desk.state()
    await desk.send(OWNER, "urge")
    assert not desk.shelf.batches[-1].whole


async def test_what_postgres_can_never_take_stops_commands_until_an_operator_heals_it(desk: Desk) -> None:
    await desk.file()
    desk.shelf.answers.append(ApplicationError("duplicate key", type=INTEGRITY, non_retryable=True))
    await desk.send(OWNER, "comment", text="请尽快")
    assert desk.shelf.attempts == 1, "what cannot succeed is not tried again"
    refusal = await desk.refused(OWNER, "urge", "projection_failing")
    assert isinstance(refusal, Unavailable)
    await desk.handle.signal(names.REPUBLISH)
    await desk.eventually(lambda: desk.shelf.batches)
    assert desk.shelf.batches[-1].whole
    assert (await desk.complete(DISPATCHER, "pool")).stage == "dispatched"
    assert desk.shelf.state == await desk.state()


async def test_an_outage_of_postgres_delays_a_command_and_adds_few_events(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(options.AT_ONCE, "schedule_to_close_timeout", timedelta(seconds=1))
    await desk.file()
    before = await desk.history_length()
    desk.shelf.down = True
    press = asyncio.create_task(desk.complete(DISPATCHER, "pool"))
    await desk.eventually(lambda: desk.shelf.attempts > 5)
    await asyncio.sleep(1)
    assert not press.done()
    desk.shelf.down = False
    assert (await press).stage == "dispatched"
    assert len(desk.shelf.batches) == 1
    assert await desk.history_length() - before < MOST_EVENTS_OF_AN_OUTAGE


async def test_a_bug_in_a_handler_leaves_the_order_as_it_was(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def half_done(step: Any, actor: Any, command: Any, at: Any) -> None:
        step.state.assignee = "nobody"
        step.record("urged", actor, at)
        raise KeyError("a bug")

    await desk.file()
    with monkeypatch.context() as broken:
        broken.setitem(ACTS, "urge", half_done)
        refusal = await desk.refused(OWNER, "urge", "unavailable")
    assert isinstance(refusal, Unavailable)
    assert desk.shelf.batches == []
    await desk.send(OWNER, "urge")
    assert desk.shelf.kinds == ["urged"]
    await desk.walk_to("closed")


async def test_the_operator_reads_in_words_where_the_order_stands(desk: Desk) -> None:
    await desk.at("on_hold")
    await desk.send(LEAD, "comment", text="内部留言")
    said = str(await desk.handle.query("__temporal_workflow_metadata"))
    for words in ("挂起", "等配件", "上门处理", "stf_tech1"):
        assert words in said
    assert "内部留言" not in said
