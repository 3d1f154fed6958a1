"""A time-skipping Temporal server for the workflow tests, one worker on it, and a fresh desk for each test."""

from __future__ import annotations

import shutil
import sysconfig
import uuid
from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment

from integrations.temporal import data_converter
from settings import Settings
from tests.workflows.desk import KEY, PAYLOAD_KEYS, Desk, Shelves
from workers.temporal import orders_worker
from workflows import proof_keys
from workflows.search_attributes import ALL, DUE_AT

PROGRAM = "temporal-test-server"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """The server comes from a wheel; without its path the SDK would try to download one."""
    env = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=shutil.which(PROGRAM, path=sysconfig.get_path("scripts")) or shutil.which(PROGRAM),
        data_converter=data_converter(Settings(payload_keys=PAYLOAD_KEYS)),
    )
    word, moment = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD, IndexedValueType.INDEXED_VALUE_TYPE_DATETIME
    await env.client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=env.client.namespace,
            search_attributes={key.name: moment if key == DUE_AT else word for key in ALL},
        )
    )
    try:
        yield env
    finally:
        await env.shutdown()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def office(time_skipping: WorkflowEnvironment) -> AsyncIterator[tuple[Shelves, str]]:
    """One worker for all tests: what it caches and compiles is paid for once."""
    shelves, queue = Shelves(), f"orders-{uuid.uuid4().hex[:8]}"
    async with orders_worker(time_skipping.client, [shelves.publish, shelves.end], queue):
        yield shelves, queue


@pytest_asyncio.fixture(loop_scope="session")
async def desk(time_skipping: WorkflowEnvironment, office: tuple[Shelves, str]) -> AsyncIterator[Desk]:
    """The clock of the server is one for all orders, so a test's orders leave with it."""
    proof_keys.use([KEY])
    desk = Desk(time_skipping, *office)
    yield desk
    await desk.clear()
