"""What a workflow asks the database about its group, before it changes anything (`architecture.md` §3)."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from models.domain.following import Fate, Follower, Joined, Joining
from models.repositories import groups


class Groups:
    """Blocking, as psycopg2 is: the worker runs it in its thread executor. Asking twice gives the same answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @activity.defn(name="groups.join")
    def join(self, question: Joining) -> Joined:
        """Whether an order may follow another, or an incident; if so it is written down already."""
        try:
            with self._engine.begin() as conn:
                return groups.join(conn, question)
        except SQLAlchemyError as error:
            raise _away(error) from None

    @activity.defn(name="groups.fate")
    def fate(self, question: Follower) -> Fate:
        """What has become of what an order follows."""
        try:
            with self._engine.begin() as conn:
                return groups.fate(conn, question)
        except SQLAlchemyError as error:
            raise _away(error) from None


def _away(error: SQLAlchemyError) -> ApplicationError:
    """To be tried again; without the statement, which would fill the workflow's history."""
    return ApplicationError(type(error).__name__, type="database_unavailable")
