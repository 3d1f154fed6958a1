"""Notices with their delivery, which is also the message centre, and the ledger of WeChat credits."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from models.tables.base import Base, document, instant, now


class NoticeRow(Base, table=True):
    """One message to one person (`to_kind` resident or staff), or to a `role`, which delivery spreads into one each.

    `delivery`: pending → sending → sent | centre_only | uncertain | withdrawn | spread. `sending` left behind is made
    `uncertain`.
    """

    __tablename__ = "notices"
    __table_args__ = (
        Index("ix_notices_recipient", "to_id", text("created_at DESC"), text("id DESC")),
        Index("ix_notices_number", "number"),
        Index(
            "ix_notices_undelivered",
            "delivery",
            "not_before",
            postgresql_where=text("delivery IN ('pending', 'sending')"),
        ),
        Index(
            "ix_notices_dead",
            "created_at",
            postgresql_where=text("delivery = 'uncertain' OR (delivery = 'centre_only' AND error IS NOT NULL)"),
        ),
        CheckConstraint(
            "delivery IN ('pending', 'sending', 'sent', 'centre_only', 'uncertain', 'withdrawn', 'spread')",
            name="delivery",
        ),
        CheckConstraint("num_nonnulls(number, incident_id, patrol_id, vehicle_id) = 1", name="subject"),
    )
    id: str = Field(primary_key=True)
    number: str | None = Field(default=None, foreign_key="work_orders.number")
    incident_id: str | None = Field(default=None, foreign_key="incidents.id")
    """What an announcement is about, which concerns no order."""
    patrol_id: str | None = Field(default=None, foreign_key="patrols.id")
    """The latest of the walks that nobody made, of which a lead is told."""
    vehicle_id: str | None = Field(default=None, foreign_key="vehicles.id")
    """The recipient's own record of a plate, about which a clerk has decided."""
    version: int
    kind: str
    to_kind: str
    to_id: str
    template: str | None = None
    sms: str | None = None
    facts: dict[str, Any] = document(default_factory=dict)
    while_task: str | None = None
    urgent: bool = False
    created_at: datetime = instant(default_factory=now)
    not_before: datetime | None = instant(nullable=True, default=None)
    delivery: str = "pending"
    channel: str | None = None
    """`mini`, `service`, `sms` or `centre`: how it went out at last."""
    sending_since: datetime | None = instant(nullable=True, default=None)
    delivered_at: datetime | None = instant(nullable=True, default=None)
    error: str | None = None
    read_at: datetime | None = instant(nullable=True, default=None)


class WechatCredit(Base, table=True):
    """How many messages of a template a person still allows.

    One more per accepted prompt, one less per send, none after WeChat's 43101.
    """

    __tablename__ = "wechat_credits"
    __table_args__ = (CheckConstraint("credits >= 0", name="credits"),)
    openid: str = Field(primary_key=True)
    template: str = Field(primary_key=True)
    credits: int = 0
    refused_at: datetime | None = instant(nullable=True, default=None)
