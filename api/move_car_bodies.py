"""What clients send when a car has to move."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from api.bodies import Area, Body, Id, KnownReporter
from models.domain.forms import PhotoRef
from models.domain.move_cars import Obstacle
from models.domain.order import Source
from models.domain.plates import LONGEST_TYPED

Plate = Annotated[str, Field(min_length=1, max_length=LONGEST_TYPED, examples=["粤B 12345", "粤BD12345"])]

EXAMPLE: Final[dict[str, Any]] = {
    "plate": "粤BD12345",
    "area": {"community_id": "com_xfl", "spot": "garage"},
    "reason": "blocking",
    "photo_ids": ["pho_7h2k9m"],
}


class MoveCarWords(Body):
    """Exactly one of `community_id` and `area`. What is said in `text` and shown in the photos only staff see."""

    plate: Plate
    community_id: Id | None = None
    area: Area | None = None
    reason: Obstacle
    photo_ids: Annotated[list[PhotoRef], Field(min_length=1, max_length=9)]
    text: str | None = Field(default=None, max_length=500)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.community_id is None) == (self.area is None):
            raise ValueError("请选择小区或具体位置其中之一")
        return self


class MoveCarRequest(MoveCarWords):
    """An owner's request."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})


class StaffMoveCar(MoveCarWords):
    """For a resident who phoned, or `self` for what a guard found."""

    kind: Literal["move_car"]
    reporter: KnownReporter | Literal["self"]
    source: Source | None = Field(default=None, description="Default: `patrol` for `self`, else `phone`.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "move_car", "reporter": "self", **EXAMPLE}]})


class PlateLeft(Body):
    """A camera at a gate has read the plate of a car that drives out."""

    community: str = Field(min_length=1, max_length=40, description="The community's code.", examples=["xfl"])
    plate: Plate
    event_id: str = Field(
        pattern=r"^[A-Za-z0-9._:-]{1,64}$", description="The camera's own; told twice it counts once.", examples=["e-1"]
    )
    at: AwareDatetime | None = Field(default=None, description="When it was seen; now, if left out.")

    def seen_at(self, now: datetime) -> datetime:
        return self.at or now
