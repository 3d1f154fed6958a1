"""What a repair has to know of the house when a quote is made."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from models.domain.quotes import Parties
from models.repositories import quoting


class Quotes:
    """Blocking, as psycopg2 is: the worker runs it in its thread executor."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @activity.defn(name="quotes.parties")
    def parties(self, number: str) -> Parties:
        """Raises a retryable ApplicationError while Postgres is away."""
        try:
            with self._engine.begin() as conn:
                return quoting.parties(conn, number)
        except SQLAlchemyError as error:
            raise ApplicationError(type(error).__name__, type="quotes_unavailable") from None
