"""A time-skipping Temporal server for the workflow tests, one worker on it, and a fresh desk for each test."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from tests.workflows.desk import KEY, Desk, Shelves
from tests.workflows.server import start_time_skipping
from workers.temporal import orders_worker
from workflows import proof_keys


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    env = await start_time_skipping()
    try:
        yield env
    finally:
        await env.shutdown()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def office(time_skipping: WorkflowEnvironment) -> AsyncIterator[tuple[Shelves, str]]:
    """One worker for all tests: what it caches and compiles is paid for once."""
    shelves, queue = Shelves(), f"orders-{uuid.uuid4().hex[:8]}"
    async with orders_worker(time_skipping.client, shelves.served, queue):
        yield shelves, queue


@pytest_asyncio.fixture(loop_scope="session")
async def forgetful_desk(time_skipping: WorkflowEnvironment) -> AsyncIterator[Desk]:
    """Its worker keeps nothing in memory: between any two steps it might as well have crashed."""
    proof_keys.use([KEY])
    shelves, queue = Shelves(), f"orders-{uuid.uuid4().hex[:8]}"
    async with orders_worker(time_skipping.client, shelves.served, queue, cached=0):
        desk = Desk(time_skipping, shelves, queue)
        yield desk
        await desk.clear()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(time_skipping: WorkflowEnvironment, office: tuple[Shelves, str]) -> AsyncIterator[Desk]:
    """The clock of the server is one for all orders, so a test's orders leave with it."""
    proof_keys.use([KEY])
    desk = Desk(time_skipping, *office)
    yield desk
    await desk.clear()
