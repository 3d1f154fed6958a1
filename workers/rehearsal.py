"""Before a deploy: every living order's history, decided again by today's code.

A workflow whose new code would decide otherwise than its history says stops where it is, so this is asked beforehand.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from models.repositories import drift
from workers.registry import WORKFLOWS
from workers.transactions import in_transaction

FETCHED_AT_ONCE: Final = 16
"""Histories of some fifty kilobytes each; reading them is quicker than replaying them."""


@dataclass(frozen=True)
class Rehearsed:
    """`failure` is None when today's code decides as the history says."""

    number: str
    failure: str | None


async def rehearse_all(engine: Engine, client: Client) -> AsyncIterator[Rehearsed]:
    """Each order as it was replayed. One that has ended meanwhile is left out.

    Raises RPCError, sqlalchemy.exc.SQLAlchemyError.
    """
    numbers = await in_transaction(engine, drift.started)
    # Without the sandbox it decides the same in half the time; what a sandbox forbids, the tests have refused.
    replayer = Replayer(
        workflows=WORKFLOWS, data_converter=client.data_converter, workflow_runner=UnsandboxedWorkflowRunner()
    )
    async with replayer.workflow_replay_iterator(_histories(client, numbers)) as results:
        async for result in results:
            failure = result.replay_failure
            yield Rehearsed(result.history.workflow_id, str(failure) if failure is not None else None)


async def _histories(client: Client, numbers: Sequence[str]) -> AsyncIterator[WorkflowHistory]:
    for start in range(0, len(numbers), FETCHED_AT_ONCE):
        fetched = await asyncio.gather(
            *(_history(client, number) for number in numbers[start : start + FETCHED_AT_ONCE])
        )
        for history in fetched:
            if history is not None:
                yield history


async def _history(client: Client, number: str) -> WorkflowHistory | None:
    """None for an order that Temporal does not know; the comparison says so."""
    try:
        return await client.get_workflow_handle(number).fetch_history()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
