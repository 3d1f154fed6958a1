"""What is kept of complaints beside the order itself: who an anonymous maker is, and what the board shows."""

from datetime import datetime

from sqlmodel import Field

from models.tables.base import Base, instant, now


class Alias(Base, table=True):
    """The name under which an anonymous complaint knows its maker. A new one each time, so that nobody can tell that
    two are by the same person. Only here stands who it is.
    """

    __tablename__ = "aliases"
    id: str = Field(primary_key=True)
    """`anon_…`: the reporter of the order, of its events, tasks and notices."""
    resident_id: str = Field(foreign_key="residents.id", index=True)
    created_at: datetime = instant(default_factory=now)


class BoardPost(Base, table=True):
    """A suggestion on the community's board with the firm's answer, put there with its maker's leave."""

    __tablename__ = "board_posts"
    number: str = Field(primary_key=True, foreign_key="work_orders.number")
    community_id: str = Field(foreign_key="communities.id", index=True)
    category: str
    text: str
    answer: str
    anonymous: bool
    published_by: str = Field(foreign_key="staff.id")
    published_at: datetime = instant(default_factory=now)
