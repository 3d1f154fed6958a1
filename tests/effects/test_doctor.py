"""Every way in which Postgres and Temporal can drift apart is made by hand, found, and mended."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Engine
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner

import workers.temporal
from activities.projection import Projection
from devstack import doctor
from models.domain.commands import ENVELOPE_LIFE, Envelope
from models.domain.drift import Remedy, Trouble
from models.domain.order import OrderState
from models.domain.people import Actor
from settings import Settings
from tests.effects.desk import Desk
from tests.effects.test_relay import running, started, until
from workers.doctor import Case, Doctor, NobodyAnswers
from workers.nightly import Nightly, next_round
from workers.rehearsal import rehearse_all
from workers.relay import Relay
from workflows import names, proof_keys, upkeep
from workflows.repair import RepairWorkflow

pytestmark = pytest.mark.slow


class Ward:
    """A worker and a relay on one database, and the doctor who looks at both sides."""

    def __init__(self, desk: Desk, engine: Engine, client: Client) -> None:
        self.desk, self.engine, self.client = desk, engine, client
        self.doctor = Doctor(engine, client)

    async def order(self) -> OrderState:
        """One that runs and has said that it is late: it was filed hours ago."""
        order = await self.desk.order()
        await until(lambda: started(self.desk, order) and self.row(order).version > 1)
        return order

    def row(self, order: OrderState) -> Any:
        return self.desk.one("SELECT * FROM work_orders WHERE number = :n", n=order.number)

    def tasks(self, order: OrderState) -> list[str]:
        said = "SELECT id FROM tasks WHERE number = :n AND closed_at IS NULL ORDER BY id"
        return [row.id for row in self.desk.rows(said, n=order.number)]

    async def cases(self, fix: bool = False, quick: bool = False) -> list[Case]:
        return [case async for page in self.doctor.examine_all(fix, quick) for case in page]

    async def found(self) -> dict[str, Trouble]:
        return {case.number: case.found.trouble for case in await self.cases()}


@asynccontextmanager
async def working(desk: Desk, client: Client, relay: Relay) -> AsyncIterator[None]:
    projection = Projection(desk.engine, desk.direct, relay.nudge)
    async with workers.temporal.orders_worker(client, [projection.publish, projection.end]), running(relay):
        yield


@pytest_asyncio.fixture(loop_scope="session")
async def ward(desk: Desk, engine: Engine, client: Client, temporal_settings: Settings) -> AsyncIterator[Ward]:
    async with working(desk, client, Relay(engine, client, temporal_settings)):
        yield Ward(desk, engine, client)


async def test_each_drift_is_found_and_mended(ward: Ward) -> None:
    orders = [await ward.order() for _ in range(8)]
    behind, edited, refused, unclaimed, misplaced, forgotten, terminated, healthy = orders
    say = ward.desk.say
    say(
        "UPDATE work_orders SET version = version + 1, state = jsonb_set(state, '{version}', to_jsonb(version + 1))"
        " WHERE number = :n",
        n=behind.number,
    )
    say("UPDATE work_orders SET stage = 'closed', urged = 9 WHERE number = :n", n=edited.number)
    say("UPDATE work_orders SET projection_error = 'a rule of the database' WHERE number = :n", n=refused.number)
    say("UPDATE tasks SET holder_id = 'stf_tech' WHERE number = :n", n=unclaimed.number)
    say("UPDATE tasks SET rank = 0 WHERE number = :n", n=misplaced.number)
    say("UPDATE tasks SET closed_at = now() WHERE number = :n", n=forgotten.number)
    await ward.client.get_workflow_handle(terminated.number).terminate()
    expected = {
        behind.number: Trouble.BEHIND,
        edited.number: Trouble.ROW,
        refused.number: Trouble.REFUSED,
        unclaimed.number: Trouble.TASKS,
        misplaced.number: Trouble.TASKS,
        forgotten.number: Trouble.TASKS,
        terminated.number: Trouble.LOST,
    }
    assert await ward.found() == expected
    assert await ward.found() == expected  # Looking changes nothing.
    mended = await ward.cases(fix=True)
    assert {case.number: case.left for case in mended} == dict.fromkeys(expected)
    assert await ward.cases() == []
    assert ward.row(edited).stage == "submitted"
    assert ward.row(refused).projection_error is None
    assert ward.tasks(forgotten) == [f"{forgotten.number}.1"]
    assert ward.tasks(terminated) == [f"{terminated.number}.1"]
    assert ward.row(healthy).version == 2


async def test_a_quick_comparison_asks_only_where_something_has_moved(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And whatever has moved, on either side, it finds as the whole one does."""
    still, moved, edited, unclaimed, terminated = [await ward.order() for _ in range(5)]
    asked: list[str] = []
    look = upkeep.look

    async def noted(client: Client, number: str, within: timedelta | None = None) -> Any:
        asked.append(number)
        return await look(client, number, within)

    monkeypatch.setattr(upkeep, "look", noted)
    everybody = sorted(each.number for each in (still, moved, edited, unclaimed, terminated))
    assert await ward.cases(quick=True) == []
    assert sorted(asked) == everybody, "nobody knows yet that they agree"
    asked.clear()
    assert await ward.cases(quick=True) == []
    assert asked == []
    proof_keys.use([key := b"k" * 32])
    await withdraw(ward, moved, key)
    await until(lambda: ward.row(moved).workflow_ended_at)
    back = "UPDATE work_orders SET workflow_ended_at = NULL, stage = 'submitted', open = true WHERE number = :n"
    ward.desk.say(back, n=moved.number)
    ward.desk.say("UPDATE work_orders SET urged = 9 WHERE number = :n", n=edited.number)
    ward.desk.say("UPDATE tasks SET holder_id = 'stf_tech' WHERE number = :n", n=unclaimed.number)
    await ward.client.get_workflow_handle(terminated.number).terminate()
    found = {case.number: case.found.trouble for case in await ward.cases(quick=True)}
    assert found == await ward.found()
    assert set(found) == {moved.number, edited.number, unclaimed.number, terminated.number}
    asked.clear()
    await ward.cases(quick=False)
    assert sorted(set(asked)) == everybody, "the whole one takes nobody's word"


