"""The sweep: once a minute, finds what was left behind and brings it to an end.

Each of its jobs stands alone, so that one that fails holds up no other. All may run twice, or in two workers at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import ActivityExecutionStatus, Client
from temporalio.service import RPCError, RPCStatusCode

from integrations.storage import Storage, StorageUnavailable
from models.domain import words
from models.domain.policy import VISITORS_KNOWN_FOR
from models.repositories import contacts, notices, outbox, sweeping, visitors
from models.repositories.sweeping import Waiting
from workers.errands import ATTEMPT_SECONDS
from workers.transactions import in_transaction

EVERY_SECONDS: Final = 60.0

SENDING_LIFE: Final = ATTEMPT_SECONDS
"""An attempt that takes longer has been given up by Temporal."""

PENDING_PATIENCE: Final = timedelta(minutes=2)
"""How long a started delivery is left in peace before its activity is looked up."""

UPLOAD_LIFE: Final = timedelta(hours=24)
"""The upload policy ends after minutes; a photo still awaited a day later never comes."""

REQUEST_LIFE: Final = timedelta(days=7)
"""How long an idempotency key is remembered (`contract.md`)."""

FOLLOWERS_PATIENCE: Final = timedelta(minutes=2)
"""Orders are woken within a second of the end of what they follow; after this long the wake-up was lost."""

START_PATIENCE: Final = timedelta(minutes=2)
"""A start that is neither waiting nor confirmed after this long was lost."""

ENDED_TIES_PATIENCE: Final = timedelta(days=7)
"""How long ago a tie may have ended whose passes are still looked for: longer than any outage."""

DESCRIBE_SECONDS: Final = timedelta(seconds=5)

AT_ONCE: Final = 8

_ENDED: Final = frozenset(
    {
        ActivityExecutionStatus.COMPLETED,
        ActivityExecutionStatus.FAILED,
        ActivityExecutionStatus.CANCELED,
        ActivityExecutionStatus.TERMINATED,
        ActivityExecutionStatus.TIMED_OUT,
    }
)

_log = logging.getLogger(__name__)


class Sweep:
    """`run` ends only when it is cancelled. Without a storage, uploads that nobody completed keep their bytes."""

    def __init__(self, engine: Engine, client: Client, storage: Storage | None = None) -> None:
        self._engine = engine
        self._client = client
        self._storage = storage
        self._places = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        while True:
            await self.once(datetime.now(UTC))
            await asyncio.sleep(EVERY_SECONDS)

    async def once(self, now: datetime) -> None:
        jobs: tuple[Callable[[datetime], Awaitable[None]], ...] = (
            self._stuck_sends,
            self._dead_notices,
            self._abandoned_photos,
            self._old_rows,
            self._lost_starts,
            self._forgotten_followers,
            self._orphaned_passes,
        )
        for job in jobs:
            try:
                await job(now)
            except (SQLAlchemyError, RPCError, StorageUnavailable) as error:
                _log.warning("%s was cut short and is tried again in a minute: %s", job.__name__.strip("_"), error)

    async def _stuck_sends(self, now: datetime) -> None:
        found = await in_transaction(self._engine, notices.mark_left_behind, now - SENDING_LIFE)
        if found:
            _log.warning("%d notices may or may not have been sent: %s", len(found), found)

    async def _dead_notices(self, now: datetime) -> None:
        waiting = await in_transaction(self._engine, sweeping.waiting, now - PENDING_PATIENCE)
        await asyncio.gather(*(self._give_up_if_dead(notice, now) for notice in waiting))

    async def _give_up_if_dead(self, notice: Waiting, now: datetime) -> None:
        async with self._places:
            why = await self._death_of(notice.activity_id)
            if why is None:
                return
            await in_transaction(self._engine, sweeping.give_up, notice.notice_id, why, now)
            _log.warning("notice %s is in the message centre only: %s", notice.notice_id, why)

    async def _death_of(self, activity_id: str) -> str | None:
        """Why nobody delivers any more; None while somebody still tries."""
        try:
            found = await self._client.get_activity_handle(activity_id).describe(rpc_timeout=DESCRIBE_SECONDS)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return "its delivery is unknown to Temporal"
            raise
        return f"its delivery ended as {found.status.name.lower()}" if found.status in _ENDED else None

    async def _abandoned_photos(self, now: datetime) -> None:
        for photo_id, key in await in_transaction(self._engine, sweeping.abandoned_photos, now - UPLOAD_LIFE):
            if self._storage is not None:
                await asyncio.to_thread(self._storage.remove, key)
            await in_transaction(self._engine, sweeping.forget_photo, photo_id)

    async def _old_rows(self, now: datetime) -> None:
        await in_transaction(self._engine, sweeping.forget_requests, now - REQUEST_LIFE)
        await in_transaction(self._engine, contacts.forget, now - REQUEST_LIFE)
        await in_transaction(self._engine, outbox.forget_done, now)
        await in_transaction(self._engine, visitors.anonymise, now, VISITORS_KNOWN_FOR, sweeping.PER_SWEEP)

    async def _lost_starts(self, now: datetime) -> None:
        found = await in_transaction(self._engine, sweeping.start_again, now - START_PATIENCE)
        if found:
            _log.warning("%d orders were never started and are now: %s", len(found), found)

    async def _orphaned_passes(self, now: datetime) -> None:
        found = await in_transaction(
            self._engine, visitors.revoke_orphaned, now, now - ENDED_TIES_PATIENCE, words.HOST_GONE
        )
        if found:
            _log.info("%d passes end with their hosts' ties: %s", len(found), found)

    async def _forgotten_followers(self, now: datetime) -> None:
        found = await in_transaction(self._engine, sweeping.wake_forgotten, now - FOLLOWERS_PATIENCE, now)
        if found:
            _log.warning("%d orders still followed what is over, and are woken: %s", len(found), found)
