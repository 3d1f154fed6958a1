"""The least that an action can be: HTTP, an Update, one commit, one search attribute, one timer, and no rule of ours.

It is what the design asks of any action (`architecture.md`, decisions 4 and 5): what lies between the bare Update and
this can be saved by nobody who keeps to the design, what lies between this and a real action is the product.

python -m bench.yardsticks.least worker ADDRESS NAMESPACE DATABASE    serves the workflow
python -m bench.yardsticks.least door ADDRESS NAMESPACE PORT          carries `POST /<workflow id>` to it
"""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any, Final

import asyncpg
import orjson
import uvicorn
import uvloop
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bench.yardsticks.database import CONNECTIONS
from bench.yardsticks.empty import END, START
from bench.yardsticks.temporal import CACHED, LIMIT
from devstack.ports import LOOPBACK
from integrations.temporal import Encryption, OneConverter
from workflows.search_attributes import STAGE

QUEUE: Final = "bench-least"

CONVERTER: Final = DataConverter(
    payload_converter_class=OneConverter, payload_codec=Encryption({"bench": bytes(range(32))})
)
"""The product's, with a key that keeps no secret."""

COMMAND: Final = "c" * 700
"""As long as an envelope."""

STEP: Final = {"state": "s" * 4000}
"""As long as what a repair publishes."""

ALARM: Final = timedelta(days=1)

COMMIT: Final = """
    WITH event AS (INSERT INTO bench_least_events VALUES ($1, $2, now()))
    UPDATE bench_least SET version = $2, state = $3 WHERE number = $1"""


@workflow.defn(name="Least")
class Least:
    """Lives until it has had as many Updates as it was started for; its alarm is set anew after each."""

    def __init__(self) -> None:
        self._had = 0

    @workflow.run
    async def run(self, updates: int) -> None:
        for count in range(1, updates + 1):
            await workflow.wait_condition(lambda: self._had >= count, timeout=ALARM)  # noqa: B023

    @workflow.update
    async def step(self, command: str) -> int:
        version = self._had + 1
        said = [workflow.info().workflow_id, version, STEP]
        await workflow.execute_local_activity("bench.commit", args=said, schedule_to_close_timeout=LIMIT)
        workflow.upsert_search_attributes([STAGE.value_set(f"after {version}")])
        self._had = version
        return version


class Commit:
    """One statement, one transaction, in the worker's own loop."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @activity.defn(name="bench.commit")
    async def commit(self, number: str, version: int, state: dict[str, str]) -> None:
        await self._pool.execute(COMMIT, number, version, orjson.dumps(state).decode())


async def serve(address: str, namespace: str, database: str) -> None:
    client = await Client.connect(address, namespace=namespace, data_converter=CONVERTER)
    async with asyncpg.create_pool(database, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
        worker = Worker(
            client,
            task_queue=QUEUE,
            workflows=[Least],
            activities=[Commit(pool).commit],
            max_cached_workflows=CACHED,
            workflow_runner=UnsandboxedWorkflowRunner(),
        )
        await worker.run()


class Door:
    """An ASGI application that reads nothing and answers the same to everything, once the Update has returned."""

    def __init__(self, address: str, namespace: str) -> None:
        self._where = address, namespace
        self._client: Client | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if self._client is None:
            address, namespace = self._where
            self._client = await Client.connect(address, namespace=namespace, data_converter=CONVERTER, lazy=True)
        await self._client.get_workflow_handle(scope["path"][1:]).execute_update(Least.step, COMMAND)
        await send(START)
        await send(END)


if __name__ == "__main__":
    what, address, namespace, where = sys.argv[1:5]
    if what == "worker":
        uvloop.run(serve(address, namespace, where))
    else:
        uvicorn.run(
            Door(address, namespace), host=LOOPBACK, port=int(where), loop="uvloop", http="httptools",
            log_level="warning", access_log=False, lifespan="off",
        )  # fmt: skip
