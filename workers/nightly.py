"""Every night all orders are compared, so that the operator's page knows of a drift before anybody stumbles on it."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, time, timedelta
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError

from models.domain.numbers import CHINA
from models.repositories import operations
from workers.doctor import Doctor, NobodyAnswers
from workers.transactions import in_transaction

AT: Final = time(3, 30)
"""Chinese time: hardly anybody works, and what is found can be mended before the offices open."""

ONCE_IN: Final = timedelta(hours=20)
"""Of several workers the first compares; a round that began less long ago is this night's."""

_log = logging.getLogger(__name__)


def next_round(now: datetime) -> datetime:
    """The next half past three."""
    here = now.astimezone(CHINA)
    today = datetime.combine(here.date(), AT, CHINA)
    return today if here < today else today + timedelta(days=1)


class Nightly:
    """`run` ends only when it is cancelled. It mends nothing: that is for a person to decide."""

    def __init__(self, engine: Engine, client: Client) -> None:
        self._engine = engine
        self._doctor = Doctor(engine, client)

    async def run(self) -> None:
        while True:
            now = datetime.now(UTC)
            await asyncio.sleep((next_round(now) - now).total_seconds())
            await self.once(datetime.now(UTC))

    async def once(self, now: datetime) -> None:
        try:
            if not await in_transaction(self._engine, operations.claim_comparison, now, now - ONCE_IN):
                return
            cases = [case async for page in self._doctor.examine_all(fix=False, quick=True) for case in page]
        except (NobodyAnswers, RPCError, SQLAlchemyError) as error:
            _log.warning("orders could not be compared tonight: %s: %s", type(error).__name__, error)
        else:
            differing = {case.number: case.found.trouble.value for case in cases}
            _log.log(logging.WARNING if cases else logging.INFO, "%d orders differ: %s", len(cases), differing)
