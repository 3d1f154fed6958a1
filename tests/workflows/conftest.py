"""A time-skipping Temporal server for the workflow tests, and a desk on it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment

from integrations.temporal import data_converter
from settings import Settings
from tests.workflows.desk import Desk, open_desk

PAYLOAD_KEYS = {"test": "dGVzdCBrZXkgb2YgdGhpcnR5LXR3byBieXRlcyA6LSk="}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    env = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=shutil.which("temporal-test-server"),
        data_converter=data_converter(Settings(payload_keys=PAYLOAD_KEYS)),
    )
    keyword, moment = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD, IndexedValueType.INDEXED_VALUE_TYPE_DATETIME
    await env.client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=env.client.namespace,
            search_attributes={
                **dict.fromkeys(("WyKind", "WyStage", "WyCommunity", "WyAssignee", "WyPriority"), keyword),
                "WyDueAt": moment,
            },
        )
    )
    try:
        yield env
    finally:
        await env.shutdown()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(time_skipping: WorkflowEnvironment) -> AsyncIterator[Desk]:
    async with open_desk(time_skipping) as desk:
        yield desk
