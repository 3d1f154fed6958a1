"""Finds orders about which Postgres and Temporal disagree after a crash, and has them published again.

A publish is committed before Temporal's history holds the command that caused it. If worker and server die in between,
Postgres shows a step that the workflow has never taken. The workflow's next step would repair that; this repairs it
at once.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.common import QueryRejectCondition
from temporalio.service import RPCError, RPCStatusCode

from models.domain.order import OrderState
from models.repositories import relaying
from models.repositories.relaying import Touched
from workflows import names

LOOK_BACK: Final = timedelta(minutes=10)
"""How much older than the last sign of life a doubtful publish can be: many times the longest workflow task."""

ORDERS_LOOKED_AT: Final = 5000
"""A busy firm touches a few hundred orders in ten minutes."""

AT_ONCE: Final = 8
"""A query replays an order that is not cached; more at once would slow the people who are waiting."""

QUERY_SECONDS: Final = timedelta(seconds=10)

ATTEMPTS: Final = 5
"""Right after a start the workers may not have polled yet, and a query finds nobody to answer."""

AGAIN_SECONDS: Final = 2.0

SETTLE_SECONDS: Final = 0.5
"""A publish takes milliseconds; after this long a difference is none of its making."""

_log = logging.getLogger(__name__)


class Reconciler:
    def __init__(self, engine: Engine, client: Client) -> None:
        self._engine = engine
        self._client = client
        self._since: asyncio.Queue[datetime] = asyncio.Queue()
        self._places = asyncio.Semaphore(AT_ONCE)

    async def run(self, last_alive: datetime | None) -> None:
        """Look once at the start, and again whenever asked to."""
        now = datetime.now(UTC)
        self._since.put_nowait(min(last_alive or now, now))
        while True:
            await self.look(await self._since.get() - LOOK_BACK)

    def look_again(self, since: datetime) -> None:
        """After an outage that began then."""
        self._since.put_nowait(since)

    async def look(self, since: datetime) -> list[str]:
        """Compare all orders written since then. Answers the numbers that were told to publish."""
        try:
            orders = await asyncio.to_thread(self._touched, since)
        except SQLAlchemyError as error:
            _log.warning("orders could not be compared: %s", error)
            return []
        differing = await asyncio.gather(*(self._compare(order) for order in orders))
        healed = [order.number for order, differs in zip(orders, differing, strict=True) if differs]
        if healed:
            _log.warning("Postgres and Temporal differed on %d orders, now published again: %s", len(healed), healed)
        return healed

    def _touched(self, since: datetime) -> list[Touched]:
        with self._engine.connect() as conn:
            return relaying.touched_since(conn, since, ORDERS_LOOKED_AT)

    async def _compare(self, order: Touched) -> bool:
        async with self._places:
            for attempt in range(ATTEMPTS):
                if attempt:
                    await asyncio.sleep(AGAIN_SECONDS)
                try:
                    return await self._heal(order)
                except WorkflowQueryFailedError as error:
                    _log.warning("order %s cannot be compared: %s", order.number, error)
                    return False
                except WorkflowQueryRejectedError:
                    _log.error("order %s has not ended, but its workflow has", order.number)
                    return False
                except RPCError as error:
                    if error.status is RPCStatusCode.NOT_FOUND:
                        _log.error("order %s is open, but Temporal does not know it", order.number)
                        return False
            _log.warning("order %s could not be compared: no worker answers", order.number)
            return False

    async def _heal(self, order: Touched) -> bool:
        """Looks twice: an order that is being worked on may publish between the two readings."""
        handle = self._client.get_workflow_handle(order.number)
        state = await self._state(order.number)
        if state == (order.issued_at, order.version):
            return False
        await asyncio.sleep(SETTLE_SECONDS)
        if await asyncio.to_thread(self._shown, order.number) == await self._state(order.number):
            return False
        await handle.signal(names.REPUBLISH, rpc_timeout=QUERY_SECONDS)
        return True

    async def _state(self, number: str) -> tuple[datetime, int]:
        handle = self._client.get_workflow_handle(number)
        state = await handle.query(
            names.SNAPSHOT,
            result_type=OrderState,
            reject_condition=QueryRejectCondition.NOT_OPEN,
            rpc_timeout=QUERY_SECONDS,
        )
        return state.issued_at, state.version

    def _shown(self, number: str) -> tuple[datetime, int] | None:
        with self._engine.connect() as conn:
            return relaying.shown(conn, number)
