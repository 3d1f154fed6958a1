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
from models.repositories import drift, relaying
from workflows import upkeep
from workflows.starting import summary

T = TypeVar("T")


async def apply(client: Client, engine: Engine, remedy: Remedy, number: str, now: datetime) -> None:
    """Carry one out; whether it has helped is for the next look to say.

    Raises:
        IllegalTransition: the row's state cannot be read, so nothing can be started from it.
        RPCError, WorkflowQueryFailedError: Temporal or the workflow refused.
        sqlalchemy.exc.SQLAlchemyError: Postgres did.
    """
    match remedy:
        case Remedy.START:
            await _in_transaction(engine, lambda conn: drift.start_now(conn, number))
        case Remedy.RESTART:
            await _restart(client, engine, number)
        case Remedy.ADOPT:
            order = await upkeep.last_words(client, number)
            await _in_transaction(engine, lambda conn: drift.adopt(conn, order, now))
        case Remedy.RETRY:
            await upkeep.retry(client, number)
        case Remedy.REPUBLISH:
            await upkeep.republish(client, number)


async def _restart(client: Client, engine: Engine, number: str) -> None:
    kept, named = await _in_transaction(
        engine, lambda conn: (drift.kept(conn, number), relaying.starting(conn, [number]).get(number))
    )
    if kept is None or kept.state is None or named is None:
        raise IllegalTransition("unreadable_state")
    await upkeep.restart(client, kept.state, summary(kept.state, named.category, named.building))


async def _in_transaction(engine: Engine, work: Callable[[Connection], T]) -> T:
    def run() -> T:
        with engine.begin() as conn:
            return work(conn)

    return await asyncio.to_thread(run)
