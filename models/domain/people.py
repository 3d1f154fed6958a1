"""Who acts: residents, staff, and the system itself. Ids are opaque; names and phones never come in here."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Role(StrEnum):
    """What a staff member may do. One person may hold several roles; four-eyes is per person."""

    CLERK = "clerk"
    DISPATCHER = "dispatcher"
    TECHNICIAN = "technician"
    LEAD = "lead"
    MANAGER = "manager"
    QUALITY = "quality"
    CASHIER = "cashier"
    FINANCE = "finance"
    INSPECTOR = "inspector"
    GUARD = "guard"
    ADMIN = "admin"
    OPERATOR = "operator"


class Team(StrEnum):
    SERVICE = "service"
    ENGINEERING = "engineering"
    ORDER = "order"
    ENVIRONMENT = "environment"


class Absentee(BaseModel):
    """Somebody who is away today, as their deputy carries them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    roles: tuple[Role, ...]


class Actor(BaseModel):
    """The person behind a command, as the gateway looked them up a moment ago.

    `communities` is a staff member's scope; a firm-wide role carries `("*",)`. Of the communities in `narrowed` only
    the `buildings` are theirs, and what stands in no building. `deputises` are those for whom they act today.
    Residents act through `id` alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["resident", "staff", "system"]
    id: str
    roles: tuple[Role, ...] = ()
    team: Team | None = None
    communities: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()
    buildings: tuple[str, ...] = ()
    deputises: tuple[Absentee, ...] = ()

    def has(self, *roles: Role) -> bool:
        return any(role in self.roles for role in roles)

    def reaches(self, community_id: str, building_id: str | None = None) -> bool:
        """Whether a place lies in a staff member's scope; without a building, what belongs to the whole community."""
        if building_id is not None and community_id in self.narrowed and building_id not in self.buildings:
            return False
        return "*" in self.communities or community_id in self.communities

    def acts_for(self, staff_id: str | None) -> bool:
        """Whether this is the person, or their deputy while they are away."""
        return staff_id is not None and staff_id in self.stands_for

    @property
    def stands_for(self) -> tuple[str, ...]:
        """The ids of the person and of those for whom they act."""
        return (self.id, *(absentee.id for absentee in self.deputises))


SYSTEM = Actor(kind="system", id="system")
