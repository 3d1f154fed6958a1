"""What clients send about complaints and suggestions."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, model_validator

from api.bodies import (
    SHORTEST_DESCRIPTION,
    Area,
    Body,
    Description,
    GuestReporter,
    Id,
    KnownReporter,
    Photos,
    meaningful,
)
from models.domain.complaints import Matter
from models.domain.order import Source

LONGEST_COMPLAINT = 1000
"""A complaint tells a story; a repair names a fault."""

Text = Annotated[
    str,
    Field(
        min_length=SHORTEST_DESCRIPTION,
        max_length=LONGEST_COMPLAINT,
        examples=["三楼楼道垃圾连续三天没人清，气味很大"],
    ),
    AfterValidator(meaningful),
]


class About(Body):
    """Whom or what it is about. A member of staff is named by account, or by an order of the caller's that they worked
    on; who can name neither says so in the text.
    """

    kind: Literal["staff", "house", "community"] = "community"
    account: Id | None = None
    order: Id | None = Field(default=None, description="Its worker is meant.", examples=["BX20261122-00017"])
    house_id: Id | None = None

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if (self.account or self.order) and self.kind != "staff":
            raise ValueError("只有投诉工作人员时才填写人员或工单")
        if (self.house_id is not None) != (self.kind == "house"):
            raise ValueError("投诉某户时请选择房屋")
        return self


class ComplaintWords(Body):
    """What both an owner and a clerk say: exactly one of `community_id` and `house_id`, one's own home, which only
    tells the community and is shown to nobody.
    """

    community_id: Id | None = None
    house_id: Id | None = None
    type: Matter
    category: str = Field(min_length=1, max_length=40, examples=["cleaning"])
    text: Text
    photo_ids: Photos
    subject: About = About()
    anonymous: bool = Field(default=False, description="Handlers do not learn who it is; the manager may look.")
    may_publish: bool = Field(default=False, description="A suggestion may hang on the board with the firm's answer.")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.community_id is None) == (self.house_id is None):
            raise ValueError("请选择小区或房屋其中之一")
        return self


class Complaint(ComplaintWords):
    """An owner's complaint or suggestion."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "house_id": "hse_7h2k9m",
                    "type": "complaint",
                    "category": "cleaning",
                    "text": "三楼楼道垃圾连续三天没人清，气味很大",
                    "subject": {"kind": "community"},
                    "anonymous": True,
                }
            ]
        }
    )


class ComplaintFiling(ComplaintWords):
    """By a member of staff for somebody who phoned or came."""

    kind: Literal["complaint"]
    reporter: KnownReporter | GuestReporter
    source: Source = Source.PHONE


class AwaitedRepair(Body):
    """What must be repaired before the complaint can be answered. `until`: when it goes on at the latest."""

    area: Area
    category: str = Field(min_length=1, max_length=40, examples=["public_facility"])
    description: Description
    until: AwareDatetime


class BoardNotice(Body):
    """What the board says. Left out: the suggestion as its maker wrote it, and the firm's last answer."""

    text: Annotated[str, Field(min_length=SHORTEST_DESCRIPTION, max_length=LONGEST_COMPLAINT)] | None = None
    answer: Annotated[str, Field(min_length=2, max_length=LONGEST_COMPLAINT)] | None = None
