"""Settings of a community, and who changed them."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from models.tables.base import Base, document, instant, now


class PolicyRow(Base, table=True):
    """`settings` is a `models.domain.policy.Policy`; a community without a row has the defaults."""

    __tablename__ = "policies"
    community_id: str = Field(primary_key=True, foreign_key="communities.id")
    version: int = 1
    """Counts the changes, so that two admins who edit at once do not undo each other unseen."""
    settings: dict[str, Any] = document()


class PolicyChange(Base, table=True):
    """One change of a community's settings. Never updated, never deleted."""

    __tablename__ = "policy_changes"
    community_id: str = Field(primary_key=True, foreign_key="communities.id")
    version: int = Field(primary_key=True)
    """Of the settings as this change left them."""
    at: datetime = instant(default_factory=now)
    by_id: str = Field(foreign_key="staff.id")
    changes: dict[str, Any] = document()
    """Setting → [before, after]."""
    applied_to: int | None = None
    """How many running orders it was applied to; null when they kept their terms."""
