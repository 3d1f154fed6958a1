"""What mends an order that has drifted, the same for the doctor and for the operator's page. Each may be done twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine
from temporalio.client import Client

from models.domain.drift import Remedy
from models.domain.errors import IllegalTransition
from models.domain.order import OrderState
from models.repositories import drift, relaying
from workflows import upkeep
from workflows.starting import summary

T = TypeVar("T")


async def apply(
    client: Client, engine: Engine, remedy: Remedy, number: str, now: datetime, *, break_off: bool = False
) -> None:
    """Carry one out; whether it has helped is for the next look to say. `break_off`: a restart may end the workflow
    that runs, if its own step fails.

    Raises:
        IllegalTransition: the row's state cannot be read, so nothing can be started from it; or what should be broken
            off does not fail.
        RPCError, WorkflowQueryFailedError: Temporal or the workflow refused.
        sqlalchemy.exc.SQLAlchemyError: Postgres did.
    """
    match remedy:
        case Remedy.START:
            await _in_transaction(engine, lambda conn: drift.start_now(conn, number))
        case Remedy.RESTART:
            await _restart(client, engine, number, break_off)
        case Remedy.ADOPT:
            order = await upkeep.last_words(client, number)
            await _in_transaction(engine, lambda conn: drift.adopt(conn, order, now))
        case Remedy.RETRY:
            await upkeep.retry(client, number)
        case Remedy.REPUBLISH:
            await upkeep.republish(client, number)


async def _restart(client: Client, engine: Engine, number: str, break_off: bool) -> None:
    start = await _start_of(engine, number)
    if break_off:
        if not await upkeep.break_off(client, number):
            raise IllegalTransition("does_not_fail")
        # Read once more: until now its last publish may still have been under way.
        start = await _start_of(engine, number)
    await upkeep.restart(client, *start)


async def _start_of(engine: Engine, number: str) -> tuple[OrderState, str]:
    """State and summary to start from. Raises IllegalTransition."""
    kept, named = await _in_transaction(
        engine, lambda conn: (drift.kept(conn, number), relaying.starting(conn, [number]).get(number))
    )
    if kept is None or kept.state is None or named is None:
        raise IllegalTransition("unreadable_state")
    return kept.state, summary(kept.state, named.category, named.building)


async def _in_transaction(engine: Engine, work: Callable[[Connection], T]) -> T:
    def run() -> T:
        with engine.begin() as conn:
            return work(conn)

    return await asyncio.to_thread(run)