async def test_what_temporal_has_lost_altogether_starts_anew_from_the_row(ward: Ward) -> None:
    """As after a restore of Temporal's store: the order goes on where Postgres shows it."""
    order = await ward.desk.order()
    await until(lambda: started(ward.desk, order) and ward.row(order).version > 1)
    dead = order.number.replace("BX", "BX9", 1)
    copy_order(ward, order, dead)
    assert await ward.found() == {dead: Trouble.LOST}
    (case,) = await ward.cases(fix=True)
    assert (case.remedy, case.left) == (Remedy.RESTART, None)
    said = await ward.client.get_workflow_handle(dead).query(names.SNAPSHOT, result_type=OrderState)
    assert list(said.tasks) == [f"{dead}.1"]


COPY = """
    INSERT INTO {table} SELECT (jsonb_populate_record(CAST(NULL AS {table}),
        CAST(replace(CAST(to_jsonb(t) AS text), :old, :new) AS jsonb))).*
    FROM {table} t WHERE number = :old
"""


def copy_order(ward: Ward, order: OrderState, number: str) -> None:
    """An order that no workflow knows, as far as the other one has come."""
    for table in ("work_orders", "tasks"):
        ward.desk.say(COPY.format(table=table), old=order.number, new=number)


async def test_the_end_of_a_workflow_that_postgres_has_not_heard_of_is_written_down(ward: Ward) -> None:
    """As after a restore of Postgres alone."""
    order = await ward.order()
    proof_keys.use([key := b"k" * 32])
    await withdraw(ward, order, key)
    await until(lambda: ward.row(order).workflow_ended_at)
    ward.desk.say(
        "UPDATE work_orders SET workflow_ended_at = NULL, stage = 'submitted', open = true, version = 2"
        " WHERE number = :n",
        n=order.number,
    )
    assert await ward.found() == {order.number: Trouble.ENDED}
    (case,) = await ward.cases(fix=True)
    assert (case.remedy, case.left) == (Remedy.ADOPT, None)
    row = ward.row(order)
    assert (row.stage, row.open, row.workflow_ended_at is not None) == ("cancelled", False, True)


async def withdraw(ward: Ward, order: OrderState, key: bytes) -> None:
    envelope = Envelope(
        actor=Actor(kind="resident", id="res_owner"),
        expires_at=datetime.now(UTC) + ENVELOPE_LIFE,
        digest="d",
        body={},
    )
    handle = ward.client.get_workflow_handle(order.number)
    await handle.execute_update("cancel", envelope.sealed(key, order.number, "cancel"))


async def test_an_order_that_waits_too_long_is_found_and_started(
    desk: Desk, engine: Engine, client: Client, temporal_settings: Settings
) -> None:
    ward = Ward(desk, engine, client)
    order = await desk.order()
    desk.say("UPDATE outbox SET not_before = now() + interval '1 day' WHERE id = :n", n=order.number)
    async with working(desk, client, Relay(engine, client, temporal_settings)):
        assert await ward.found() == {order.number: Trouble.WAITING}
        (case,) = await ward.cases(fix=True)
        assert (case.remedy, case.left) == (Remedy.START, None)


