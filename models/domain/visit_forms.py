"""What people fill in around a visit: nobody at home, work for somebody else, a vacant home that is entered."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, Field

from models.domain.forms import Form, PhotoRef, Photos, Reason, Window

WitnessRef = Annotated[str, Field(min_length=1, max_length=64, json_schema_extra={"format": "witness"})]
"""Any member of staff of the community, by account; `staff` would only take those who may be given work."""

Proof = Annotated[tuple[PhotoRef, ...], Field(title="照片", min_length=1, max_length=9)]
"""Photos without which nobody would have to believe what was written."""

PHONE_LIKE: Final = re.compile(r"\d[\d -]{5,}\d")


class Party(StrEnum):
    """To whom work is passed that is not the firm's own."""

    DEVELOPER_WARRANTY = "developer_warranty"
    LIFT_FIRM = "lift_firm"
    UTILITY = "utility"
    AUTHORITY = "authority"
    OTHER = "other"


class ConsentBy(StrEnum):
    """Who may let the firm into a vacant home."""

    OWNER = "owner"
    FAMILY = "family"
    TENANT = "tenant"
    AGENT = "agent"


class ConsentChannel(StrEnum):
    APP = "app"
    PHONE = "phone"
    COUNTER = "counter"
    PAPER = "paper"


def _names_no_telephone(text: str) -> str:
    """A firm's name travels with the order; a person's number would be read by everybody who sees it."""
    if PHONE_LIKE.search(text):
        raise ValueError("只填写单位名称，不要填写电话")
    return text


class Referred(Form):
    """`contact` is the firm's name, never a person's."""

    party: Party = Field(title="转给谁")
    contact: Annotated[str, AfterValidator(_names_no_telephone)] = Field(title="单位名称", min_length=2, max_length=40)
    follow_up: AwareDatetime = Field(title="跟进时间")


class Postponed(Form):
    """The other firm has not come yet; `follow_up` is when to ask again."""

    follow_up: AwareDatetime = Field(title="下次跟进时间")
    note: str | None = Field(default=None, title="说明", max_length=200)


class Done(Form):
    """What the other firm has done, in our words."""

    report: str = Field(title="处理说明", min_length=2, max_length=1000)
    photo_ids: Photos = ()


class NoAccess(Form):
    """Nobody opened: the closed door is photographed, so that nobody has to argue about it."""

    note: str = Field(title="说明", min_length=2, max_length=200)
    photo_ids: Proof


class OutOfScope(Form):
    reason: Reason
    photo_ids: Proof


class Rebooked(Form):
    appointment: Window = Field(title="改约上门时间")


class CalledOff(Form):
    """The reporter does not want the work any more."""

    reason: str | None = Field(default=None, title="原因", max_length=200)


class ForcedEntry(Form):
    """Nobody could be asked and it cannot wait: two members of staff see it, neither of them the one who enters."""

    reason: Reason
    first_witness: WitnessRef = Field(title="见证人一（员工账号）")
    second_witness: WitnessRef = Field(title="见证人二（员工账号）")


class Consent(Form):
    """That somebody who may say so has agreed to a vacant home being entered, and how they said it."""

    given_by: ConsentBy = Field(title="谁同意")
    channel: ConsentChannel = Field(title="怎样同意")
