"""After a crash, an order about which Postgres and Temporal disagree is published again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from temporalio.client import Client

from activities.projection import Projection
from settings import Settings
from tests.effects.desk import Desk
from tests.effects.test_relay import running, started, until
from workers.reconcile import Reconciler
from workers.relay import Relay
from workers.temporal import orders_worker


@pytest.mark.slow
async def test_a_step_that_temporal_has_forgotten_is_put_right(
    desk: Desk, engine: Engine, client: Client, temporal_settings: Settings
) -> None:
    relay = Relay(engine, client, temporal_settings)
    projection = Projection(engine, desk.direct, relay.nudge)
    forgotten, healthy, ended = [await desk.order() for _ in range(3)]
    async with orders_worker(client, [projection.publish, projection.end]), running(relay):
        await until(lambda: started(desk, forgotten, healthy, ended))
        # They were filed hours ago, so each begins by saying that it is late; then it rests.
        await until(lambda: all(row(desk, order.number).version > 1 for order in (forgotten, healthy, ended)))
        await client.get_workflow_handle(ended.number).terminate()
        # As if a publish had been committed just before worker and server died.
        desk.say(
            "UPDATE work_orders SET version = version + 1, issued_at = now() - interval '1 second', stage = 'rejected',"
            " open = false WHERE number = :n",
            n=forgotten.number,
        )
        reconciler = Reconciler(engine, client)
        healed = await reconciler.look(datetime.now(UTC) - timedelta(minutes=10))
        assert healed == [forgotten.number]
        await until(lambda: row(desk, forgotten.number).open)
        assert row(desk, forgotten.number).stage == "submitted"
        assert await reconciler.look(datetime.now(UTC) - timedelta(minutes=10)) == []
        assert await reconciler.look(datetime.now(UTC) + timedelta(minutes=1)) == []


def row(desk: Desk, number: str) -> Any:
    return desk.one("SELECT stage, open, version FROM work_orders WHERE number = :n", n=number)
