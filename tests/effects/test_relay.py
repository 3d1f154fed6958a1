"""The relay against a real Temporal: nothing lost, nothing doubled, and the right things first."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus

from devstack.stack import Stack
from models.domain.order import OrderState, Priority
from models.domain.places import Place, Spot
from models.repositories import live
from settings import Settings
from tests.effects.desk import Desk
from tests.repositories.rows import filing
from workers.errands import EFFECT_LIFE, EFFECT_RETRIES
from workers.relay import Relay
from workers.sandbox import runner
from workers.temporal import effects_worker, orders_worker
from workers.throttle import Throttle
from workflows.starting import summary

PATIENCE = 40.0
"""Seconds; a healthy relay needs a tenth of one, a busy test machine sometimes much more."""


async def until(true: Callable[[], Any], within: float = PATIENCE) -> None:
    end = time.monotonic() + within
    while not true():
        assert time.monotonic() < end, f"not within {within} s"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[Relay]:
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        assert not task.done(), task.exception()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def relay(engine: Engine, client: Client, temporal_settings: Settings) -> Relay:
    return Relay(engine, client, temporal_settings)


def started(desk: Desk, *orders: OrderState) -> bool:
    rows = desk.rows("SELECT started_at FROM work_orders WHERE number = ANY(:n)", n=[order.number for order in orders])
    return all(row.started_at is not None for row in rows)


async def test_an_order_is_started_once_under_its_own_number(desk: Desk, relay: Relay, client: Client) -> None:
    order = await desk.order()
    async with running(relay):
        await until(lambda: started(desk, order))
        handle = client.get_workflow_handle(order.number)
        found = await handle.describe()
        assert (found.workflow_type, found.task_queue, found.status) == (
            "Repair", "orders", WorkflowExecutionStatus.RUNNING,
        )  # fmt: skip
        assert await found.static_summary() == "水暖 · 1栋 · 普通"
        # The confirmation is lost: the row is carried out again and finds the workflow running, later ended.
        for ended in (False, True):
            desk.say("UPDATE work_orders SET started_at = NULL WHERE number = :n", n=order.number)
            desk.say("UPDATE outbox SET done_at = NULL, leased_until = NULL WHERE id = :n", n=order.number)
            relay.nudge()
            await until(lambda: started(desk, order))
            assert (await client.get_workflow_handle(order.number).describe()).run_id == found.run_id
            if not ended:
                await handle.terminate()


async def test_the_first_task_comes_with_the_start_to_the_worker_beside_the_relay(
    desk: Desk, relay: Relay, client: Client
) -> None:
    """A worker elsewhere would have to be looked for and woken."""
    async with orders_worker(client, [], runner=runner(sandboxed=False)), running(relay):
        order = await desk.order()
        await until(lambda: started(desk, order))
        handle = client.get_workflow_handle(order.number)
        events = (await handle.fetch_history()).events
        assert events[0].workflow_execution_started_event_attributes.eager_execution_accepted
        await handle.terminate()


def test_the_summary_names_no_room_and_no_person() -> None:
    at_home = filing("BX20261122-90001", Priority.EMERGENCY)
    assert summary(at_home, "水暖", None) == "水暖 · 紧急"
    in_the_lift = at_home.model_copy(update={"place": Place(spot=Spot.LIFT)})
    assert summary(in_the_lift, "电梯", None) == "电梯 · 电梯 · 紧急"


async def test_while_temporal_is_away_orders_wait_and_then_all_start(
    desk: Desk, relay: Relay, client: Client, temporal_stack: Stack
) -> None:
    temporal_stack.kill("temporal")
    try:
        orders = [await desk.order() for _ in range(5)]
        async with running(relay):
            await until(lambda: relay.health.down_since)
            # Leases are given back, so nothing waits for them to run out.
            await until(lambda: not desk.rows("SELECT id FROM outbox WHERE leased_until IS NOT NULL"))
            assert not any(started(desk, order) for order in orders)
            await until(lambda: relay.health.waiting == 5)
            temporal_stack.start("temporal")
            await until(lambda: started(desk, *orders))
            assert relay.health.down_since is None
    finally:
        temporal_stack.start("temporal")
    assert {row.attempts for row in desk.rows("SELECT attempts FROM outbox WHERE action = 'start'")} == {1}


async def test_a_notify_of_another_process_wakes_it_at_once(desk: Desk, relay: Relay, engine: Engine) -> None:
    async with running(relay):
        await asyncio.sleep(1.2)  # It has looked, found nothing and listens.
        waits = []
        for _ in range(3):
            order = await desk.order()
            begun = time.monotonic()
            with engine.begin() as conn:
                live.wake_relay(conn)
            await until(lambda order=order: started(desk, order))  # type: ignore[misc]
            waits.append(time.monotonic() - begun)
            await asyncio.sleep(0.3)
        assert min(waits) < 0.5, "a poll would have taken up to a second each time"


async def test_losing_postgres_for_a_moment_stops_nothing(desk: Desk, relay: Relay) -> None:
    async with running(relay):
        await asyncio.sleep(0.3)
        desk.say("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                 " AND datname = current_database()")  # fmt: skip
        order = await desk.order()

        def has_started() -> bool:
            with contextlib.suppress(OperationalError):  # The test's own connections were ended as well.
                return started(desk, order)
            return False

        await until(has_started)


async def test_a_row_that_cannot_be_carried_out_holds_up_no_other(desk: Desk, relay: Relay) -> None:
    bad, good = await desk.order(), await desk.order()
    desk.say("UPDATE work_orders SET state = '{}' WHERE number = :n", n=bad.number)
    desk.wish("nobody.knows", bad.number, action="unheard-of")
    async with running(relay):
        await until(lambda: started(desk, good))
        await until(lambda: desk.one("SELECT error FROM outbox WHERE id = :n", n=bad.number).error)
    row = desk.one("SELECT * FROM outbox WHERE id = :n", n=bad.number)
    assert row.done_at is None
    assert row.not_before > datetime.now(UTC) - timedelta(seconds=1)


async def test_effects_run_once_even_when_asked_for_twice(desk: Desk, relay: Relay, client: Client) -> None:
    delivered: list[str] = []

    @activity.defn(name="notices.deliver")
    def deliver(notice_id: str) -> str:
        if notice_id != "ntc_once":
            return "left in Temporal by another test"
        delivered.append(notice_id)
        if len(delivered) == 1:
            raise RuntimeError("the first attempt fails, as when WeChat is away")
        return "sent"

    order = await desk.order()
    desk.wish("ntc_once", order.number)
    # Held back at night: another row, the same notice.
    desk.wish("ntc_once@1", order.number, body={"notice": "ntc_once"})
    async with effects_worker(client, [deliver]), running(relay):
        await until(lambda: len(delivered) == 3)
        desk.say("UPDATE outbox SET done_at = NULL, leased_until = NULL WHERE id = 'ntc_once'")
        relay.nudge()
        await until(lambda: not desk.rows("SELECT id FROM outbox WHERE done_at IS NULL"))
        await asyncio.sleep(0.3)
    assert delivered == ["ntc_once"] * 3


async def test_a_notice_that_needs_no_call_costs_temporal_nothing(desk: Desk, relay: Relay, client: Client) -> None:
    order = await desk.order()
    unreachable = desk.notice(order, "accepted")
    role = desk.notice(order, "breached", to_kind="role", to_id="technician", template="task", facts={})
    reachable = desk.notice(order, "accepted")
    desk.say("UPDATE residents SET service_openid = 'o-follows' WHERE id = 'res_owner'")
    try:
        desk.wish(reachable, order.number)
        async with running(relay):
            await until(lambda: desk.one("SELECT done_at FROM outbox WHERE id = :id", id=reachable).done_at)
        desk.say("UPDATE residents SET service_openid = NULL WHERE id = 'res_owner'")
        desk.wish(unreachable, order.number)
        desk.wish(role, order.number)
        async with running(relay):
            await until(lambda: not desk.rows("SELECT id FROM outbox WHERE done_at IS NULL"))
    finally:
        desk.say("UPDATE residents SET service_openid = NULL WHERE id = 'res_owner'")
    told = desk.rows("SELECT id, to_kind, delivery FROM notices WHERE number = :n AND id <> :r", n=order.number, r=role)
    assert {row.delivery for row in told if row.id != reachable} == {"centre_only"}
    assert [row.to_kind for row in told].count("staff") == 2, "one for each technician in scope"
    assert desk.delivery(reachable)[0] == "pending", "this one waits in Temporal for a worker of effects"
    await client.get_activity_handle(reachable).terminate()


async def test_a_notice_that_cannot_be_settled_holds_up_no_other(desk: Desk, relay: Relay, client: Client) -> None:
    order = await desk.order()
    odd = desk.notice(order, template="nobody-knows")
    plain = desk.notice(order)
    desk.say("UPDATE residents SET service_openid = 'o-follows' WHERE id = 'res_owner'")
    try:
        for notice in (odd, plain):
            desk.wish(notice, order.number)
        async with running(relay):
            await until(lambda: started(desk, order))
            await until(lambda: not desk.rows("SELECT id FROM outbox WHERE done_at IS NULL"))
    finally:
        desk.say("UPDATE residents SET service_openid = NULL WHERE id = 'res_owner'")
    for notice in (odd, plain):  # Each is a task of its own now, and fails or succeeds by itself.
        await client.get_activity_handle(notice).terminate()


async def test_what_is_not_due_stays(desk: Desk, relay: Relay) -> None:
    order = await desk.order()
    desk.wish("ntc_later", order.number, not_before=datetime.now(UTC) + timedelta(hours=1))
    async with running(relay):
        await until(lambda: started(desk, order))
        await asyncio.sleep(0.2)
    assert desk.one("SELECT done_at FROM outbox WHERE id = 'ntc_later'").done_at is None


async def test_a_backlog_is_worked_off_at_the_set_rate_with_emergencies_first(
    desk: Desk, engine: Engine, client: Client, temporal_settings: Settings
) -> None:
    slow = Relay(engine, client, temporal_settings.model_copy(update={"relay_starts_per_second": 2}))
    orders = [await desk.order() for _ in range(9)]
    emergency = await desk.order(Priority.EMERGENCY)
    desk.wish("ntc_past_the_backlog", orders[0].number)
    async with running(slow):
        await until(lambda: started(desk, emergency), within=2)
        begun = time.monotonic()
        await until(
            lambda: not desk.rows("SELECT id FROM outbox WHERE id = 'ntc_past_the_backlog' AND done_at IS NULL")
        )
        assert not started(desk, *orders), "nothing waits behind the backlog"
        await until(lambda: started(desk, *orders))
    assert time.monotonic() - begun > 2


def test_the_throttle_lets_a_second_s_worth_through_and_then_the_rate() -> None:
    now, tenth = datetime(2026, 11, 22, tzinfo=UTC), timedelta(seconds=0.1)
    throttle = Throttle(10)
    assert throttle.room(now) == 10
    throttle.spend(7, now)
    assert throttle.room(now) == 3
    throttle.spend(3, now)
    assert [throttle.room(now + turn * tenth) for turn in range(6)] == [0, 0, 0, 0, 4, 5], "a backlog goes in bursts"
    throttle.spend(2, now + 5 * tenth)
    assert throttle.room(now + 5 * tenth) == 3, "what is left need not wait"
    assert throttle.room(now + timedelta(seconds=60)) == 10, "rest is not saved up"
    assert Throttle(0).room(now) is None


async def test_a_command_that_comes_too_late_is_moot(desk: Desk, relay: Relay, client: Client) -> None:
    order = await desk.order()
    async with running(relay):
        await until(lambda: started(desk, order))
        await client.get_workflow_handle(order.number).terminate()
        desk.wish("cmd_late", order.number, action="command", body={"update": "urge", "body": {}})
        relay.nudge()
        await until(lambda: desk.one("SELECT done_at FROM outbox WHERE id = 'cmd_late'").done_at)


def test_an_effect_outlives_an_outage_of_an_hour() -> None:
    """After an hour without WeChat a message still waits, has knocked a score of times, and comes within minutes."""
    wait, waited, knocks = EFFECT_RETRIES.initial_interval, timedelta(0), 0
    assert EFFECT_RETRIES.maximum_interval is not None
    while waited < timedelta(hours=1):
        waited, knocks = waited + wait, knocks + 1
        wait = min(wait * EFFECT_RETRIES.backoff_coefficient, EFFECT_RETRIES.maximum_interval)
    assert EFFECT_RETRIES.maximum_attempts == 0
    assert knocks <= 20
    assert wait <= timedelta(minutes=5)
    assert timedelta(hours=1) < EFFECT_LIFE
