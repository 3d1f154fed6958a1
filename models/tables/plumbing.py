"""What keeps promises between Postgres and Temporal: the outbox, and the keys of requests already carried out."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field

from models.tables.base import Base, document, instant, now


class OutboxRow(Base, table=True):
    """A wish for Temporal, written with the change that caused it, leased and carried out by the relay.

    `action`: `start` (the order's workflow), `notice` or `photo` (a standalone activity), `command` (an Update by the
    system).
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_waiting", "rank", "not_before", "id", postgresql_where=text("done_at IS NULL")),
        Index("ix_outbox_number", "number"),
        Index("ix_outbox_done", "done_at", postgresql_where=text("done_at IS NOT NULL")),
    )
    id: str = Field(primary_key=True)
    """Also the workflow's or activity's id in Temporal, so that nothing is started twice."""
    action: str
    number: str | None = None
    """The order's, or the id of the walk that a notice is about."""
    version: int | None = None
    rank: int
    """How urgent it is, as `models.repositories.rows_of.RANK_*` say."""
    body: dict[str, Any] = document(default_factory=dict)
    created_at: datetime = instant(default_factory=now)
    not_before: datetime = instant(default_factory=now)
    leased_until: datetime | None = instant(nullable=True, default=None)
    attempts: int = 0
    done_at: datetime | None = instant(nullable=True, default=None)
    error: str | None = None


class HandledRequest(Base, table=True):
    """A creating or acting request that succeeded, under its update id; kept seven days."""

    __tablename__ = "handled_requests"
    __table_args__ = (Index("ix_handled_requests_at", "at"),)
    update_id: str = Field(primary_key=True)
    digest: str
    number: str | None = None
    version: int = 1
    at: datetime = instant(default_factory=now)
    answer: dict[str, Any] | None = document(default=None, nullable=True)
    """What was answered, so that a repetition hears the same; null when the answer was lost on the way."""


class PendingContact(Base, table=True):
    """A corrected contact, until the step that records the correction is published (`models.repositories.contacts`)."""

    __tablename__ = "pending_contacts"
    update_id: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    name: str
    phone_sealed: bytes = Field(sa_type=LargeBinary)
    at: datetime = instant(default_factory=now)


class Setting(Base, table=True):
    """Small facts of the installation, such as when the relay last lived."""

    __tablename__ = "settings"
    key: str = Field(primary_key=True)
    value: dict[str, Any] = document(default_factory=dict)
