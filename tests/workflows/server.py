"""The time-skipping Temporal server, as our workflows need it."""

from __future__ import annotations

import shutil
import sysconfig
from typing import Final

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment

from integrations.temporal import data_converter
from settings import Settings
from tests.workflows.desk import PAYLOAD_KEYS
from workflows.search_attributes import ALL, DUE_AT

PROGRAM: Final = "temporal-test-server"


async def start_time_skipping() -> WorkflowEnvironment:
    """The program comes from a wheel; without its path the SDK would try to download one."""
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
    return env
