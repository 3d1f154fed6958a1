"""Photos: uploaded by the client, finalised by us, referred to by id."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from models.tables.base import Base, instant, new_id, now


class Photo(Base, table=True):
    """`status`: awaiting → uploaded → ready | failed. Only the finalised key is ever shown to others."""

    __tablename__ = "photos"
    __table_args__ = (
        Index(
            "ix_photos_unfinished",
            "status",
            "created_at",
            postgresql_where=text("status IN ('awaiting', 'uploaded')"),
        ),
        CheckConstraint("status IN ('awaiting', 'uploaded', 'ready', 'failed')", name="status"),
    )
    id: str = Field(default_factory=lambda: new_id("pho"), primary_key=True)
    owner_kind: str
    owner_id: str = Field(index=True)
    content_type: str
    declared_size: int
    upload_key: str
    final_key: str | None = None
    thumbnail_key: str | None = None
    status: str = "awaiting"
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    error: str | None = None
    created_at: datetime = instant(default_factory=now)
    number: str | None = Field(default=None, foreign_key="work_orders.number", index=True)
    """The order it was handed in with; null until then."""
    audience: str = "reporter"
    used_as: str | None = None
    """`report`, `after`, `comment`, `not_fixed`, `on_behalf`."""
