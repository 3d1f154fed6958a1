"""Two workers with two queues and two executors, so that a hanging provider never slows a press of a button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Final

from temporalio.client import Client
from temporalio.worker import Worker, WorkflowRunner

from workers.registry import BESIDES, WORKFLOWS
from workers.sandbox import sandbox
from workflows import names

PUBLISH_THREADS: Final = 16
"""As many as there may be connections of the publisher's engine; a publish takes about 10 ms."""

EFFECT_THREADS: Final = 32
"""Effects mostly wait for somebody else's server."""

GRACE: Final = timedelta(seconds=10)
"""Let a publish or a send finish on shutdown instead of being done twice; below a container's usual stop grace."""

STICKY_TIMEOUT: Final = timedelta(seconds=3)
"""How long a task waits for the worker that has the order cached.

The default of 10 s is felt after a worker's death. One second is too little on a saturated machine: tasks that only
waited their turn were replayed from their whole history elsewhere, which added to the load (seen with 64 clients).
"""

CACHED_ORDERS: Final = 5000
"""About 100 KB each."""


def orders_worker(
    client: Client,
    activities: Sequence[Callable[..., Any]],
    queue: str = names.ORDERS,
    runner: WorkflowRunner | None = None,
    cached: int = CACHED_ORDERS,
) -> Worker:
    """Workflows and their publish. Without a `runner` of its own, in the sandbox; with nothing `cached`, each step is
    taken as after a crash.
    """
    return Worker(
        client,
        task_queue=queue,
        workflows=[*WORKFLOWS, *BESIDES],
        activities=activities,
        activity_executor=ThreadPoolExecutor(PUBLISH_THREADS, "publish"),
        max_concurrent_activities=PUBLISH_THREADS,
        max_concurrent_local_activities=PUBLISH_THREADS,
        workflow_runner=runner or sandbox(),
        max_cached_workflows=cached,
        sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        graceful_shutdown_timeout=GRACE,
    )


def effects_worker(client: Client, activities: Sequence[Callable[..., Any]]) -> Worker:
    """Everything that talks to the outside."""
    return Worker(
        client,
        task_queue=names.EFFECTS,
        activities=activities,
        activity_executor=ThreadPoolExecutor(EFFECT_THREADS, "effects"),
        max_concurrent_activities=EFFECT_THREADS,
        graceful_shutdown_timeout=GRACE,
    )
