"""短信: the templates of the SMS account, for the few notices that must reach somebody (`lifecycles.md`, "Notices").

Each message costs money and stands on a lock screen. So there are as few as the specification names, each fits into one
or two parts of 70 characters, and none holds anybody's name, a phone or a complaint's words. A template is registered
with the provider as it stands here, `{1}` for its first value; review gives it an id, which is a setting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from models.domain.templates import NOTHING, cut, visible

VALUE_LENGTH: Final = 20
"""Of every value: as much of a place as the service account's template shows."""

Value = Literal["number", "amount", "plate", "place", "obstacle", "category"]

KEEPS_ITS_END: Final = frozenset({"place"})
"""The end of a place, its room, says more than its beginning."""

MOBILE: Final = r"1[3-9][0-9]{9}"
"""What an SMS can be sent to: a mobile of mainland China, in its digits alone."""

_FORBIDDEN: Final = re.compile(r"[【】\[\]{}<>]|(?:https?:)?//\S*|www\.\S*", re.IGNORECASE)
"""Brackets belong to the signature, and operators stop messages whose values hold addresses of web pages."""


class Text(BaseModel):
    """One template; `values` in the order of its places."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    wording: str
    values: tuple[Value, ...]

    def id_from(self, given: Mapping[str, str]) -> str:
        """The id that the provider issued, as the installation's settings say; else the emulator's."""
        return given.get(self.name, f"text_{self.name}")


def _text(name: str, title: str, wording: str, *values: Value) -> Text:
    return Text(name=name, title=title, wording=wording, values=values)


QUOTE_OPEN: Final = "quote_open"
NO_ACCESS: Final = "no_access"
EMERGENCY_ACCEPTED: Final = "emergency_accepted"
MOVE_CAR: Final = "move_car"
MOVE_VISITORS_CAR: Final = "move_visitors_car"
WALK_IN: Final = "walk_in"
STAFF_EMERGENCY: Final = "staff_emergency"
STAFF_BREACH: Final = "staff_breach"

TEXTS: Final[Mapping[str, Text]] = {
    text.name: text
    for text in (
        _text(
            QUOTE_OPEN,
            "报价待答复",
            "您的报修{1}有维修报价{2}待答复，请在小程序中确认，逾期视为不同意。",
            "number",
            "amount",
        ),
        _text(
            NO_ACCESS,
            "上门时无人在家",
            "您的报修{1}师傅上门时无人在家，请在小程序中改约上门时间。",
            "number",
        ),
        _text(
            EMERGENCY_ACCEPTED,
            "紧急报修已接单",
            "您的紧急报修{1}已有师傅接单，正在赶来，请保持电话畅通。",
            "number",
        ),
        _text(
            MOVE_CAR,
            "挪车提醒",
            "您的车辆{1}停在{2}，影响他人（{3}），请尽快挪车，并在小程序中告知几分钟内到。",
            "plate",
            "place",
            "obstacle",
        ),
        _text(
            MOVE_VISITORS_CAR,
            "访客挪车提醒",
            "您的访客车辆{1}停在{2}，影响他人（{3}），请通知访客尽快挪车，并在小程序中告知几分钟内到。",
            "plate",
            "place",
            "obstacle",
        ),
        _text(
            WALK_IN,
            "访客等候答复",
            "有访客在门岗等候，要到{1}，请在小程序中答复是否同意，稍后门岗会致电确认。",
            "place",
        ),
        _text(
            STAFF_EMERGENCY,
            "员工紧急任务",
            "紧急工单{1}：{2}，{3}，请立即处理。",
            "number",
            "place",
            "category",
        ),
        _text(
            STAFF_BREACH,
            "员工超时提醒",
            "工单{1}已超时：{2}，{3}，请尽快处理。",
            "number",
            "place",
            "category",
        ),
    )
}


def fill_text(text: Text, values: Mapping[str, str]) -> list[str]:
    """The values in their places, each as the provider takes it. Raises KeyError when one is missing."""
    return [_fitted(values[name], keep_end=name in KEEPS_ITS_END) for name in text.values]


def wording_of(text: Text, parameters: list[str]) -> str:
    """What the recipient reads, without the signature."""
    return text.wording.format("", *parameters)


def _fitted(value: str, *, keep_end: bool) -> str:
    return cut(_FORBIDDEN.sub("", visible(value)).strip(), VALUE_LENGTH, keep_end=keep_end) or NOTHING
