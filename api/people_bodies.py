"""What clients send about staff."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from api.bodies import Body, Id
from models.domain import words
from models.domain.numbers import CHINA
from models.domain.people import Role, Team
from models.domain.staff_rights import LONGEST_PLAN
from models.domain.texts import MOBILE

Account = Annotated[str, Field(min_length=1, max_length=64, examples=["tech1"])]
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


class Leaving(Body):
    deputy: Account | None = Field(default=None, description="Gets the open tasks; without one they go to the pool.")


class Absence(Body):
    """Days in China, both included."""

    since: date
    until: date
    deputy: Account | None = Field(default=None, description="Sees and does the absentee's tasks on these days.")


class Scope(Body):
    community_id: Id
    buildings: list[Id] = Field(default=[], max_length=200, description="Only these; none named means all.")


class Appointment(Body):
    """A person's place in the firm, as a whole: what is not named is taken away."""

    roles: list[Role] = Field(min_length=1, max_length=len(Role))
    team: Team
    skills: list[Annotated[str, Field(min_length=1, max_length=40)]] = Field(default=[], max_length=50)
    cap: int | None = Field(default=None, ge=0, le=1000, description="Most open orders; null follows the community.")
    firm_wide: bool = False
    scopes: list[Scope] = Field(default=[], max_length=100)


class Turns(Body):
    """Turns of duty of one person, or of a team of a community: the same hours on each chosen day.

    An end at or before the beginning lies on the next day.
    """

    staff: Account | None = None
    team: Team | None = None
    community_id: Id | None = None
    first: date
    last: date
    weekdays: list[Annotated[int, Field(ge=1, le=7)]] = Field(
        default=list(EVERY_DAY), max_length=7, description="1 is Monday."
    )
    start: time = Field(examples=["08:00"])
    end: time = Field(examples=["18:00"])

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.staff is None) == (self.team is None) or (self.team is None) != (self.community_id is None):
            raise ValueError("请选择人员，或小区的部门")
        if not timedelta(0) <= self.last - self.first <= LONGEST_PLAN:
            raise ValueError(words.REFUSALS["shift_times"])
        return self

    def turns(self) -> list[tuple[datetime, datetime]]:
        """Beginning and end of each turn."""
        count = (self.last - self.first).days + 1
        days = [self.first + timedelta(days=n) for n in range(count)]
        overnight = timedelta(days=1 if self.end <= self.start else 0)
        return [
            (datetime.combine(day, self.start, CHINA), datetime.combine(day + overnight, self.end, CHINA))
            for day in days
            if day.isoweekday() in self.weekdays
        ]


class Duty(Body):
    on_duty: bool


class OwnPhone(Body):
    phone: str | None = Field(
        pattern=rf"^{MOBILE}$", title="手机号", description="Null takes it away.", examples=["13800138000"]
    )
