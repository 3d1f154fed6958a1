"""What only a request to move a car knows of itself (`lifecycles.md` §4). Never the plate, which stays in Postgres."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from models.domain.forms import Form, Photos, Reason

JOIN_WITHIN: Final = timedelta(minutes=10)
"""A second request about the same plate in this time joins the first as one more requester."""

A_DAY_AT_MOST: Final = 5
"""Who asks more often than this in a day is looked at by a clerk first, except about fire lanes."""


class Obstacle(StrEnum):
    """Why the car has to go."""

    BLOCKING = "blocking"
    FIRE_LANE = "fire_lane"
    EXIT = "exit"
    CONSTRUCTION = "construction"
    OWN_SPACE = "own_space"


class Minutes(StrEnum):
    """What the car's user may promise; a string, because forms draw choices as words."""

    FIVE = "5"
    TEN = "10"
    TWENTY = "20"

    @property
    def span(self) -> timedelta:
        return timedelta(minutes=int(self))


class MoveCar(BaseModel):
    """`users` may answer for the car, the registrant first; nobody of them for a plate that is not known here. Of a
    visitor's car they are the hosts.

    `requesters` are the residents who wait for it, in the order in which they came.
    """

    model_config = ConfigDict(frozen=True)

    obstacle: Obstacle
    users: tuple[str, ...] = ()
    visitor: str | None = None
    """Number of the pass that carries the plate, where no home has registered it."""
    reachable: bool = True
    """Somebody of them reads messages; otherwise a guard calls at once."""
    requesters: tuple[str, ...] = ()
    vetted: bool = True
    """False until a clerk has looked at somebody who asks often."""
    counts_from_asking: bool = False
    """Milestones measure the silence of the car's user alone. Older requests counted from their submission, also where
    nobody was asked; remove when none of them is open.
    """
    asked_before: int = 0
    """How often who asks had asked on that day already; what the clerk goes by who looks at them."""
    promised: datetime | None = None
    """Until when the car's user has said that they come."""

    @property
    def guard_at_once(self) -> bool:
        """A fire lane does not wait for an answer; an unknown car has nobody to answer."""
        return self.obstacle is Obstacle.FIRE_LANE or not self.users


class Coming(Form):
    minutes: Minutes = Field(title="几分钟内到")


class Cannot(Form):
    reason: Reason | None = None


class Reported(Form):
    """Handed to the police or another authority."""

    reason: Reason
    photo_ids: Photos = ()


class Cleared(Form):
    photo_ids: Photos = ()
