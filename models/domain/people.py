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


class Actor(BaseModel):
    """The person behind a command, as the gateway looked them up a moment ago.

    `communities` is a staff member's scope; a firm-wide role carries `("*",)`. Residents act through `id` alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["resident", "staff", "system"]
    id: str
    roles: tuple[Role, ...] = ()
    team: Team | None = None
    communities: tuple[str, ...] = ()

    def has(self, *roles: Role) -> bool:
        return any(role in self.roles for role in roles)

    def reaches(self, community_id: str) -> bool:
        """Whether the community lies in a staff member's scope."""
        return "*" in self.communities or community_id in self.communities


SYSTEM = Actor(kind="system", id="system")
