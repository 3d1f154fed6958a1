"""The activity by which a running order asks for its community's calendar and ladder again."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from integrations.holidays import announced
from models.domain.policy import terms_for
from models.domain.terms import Terms, TermsWanted
from models.repositories import policies


class Policies:
    """Blocking, as psycopg2 is."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @activity.defn(name="policies.read_terms")
    def read_terms(self, wanted: TermsWanted) -> Terms:
        """Today's settings and announced holidays. Raises a retryable ApplicationError without the database."""
        try:
            with self._engine.connect() as conn:
                policy = policies.policy_of(conn, wanted.community_id)
        except SQLAlchemyError:
            raise ApplicationError("the settings cannot be read", type="settings_unavailable") from None
        return terms_for(policy, announced(), since=wanted.since, now=datetime.now(UTC))
