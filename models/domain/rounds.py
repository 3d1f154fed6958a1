"""巡检: recurring rounds through lift rooms, pump houses and stairs, and who may plan, walk and read them.

A *round* is the plan: what is looked at, where, when and by whom. A *patrol* is one walk of it, opened by the round's
Temporal Schedule and due when the next one begins. What is found becomes a repair that staff found themselves.
Pure: times come from the caller, civil time is China's.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.domain.errors import Forbidden, IllegalTransition, NotFound, ValidationFailed
from models.domain.forms import Form, Photos, StaffRef
from models.domain.numbers import CHINA
from models.domain.people import Actor, Role, Team
from models.domain.places import Spot

PLANNERS: Final = (Role.ADMIN, Role.LEAD, Role.MANAGER)
"""Who arranges rounds (`lifecycles.md`, "People": a lead answers for the team's work)."""

PATROL: Final = "patrol"
"""Kind of the tasks that are walks of a round and belong to no order."""

STAND_INS: Final = (Role.LEAD, Role.MANAGER)
"""Who may walk a round that is somebody else's duty: somebody must when that person is ill."""

SHORTEST_FINDING: Final = 5
"""What a repair's description needs at least (`lifecycles.md` §1), because a finding becomes one."""

GAPS_AT_MOST: Final = 100
"""Walks that an outage has swallowed and that are still written down; more says nothing new."""

Title = Annotated[str, Field(title="名称", min_length=2, max_length=40)]
Check = Annotated[str, Field(min_length=2, max_length=60)]
Weekday = Annotated[int, Field(ge=1, le=7)]


class PatrolStatus(StrEnum):
    OPEN = "open"
    DONE = "done"
    MISSED = "missed"


class Rhythm(Form):
    """When a round begins: at these times of these days. ISO weekdays, 1 is Monday; civil time of China."""

    weekdays: Annotated[tuple[Weekday, ...], Field(title="星期", min_length=1, max_length=7)]
    times: Annotated[tuple[time, ...], Field(title="时间", min_length=1, max_length=24, examples=[["08:00", "20:00"]])]

    @model_validator(mode="after")
    def _whole_minutes_once(self) -> Rhythm:
        if len(set(self.weekdays)) < len(self.weekdays) or len(set(self.times)) < len(self.times):
            raise ValueError("同一时间不能重复")
        if any(at.second or at.microsecond or at.tzinfo for at in self.times):
            raise ValueError("时间精确到分钟")
        return self

    def beginnings(self, after: datetime) -> Iterator[datetime]:
        """Every beginning later than `after`, without end."""
        first = after.astimezone(CHINA).date()
        for days in itertools.count():
            day = first + timedelta(days=days)
            if day.isoweekday() in self.weekdays:
                for at in sorted(self.times):
                    begins = datetime.combine(day, at, CHINA)
                    if begins > after:
                        yield begins

    def next_after(self, at: datetime) -> datetime:
        return next(self.beginnings(at))

    def between(self, after: datetime, before: datetime) -> list[datetime]:
        """The beginnings after the one and before the other, the latest ones if they are very many."""
        all_of_them = list(itertools.takewhile(lambda begins: begins < before, self.beginnings(after)))
        return all_of_them[-GAPS_AT_MOST:]


class Duty(Form):
    """Whose round it is: everybody's of a role or a team, or one person's."""

    role: Role | None = None
    team: Team | None = None
    staff: StaffRef | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Duty:
        if sum(part is not None for part in (self.role, self.team, self.staff)) != 1:
            raise ValueError("岗位、部门、人员须选其一")
        return self

    def is_of(self, actor: Actor) -> bool:
        if self.staff is not None:
            return self.staff == actor.id
        return actor.team == self.team if self.team is not None else self.role in actor.roles


class RoundPlan(Form):
    """A round as its planner writes it down."""

    community_id: str = Field(min_length=1, max_length=64)
    title: Title
    building_id: str | None = Field(default=None, max_length=64)
    spot: Spot
    category: str = Field(title="报修类别", min_length=1, max_length=40, examples=["public_facility"])
    """Of the repairs that its findings become, unless the finder says otherwise."""
    checks: Annotated[tuple[Check, ...], Field(title="检查项", min_length=1, max_length=40)]
    rhythm: Rhythm
    duty: Duty
    paused: bool = False

    @model_validator(mode="after")
    def _checks_differ(self) -> RoundPlan:
        if len(set(self.checks)) < len(self.checks):
            raise ValueError("检查项不能重复")
        return self


class Tick(Form):
    """What was seen at one item: all well, or a finding with words and, if wanted, photos."""

    result: Literal["ok", "finding"]
    text: str | None = Field(default=None, title="情况", max_length=500)
    photo_ids: Photos = ()
    category: str | None = Field(default=None, max_length=40)


class Firing(BaseModel):
    """What the Schedule gives its workflow: which round begins, and the time it was planned for."""

    model_config = ConfigDict(frozen=True)

    round_id: str
    at: datetime


class Opened(BaseModel):
    """What became of a firing. `missed` are walks that can no longer be made, this one perhaps among them."""

    model_config = ConfigDict(frozen=True)

    patrol_id: str | None = None
    due_at: datetime | None = None
    missed: list[str] = []


def may_plan(actor: Actor, community_id: str) -> None:
    """Raises NotFound outside the scope, Forbidden for a role that plans no rounds."""
    within_reach(actor, community_id)
    if not actor.has(*PLANNERS):
        raise Forbidden("round_role")


def may_walk(actor: Actor, community_id: str, duty: Duty) -> None:
    """Raises NotFound outside the scope, Forbidden for somebody whose duty it is not."""
    within_reach(actor, community_id)
    if not duty.is_of(actor) and not actor.has(*STAND_INS):
        raise Forbidden("not_your_round")


def may_tick(actor: Actor, community_id: str, duty: Duty, status: str, ticked: bool) -> None:
    """Raises also IllegalTransition: the patrol is over, or somebody has ticked the item already."""
    may_walk(actor, community_id, duty)
    if status != PatrolStatus.OPEN:
        raise IllegalTransition("patrol_over")
    if ticked:
        raise IllegalTransition("ticked_already")


def check_tick(tick: Tick) -> None:
    """A finding is told in words, because a repair begins with them. Raises ValidationFailed."""
    if tick.result == "finding" and len((tick.text or "").strip()) < SHORTEST_FINDING:
        raise ValidationFailed("finding_needs_words", field="text")
    if tick.result == "ok" and (tick.photo_ids or tick.category):
        raise ValidationFailed("photos_show_findings", field="photo_ids")


def within_reach(actor: Actor, community_id: str) -> None:
    """Raises NotFound."""
    if actor.kind != "staff" or not actor.reaches(community_id):
        raise NotFound
