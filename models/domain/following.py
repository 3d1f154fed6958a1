"""An order that follows another, or an incident: how that is remembered, and what the database is asked about it.

Whether two orders may be one group is a fact of both rows, so a workflow never decides it alone: it asks, and the
answer counts (`models.repositories.groups`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

FOLLOWING: Final = "following"
"""Kind of the wait of an order that follows. It looks like a task to the workflow and is none to anybody else."""

CameTo = Literal["stays", "finished", "free", "promoted", "followed_on"]
"""What becomes of a follower. `stays`: nothing. `finished`: the work is done, its own reporter is asked. `free`: it
goes on by itself where it was. `promoted`: it takes the place of the primary that was called off. `followed_on`: it
follows the one that took that place.
"""


class Following(BaseModel):
    """Exactly one of `primary` (an order's number) and `incident` (an id). `by` is who merged it."""

    model_config = ConfigDict(frozen=True)

    primary: str | None = None
    incident: str | None = None
    since: datetime
    by: str

    @property
    def leader(self) -> str:
        """The number or id of what is followed."""
        return self.primary or self.incident or ""


class Joining(BaseModel):
    """May the order `number`, published as `version`, follow this? `communities` are those of whoever asks, `by`."""

    model_config = ConfigDict(frozen=True)

    number: str
    version: int
    primary: str | None = None
    incident: str | None = None
    communities: tuple[str, ...] = ()
    by: str = ""


class Joined(BaseModel):
    """Yes, and it is written down already; or `refused` with the code of the error and `facts` to build it from."""

    model_config = ConfigDict(frozen=True)

    refused: str | None = None
    facts: dict[str, Any] = {}


class Follower(BaseModel):
    """Who asks what is to become of it."""

    model_config = ConfigDict(frozen=True)

    number: str
    version: int
    primary: str | None = None
    incident: str | None = None


class Fate(BaseModel):
    """`primary` is whom to follow from now on; `worker` the staff id of whoever did the work."""

    model_config = ConfigDict(frozen=True)

    came_to: CameTo = "stays"
    primary: str | None = None
    worker: str | None = None
