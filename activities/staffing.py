"""Finding somebody for a new order, when its community lets orders assign themselves."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from models.domain.assignment import Choice
from models.repositories import choosing


class Staffing:
    """Blocking, as psycopg2 is: the worker runs it in its thread executor."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @activity.defn(name="staffing.choose")
    def choose(self, number: str) -> Choice | None:
        """Who gets the order; the pool for an emergency that nobody is there to dispatch; None: a dispatcher decides.

        Raises ApplicationError `projection_unavailable`, which may be tried again.
        """
        try:
            with self._engine.connect() as conn:
                return choosing.choice_for(conn, number)
        except SQLAlchemyError as error:
            raise ApplicationError(type(error).__name__, type="projection_unavailable") from None
