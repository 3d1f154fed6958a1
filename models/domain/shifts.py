"""交接班: the log of a guard post. One shift writes, hands over, and another person takes over.

What is still open goes on to the next shift; what was handed over is never changed again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from models.domain.errors import Forbidden, FourEyes, IllegalTransition, NotFound
from models.domain.forms import Form, Photos
from models.domain.people import Actor, Role

WRITERS: Final = (Role.GUARD, Role.LEAD, Role.MANAGER)
"""Who keeps the log: those at the post, and their superiors who stand in."""

READERS: Final = (*WRITERS, Role.QUALITY, Role.ADMIN, Role.CLERK, Role.DISPATCHER)

Post = Annotated[str, Field(title="岗位", min_length=2, max_length=20, examples=["东门岗"])]
Entry = Annotated[str, Field(title="记事", min_length=2, max_length=500)]


class NewShift(Form):
    """The first shift of a post; every later one begins by taking over."""

    community_id: str = Field(min_length=1, max_length=64)
    post: Post


class NewEntry(Form):
    """`open_point` is something that the next shift must know and finish."""

    text: Entry
    open_point: bool = Field(default=False, title="待跟进")
    photo_ids: Photos = ()


class Standing(BaseModel):
    """What the rules must know about a shift."""

    model_config = ConfigDict(frozen=True)

    community_id: str
    post: str = ""
    begun_by: str
    handed_over_by: str | None = None
    handed_over_at: datetime | None = None
    taken_over_at: datetime | None = None

    @property
    def writable(self) -> bool:
        return self.handed_over_at is None


def may_read(actor: Actor, community_id: str) -> None:
    """Raises NotFound outside the scope, Forbidden for a role that the post does not concern."""
    _within_reach(actor, community_id)
    if not actor.has(*READERS):
        raise Forbidden("shift_role")


def may_begin(actor: Actor, community_id: str) -> None:
    """Raises NotFound outside the scope, Forbidden for whoever keeps no log."""
    _within_reach(actor, community_id)
    if not actor.has(*WRITERS):
        raise Forbidden("shift_role")


def may_write(actor: Actor, shift: Standing) -> None:
    """Entries and finished points: until the shift is handed over. Raises also IllegalTransition."""
    may_begin(actor, shift.community_id)
    if not shift.writable:
        raise IllegalTransition("shift_handed_over")


may_hand_over = may_write


def may_take_over(actor: Actor, shift: Standing) -> None:
    """By another person than whoever handed over. Raises also IllegalTransition, FourEyes."""
    may_begin(actor, shift.community_id)
    if shift.handed_over_at is None:
        raise IllegalTransition("shift_not_handed_over")
    if shift.taken_over_at is not None:
        raise IllegalTransition("shift_taken_over")
    if shift.handed_over_by == actor.id:
        raise FourEyes("take_over_yourself")


def _within_reach(actor: Actor, community_id: str) -> None:
    if actor.kind != "staff" or not actor.reaches(community_id):
        raise NotFound
