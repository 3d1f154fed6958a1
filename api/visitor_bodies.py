"""What clients send about visitors."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import AliasChoices, ConfigDict, Field

from api.bodies import Body, Id, KnownReporter, Phone
from api.move_car_bodies import Plate
from models.domain.forms import Window
from models.domain.order import Source
from models.domain.visitors import ENTRIES_AT_MOST, PERSONS_AT_MOST, VisitType

EXAMPLE: Final[dict[str, Any]] = {
    "house_id": "hse_7h2k9m",
    "name": "王小明",
    "phone": "13800138000",
    "plate": "粤BD12345",
    "type": "guest",
    "window": {"from": "2026-11-22T18:00:00+08:00", "to": "2026-11-22T23:00:00+08:00"},
    "purpose": "家庭聚会",
    "persons": 3,
}


class Visitor(Body):
    """Who comes. Name, phone and plate lie sealed and are taken away 30 days after the visit (setting)."""

    name: Annotated[str, Field(min_length=1, max_length=20)]
    plate: Plate | None = None
    type: VisitType = VisitType.GUEST
    purpose: str | None = Field(default=None, max_length=100)
    persons: int = Field(
        default=1,
        ge=1,
        le=PERSONS_AT_MOST,
        validation_alias=AliasChoices("persons", "number"),
        description="How many come; `number` is understood as well.",
    )


class Invitation(Visitor):
    """A resident's pass. Doors and gates will be named here once there are gates that ask for passes."""

    house_id: Id | None = Field(default=None, description="May be left out by whoever has one home only.")
    phone: Phone
    window: Window
    entries: int = Field(default=1, ge=1, le=ENTRIES_AT_MOST, description="How often they may come in.")

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})


class StaffVisitor(Visitor):
    """A pass for a resident who phoned, which needs phone and window like theirs; or `self`: somebody without a pass
    stands before the guard, and those who live there are asked."""

    kind: Literal["visitor"]
    house_id: Id
    reporter: KnownReporter | Literal["self"]
    phone: Phone | None = None
    window: Window | None = None
    entries: int = Field(default=1, ge=1, le=ENTRIES_AT_MOST)
    source: Source | None = Field(default=None, description="Of a pass for a resident; default: `phone`.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "visitor", "reporter": "self", "house_id": "hse_7h2k9m", "name": "王小明"},
                {"kind": "visitor", "reporter": {"resident_id": "res_7h2k9m"}, **EXAMPLE},
            ]
        }
    )


class Search(Body):
    """A whole name, part of a house's label, a whole plate, the last four digits of a phone, or a number. In a body,
    because addresses are written down in many places."""

    q: str | None = Field(default=None, max_length=60, examples=["8000"])
    day: date | None = Field(default=None, description="In China; today, if left out.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"q": "8000"}]})
