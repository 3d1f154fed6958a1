"""Orders, their timeline and their tasks: the projection that every list, page and report reads."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, Index, LargeBinary, SmallInteger, String, text
from sqlmodel import Field

from models.domain.order import LAST_RANK
from models.tables.base import Base, document, instant, now


class WorkOrder(Base, table=True):
    """One row per order.

    `state` is the whole `OrderState`; the other columns are what lists filter and sort by, and the words.
    """

    __tablename__ = "work_orders"
    __table_args__ = (
        Index("ix_work_orders_reporter", "reporter_id", text("submitted_at DESC"), text("number DESC")),
        Index("ix_work_orders_house", "house_id", text("submitted_at DESC"), text("number DESC")),
        Index("ix_work_orders_community", "community_id", text("submitted_at DESC"), text("number DESC")),
        Index("ix_work_orders_kind", "community_id", "kind", text("submitted_at DESC"), text("number DESC")),
        Index(
            "ix_work_orders_open",
            "community_id",
            text("submitted_at DESC"),
            text("number DESC"),
            postgresql_where=text("open"),
        ),
        Index(
            "ix_work_orders_public",
            "community_id",
            text("submitted_at DESC"),
            text("number DESC"),
            postgresql_where=text("open AND kind = 'repair' AND house_id IS NULL"),
        ),
        Index("ix_work_orders_rated", "community_id", "closed_at", postgresql_where=text("rating_result IS NOT NULL")),
        Index(
            "ux_work_orders_follows",
            "follows",
            unique=True,
            postgresql_where=text("follows IS NOT NULL AND stage NOT IN ('cancelled', 'rejected')"),
        ),
        Index("ix_work_orders_touched", "touched_at", postgresql_where=text("workflow_ended_at IS NULL")),
        Index("ix_work_orders_followers", "primary_number", postgresql_where=text("primary_number IS NOT NULL")),
        Index("ix_work_orders_incident", "incident_id", postgresql_where=text("incident_id IS NOT NULL")),
        Index(
            "ix_work_orders_unstarted",
            "submitted_at",
            postgresql_where=text("started_at IS NULL AND workflow_ended_at IS NULL"),
        ),
        Index("ix_work_orders_failing", "number", postgresql_where=text("projection_error IS NOT NULL")),
        Index("ix_work_orders_living", "number", postgresql_where=text("open OR workflow_ended_at IS NULL")),
    )
    number: str = Field(primary_key=True)
    kind: str
    community_id: str = Field(foreign_key="communities.id")
    house_id: str | None = Field(default=None, foreign_key="houses.id")
    building_id: str | None = Field(default=None, foreign_key="buildings.id")
    place_label: str
    """As it was called when the order was filed: `1栋1单元101室`, `2栋 电梯`."""
    category: str
    description: str
    answers: dict[str, Any] = document(default_factory=dict)
    reporter_kind: str
    reporter_id: str | None = None
    """A resident's or staff member's id; null for somebody without an account."""
    source: str = "app"
    filed_by: str | None = Field(default=None, foreign_key="staff.id")
    contact_name: str | None = None
    contact_phone_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    follows: str | None = Field(default=None, foreign_key="work_orders.number")
    """The earlier order that this one goes on with; only one does at a time."""
    stage: str
    open: bool = True
    priority: str
    assignee_id: str | None = Field(default=None, foreign_key="staff.id", index=True)
    urged: int = 0
    next_due_at: datetime | None = instant(nullable=True, default=None)
    submitted_at: datetime = instant()
    finished_at: datetime | None = instant(nullable=True, default=None)
    closed_at: datetime | None = instant(nullable=True, default=None)
    rating_result: int | None = None
    rating_speed: int | None = None
    rating_manner: int | None = None
    rating_text: str | None = None
    version: int = 1
    issued_at: datetime = instant()
    touched_at: datetime = instant(default_factory=now)
    """When the row was last written; the wake-up after a crash looks at what was touched lately."""
    state: dict[str, Any] = document()
    started_at: datetime | None = instant(nullable=True, default=None)
    """When the relay had the workflow started; null while the order waits for the engine."""
    workflow_ended_at: datetime | None = instant(nullable=True, default=None)
    """After this, Postgres is the truth: later acts are transactions on this row."""
    projection_error: str | None = None
    primary_number: str | None = Field(default=None, foreign_key="work_orders.number")
    """The order that this one follows. Written first by the decision that it may, then by every publish."""
    excluded: list[str] = Field(
        default_factory=list,
        sa_type=ARRAY(String),  # type: ignore[call-overload]
        sa_column_kwargs={"server_default": text("'{}'")},
    )
    """Staff for whom the order does not exist: whom it complains of, and those who report to them."""
    incident_id: str | None = Field(default=None, foreign_key="incidents.id")
    """The incident that it follows; the same holds."""
    heir_number: str | None = None
    """Of a primary that was called off: the follower that has taken its place. No publish writes it."""
    accompanied: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Somebody has ever followed or joined it, so its news concerns others too. No publish writes it."""


