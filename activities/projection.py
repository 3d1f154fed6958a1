"""The activity by which every step of an order reaches Postgres (`architecture.md` §1.5)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from models.domain.step import Batch, Published
from models.repositories import publish as statements
from models.repositories.direct import FAILURES, Direct
from models.repositories.live import Announcer


class Projection:
    """The usual step is one statement on the event loop; any other takes a thread, as psycopg2 blocks.

    `nudge` wakes the relay of the same process as soon as a step has written something for it.
    """

    def __init__(self, engine: Engine, db: Direct, nudge: Callable[[], None]) -> None:
        self._engine = engine
        self._direct = db
        self._nudge = nudge
        self._announcer = Announcer(db)

    async def close(self) -> None:
        """Send the last announcements; call it after the worker has stopped."""
        await self._announcer.close()

    @activity.defn(name="projection.publish")
    async def publish(self, batch: Batch) -> Published:
        """Write one step in one transaction.

        Raises ApplicationError: `projection_integrity` is final and marks the order for the operator;
        `projection_unavailable` may be tried again.
        """
        try:
            published = await statements.publish_at_once(self._direct, batch)
        except FAILURES:
            published = None  # The long way finds out what is the matter, and who has to act.
        if published is None:
            published = await asyncio.to_thread(self._publish_step_by_step, batch)
        self._tell(batch)
        return published

    def _publish_step_by_step(self, batch: Batch) -> Published:
        try:
            with self._engine.begin() as conn:
                return statements.publish(conn, batch)
        except (IntegrityError, DataError, statements.OrderRowMissing) as error:
            self._mark_failing(batch.number, error)
            raise ApplicationError(_words(error), type="projection_integrity", non_retryable=True) from None
        except SQLAlchemyError as error:
            raise ApplicationError(_words(error), type="projection_unavailable") from None

    @activity.defn(name="projection.end")
    async def end(self, number: str) -> None:
        """The workflow is about to return: from now on Postgres is the truth. Saying it twice changes nothing."""
        try:
            await statements.mark_ended_at_once(self._direct, number, datetime.now(UTC))
        except FAILURES as error:
            raise ApplicationError(_words(error), type="projection_unavailable") from None

    def _tell(self, batch: Batch) -> None:
        self._announcer.changed(batch.number, batch.state.community_id)
        if batch.notices or any(event.stage or event.kind == "promoted" for event in batch.events):
            # A stage may also have woken those that follow this order.
            self._nudge()

    def _mark_failing(self, number: str, error: Exception) -> None:
        try:
            with self._engine.begin() as conn:
                statements.mark_failing(conn, number, _words(error))
        except SQLAlchemyError:
            activity.logger.exception("order %s could not be marked as failing", number)


def _words(error: Exception) -> str:
    """The database's own first line, without the statement, which would fill the workflow's history."""
    original = getattr(error, "orig", None) or error
    return f"{type(original).__name__}: {str(original).strip().splitlines()[0] if str(original).strip() else ''}"
