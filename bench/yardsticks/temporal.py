"""A workflow that does nothing but answer, on the same server: so many Updates, so many empty local activities each.

python -m bench.yardsticks.temporal ADDRESS NAMESPACE    serves it until it is ended
"""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Final

import uvloop
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

QUEUE: Final = "bench"
CACHED: Final = 5000
"""As many as the product's worker keeps, so that neither replays while it is measured."""

LIMIT: Final = timedelta(seconds=5)


@activity.defn(name="bench.nothing")
async def nothing() -> None:
    """Takes no thread, no connection and no time."""


@workflow.defn(name="Bare")
class Bare:
    """Lives until it has had as many Updates as it was started for."""

    def __init__(self) -> None:
        self._had = 0

    @workflow.run
    async def run(self, updates: int) -> None:
        await workflow.wait_condition(lambda: self._had >= updates)

    @workflow.update
    async def step(self, local_activities: int) -> None:
        for _ in range(local_activities):
            await workflow.execute_local_activity(nothing, schedule_to_close_timeout=LIMIT)
        self._had += 1


async def serve(address: str, namespace: str) -> None:
    client = await Client.connect(address, namespace=namespace)
    worker = Worker(
        client,
        task_queue=QUEUE,
        workflows=[Bare],
        activities=[nothing],
        max_cached_workflows=CACHED,
        workflow_runner=UnsandboxedWorkflowRunner(),  # As the product's worker runs its own.
    )
    await worker.run()


if __name__ == "__main__":
    uvloop.run(serve(*sys.argv[1:3]))
