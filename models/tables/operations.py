"""What operators look at: who mended what, and what the last comparison of Postgres and Temporal has found."""

from datetime import datetime

from sqlmodel import Field

from models.tables.base import Base, instant, new_id, now


class OperatorAct(Base, table=True):
    """A remedy that somebody applied. Written before it is applied, so that one that broke off is seen too."""

    __tablename__ = "operator_acts"
    id: str = Field(default_factory=lambda: new_id("opa"), primary_key=True)
    at: datetime = instant(default_factory=now, index=True)
    staff_id: str | None = Field(default=None, foreign_key="staff.id")
    """Null for the doctor."""
    remedy: str
    subject: str = Field(index=True)
    """An order's number, or the id of a notice, a photo or an outbox row."""
    trouble: str | None = None
    outcome: str | None = None
    """`done`, or the code of the refusal; null while it is under way, and for good when it broke off."""


class Agreement(Base, table=True):
    """An order whose row and workflow agreed when they were last compared, and how both stood then."""

    __tablename__ = "agreements"
    number: str = Field(primary_key=True, foreign_key="work_orders.number")
    run_id: str
    history_length: int
    fingerprint: str


class DriftFinding(Base, table=True):
    """An order that differed when it was last compared. Gone as soon as it agrees."""

    __tablename__ = "drift_findings"
    number: str = Field(primary_key=True, foreign_key="work_orders.number")
    trouble: str
    detail: str
    found_at: datetime = instant(default_factory=now)