class TimelineEvent(Base, table=True):
    __tablename__ = "timeline_events"
    __table_args__ = (CheckConstraint("audience IN ('reporter', 'staff', 'manager')", name="audience"),)
    number: str = Field(primary_key=True, foreign_key="work_orders.number")
    version: int = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    """Position within the step; a late event of an effect uses a seq from 1000 on."""
    kind: str
    at: datetime = instant()
    by_id: str
    by_kind: str
    audience: str
    stage: str | None = None
    facts: dict[str, Any] = document(default_factory=dict)


class TaskRow(Base, table=True):
    """One row per task. The first two indexes are the inbox's shelves (`models.repositories.inbox`)."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index(
            "ix_tasks_held",
            "holder_id",
            "community_id",
            "order_kind",
            "rank",
            text("coalesce(due_at, 'infinity'::timestamptz)"),
            "id",
            postgresql_where=text("closed_at IS NULL AND holder_id IS NOT NULL"),
        ),
        Index(
            "ix_tasks_waiting",
            "community_id",
            "order_kind",
            text("(holder_id IS NULL)"),
            "roles",
            "also_seen_by",
            "rank",
            text("coalesce(due_at, 'infinity'::timestamptz)"),
            "id",
            postgresql_where=text("closed_at IS NULL AND (holder_id IS NULL OR also_seen_by <> '{}'::varchar[])"),
        ),
        Index("ix_tasks_number", "number"),
        Index("ix_tasks_settled", "closed_at", postgresql_where=text("kind = 'settle'")),
    )
    id: str = Field(primary_key=True)
    number: str = Field(foreign_key="work_orders.number")
    community_id: str = Field(foreign_key="communities.id")
    order_kind: str
    kind: str
    holder_id: str | None = None
    roles: list[str] = Field(default_factory=list, sa_type=ARRAY(String))  # type: ignore[call-overload]
    also_seen_by: list[str] = Field(default_factory=list, sa_type=ARRAY(String))  # type: ignore[call-overload]
    rank: int = Field(
        default=LAST_RANK, sa_type=SmallInteger, sa_column_kwargs={"server_default": text(str(LAST_RANK))}
    )
    """`OrderState.rank`, while it is open."""
    opened_at: datetime = instant()
    opened_version: int
    due_at: datetime | None = instant(nullable=True, default=None)
    gives_up_at: datetime | None = instant(nullable=True, default=None)
    closed_at: datetime | None = instant(nullable=True, default=None)
    closed_version: int | None = None
    outcome: str | None = None
    closed_by: str | None = None
    form: dict[str, Any] = document(default_factory=dict)


class ForgottenStep(Base, table=True):
    """What was committed and then forgotten by Temporal, kept for the auditor when the next step replaced it."""

    __tablename__ = "forgotten_steps"
    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(index=True)
    version: int
    replaced_by: int
    at: datetime = instant(default_factory=now)
    rows: dict[str, Any] = document(default_factory=dict)
