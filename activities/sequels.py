"""Filing again what was cancelled wrongly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from models.repositories import sequels


class Sequels:
    """Blocking, as psycopg2 is. `nudge` wakes the relay, which starts the new order's workflow."""

    def __init__(self, engine: Engine, nudge: Callable[[], None]) -> None:
        self._engine = engine
        self._nudge = nudge

    @activity.defn(name="sequels.file_again")
    def file_again(self, number: str) -> str:
        """The new order's number. Asked again, it is the same one. Raises a retryable error when Postgres is away."""
        try:
            with self._engine.begin() as conn:
                filed = sequels.file_again(conn, number, datetime.now(UTC))
        except SQLAlchemyError as error:
            # Without the statement, which would fill the workflow's history.
            raise ApplicationError(type(error).__name__, type="database_unavailable") from None
        self._nudge()
        return filed