async def test_a_failing_step_is_found_with_its_cause_and_tried_again(
    desk: Desk, engine: Engine, client: Client, temporal_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers.temporal, "sandbox", UnsandboxedWorkflowRunner)  # So that it sees the broken code.
    monkeypatch.setattr(upkeep, "ASK_SECONDS", timedelta(seconds=2))
    ward, well = Ward(desk, engine, client), RepairWorkflow.submitted

    async def broken(self: RepairWorkflow) -> None:
        raise KeyError("no such stage")

    retry = upkeep.retry

    async def deployed_and_tried_again(client: Client, number: str) -> bool:
        monkeypatch.setattr(RepairWorkflow, "submitted", well)
        return await retry(client, number)

    monkeypatch.setattr(RepairWorkflow, "submitted", broken)
    async with working(desk, client, Relay(engine, client, temporal_settings)):
        order = await desk.order()
        await until(lambda: started(desk, order))
        while (found := (await ward.cases())[0].found).trouble is Trouble.SILENT:
            pass  # Its first attempts are still being made.
        assert (found.trouble, found.detail) == (Trouble.FAILING, "KeyError: 'no such stage'")
        monkeypatch.setattr(upkeep, "retry", deployed_and_tried_again)
        (case,) = await ward.cases(fix=True)
        assert (case.remedy, case.left) == (Remedy.RETRY, None)
        assert ward.row(order).version == 2


async def test_without_a_worker_nothing_is_known(
    desk: Desk, engine: Engine, client: Client, temporal_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "ASK_SECONDS", timedelta(seconds=1))
    ward = Ward(desk, engine, client)
    async with running(Relay(engine, client, temporal_settings)):
        order = await desk.order()
        await until(lambda: started(desk, order))
    (case,) = await ward.cases(fix=True)
    assert (case.found.trouble, case.left, case.remedy) == (Trouble.SILENT, case.found, None)

    async def nobody(_: Client) -> bool:
        return False

    monkeypatch.setattr(upkeep, "somebody_works", nobody)
    with pytest.raises(NobodyAnswers):
        await ward.cases()


async def test_the_rehearsal_names_the_orders_that_new_code_would_stop(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [await ward.order() for _ in range(3)]
    numbers = sorted(order.number for order in orders)
    assert [(each.number, each.failure) async for each in rehearse_all(ward.engine, ward.client)] == [
        (number, None) for number in numbers
    ]

    async def hasty(self: RepairWorkflow) -> None:
        self.enter("dispatched")

    monkeypatch.setattr(RepairWorkflow, "submitted", hasty)
    failures = [each.failure or "" async for each in rehearse_all(ward.engine, ward.client)]
    assert len(failures) == 3
    assert all("ondeterminis" in failure for failure in failures)


async def test_the_command_prints_a_table_and_says_whether_all_agree(
    ward: Ward, database: str, temporal_settings: Settings
) -> None:
    settings = temporal_settings.model_copy(update={"database_url": database})

    async def said(fix: bool = False, replay: bool = False) -> tuple[list[str], bool]:
        return await asyncio.to_thread(doctor.examine, settings, Namespace(fix=fix, quick=False, replay=replay))

    order = await ward.order()
    assert await said() == (["1 orders compared; all agree."], True)
    ward.desk.say("UPDATE work_orders SET stage = 'closed' WHERE number = :n", n=order.number)
    lines, well = await said()
    assert not well
    assert [line.split() for line in lines[:2]] == [
        ["ORDER", "TROUBLE", "REMEDY", "RESULT", "DETAIL"],
        [order.number, "row", "republish", "found", "stage"],
    ]
    lines, well = await said(fix=True, replay=True)
    assert well
    assert lines[1].split()[3] == "mended"
    assert lines[2:] == [
        "1 orders compared; 1 differed, 1 mended, 0 left.",
        "1 histories replayed with today's code; all decide as before.",
    ]


async def test_one_worker_compares_each_night_and_the_page_knows(ward: Ward) -> None:
    order = await ward.order()
    ward.desk.say("UPDATE work_orders SET urged = 9 WHERE number = :n", n=order.number)
    tonight = next_round(datetime.now(UTC))
    await Nightly(ward.engine, ward.client).once(tonight)
    finding = ward.desk.one("SELECT trouble, detail FROM drift_findings WHERE number = :n", n=order.number)
    assert (finding.trouble, finding.detail) == ("row", "urged")
    assert ward.row(order).urged == 9, "nothing is mended without a person"
    ward.desk.say("UPDATE work_orders SET urged = 0 WHERE number = :n", n=order.number)
    await Nightly(ward.engine, ward.client).once(tonight + timedelta(minutes=1))
    assert ward.desk.rows("SELECT number FROM drift_findings"), "another worker has compared tonight"
    await Nightly(ward.engine, ward.client).once(tonight + timedelta(days=1))
    assert not ward.desk.rows("SELECT number FROM drift_findings")


def test_night_falls_at_half_past_three_in_china() -> None:
    evening = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert next_round(evening) == datetime(2026, 11, 22, 19, 30, tzinfo=UTC)
    assert next_round(next_round(evening)) == next_round(evening) + timedelta(days=1)
