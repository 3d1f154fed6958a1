"""What only a complaint or suggestion knows of itself (`lifecycles.md` §2)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from models.domain.people import Role

LADDER: Final = (Role.LEAD, Role.MANAGER, Role.QUALITY)
"""Who decides about a complaint, lowest first. Quality stands above communities and is the last."""

CALL_BACK_EVERY: Final = 10
"""Every complaint is called back, but only every tenth suggestion (`lifecycles.md` §2)."""


class Matter(StrEnum):
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"


class Subject(BaseModel):
    """Whom or what it is about. `id` is a staff member's or a house's; the community needs none."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["staff", "house", "community"]
    id: str | None = None
    role: Role | None = None
    """The highest of the ladder that the member of staff holds: nobody decides about their own conduct."""

    def is_same(self, other: Subject) -> bool:
        """Somebody of the staff whom nobody has named is nobody else's subject."""
        named = self.kind == "community" or self.id is not None
        return named and (self.kind, self.id) == (other.kind, other.id)


class Complaint(BaseModel):
    model_config = ConfigDict(frozen=True)

    matter: Matter
    subject: Subject
    anonymous: bool = False
    """Towards handlers; the manager may look, and each look is logged."""
    may_publish: bool = False
    """The owner allows the firm to put it on the community's board with its answer."""
    call_back: bool = True
    objected: bool = False
    """Its maker has objected to its not being taken up, which they may once."""

    @property
    def rung(self) -> Role:
        """Who assigns it: the lead, unless the lead or somebody higher is complained of."""
        return self.above(Role.LEAD)

    def above(self, role: Role) -> Role:
        """The role, or the first higher one of whose holder it does not complain; a role that decides nothing stays."""
        if role not in LADDER:
            return role
        lowest = LADDER.index(self.subject.role) + 1 if self.subject.role in LADDER else 0
        return LADDER[min(max(lowest, LADDER.index(role)), len(LADDER) - 1)]

    def one_higher(self) -> Role:
        """Where a dispute climbs to."""
        return LADDER[min(LADDER.index(self.rung) + 1, len(LADDER) - 1)]

    def decider(self, reopened: int) -> Role:
        """Who decides about it now."""
        return self.one_higher() if reopened or self.objected else self.rung

    def may_regroup(self, reopened: int) -> tuple[Role, ...]:
        """Whoever decides about it, and those above: merging it decides what becomes of it."""
        return LADDER[LADDER.index(self.decider(reopened)) :]


def called_back(matter: Matter, serial: int) -> bool:
    """Whether a new one will be called back; `serial` is the running number of its order number."""
    return matter is Matter.COMPLAINT or serial % CALL_BACK_EVERY == 0
