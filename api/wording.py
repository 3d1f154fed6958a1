"""The Chinese of the API's answers that is not the rules' own, in one place so that it can be translated."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from models.domain import words
from models.domain.notice_words import COMPOUND_SURNAMES

TITLES: Final = {
    "technician": "师傅",
    "lead": "主管",
    "manager": "经理",
    "inspector": "巡查员",
    "guard": "秩序员",
    "clerk": "客服",
    "dispatcher": "调度",
}
"""How residents address staff; a person with several roles goes by the first of these."""

SYSTEM: Final = "系统"
RESIDENT: Final = "业主"
REPORTER: Final = "报事人"
ANONYMOUS: Final = words.ANONYMOUS_OWNER
PROPERTY: Final = "物业"
UNKNOWN_PERSON: Final = "已离职人员"
NEW_RESIDENT: Final = "微信用户"
ME: Final = "我"
ON_DUTY: Final = "在岗"
OFF_DUTY: Final = "不在岗"
SKILLED: Final = "技能对口"
OPEN_TASKS: Final = "手上 {count} 单"
BULK_REASON: Final = "批量转单"
EVERY_DAY: Final = "每天"
REFUSED: Final = "请求无法处理"
STATUSES: Final = {
    400: "请求内容无法读取",
    404: "没有这个地址",
    405: "这个地址不支持此操作",
    413: "提交的内容过大",
}
"""What the framework itself refuses, by HTTP status."""


def addressed(name: str, roles: Sequence[str]) -> str:
    """What residents read instead of a staff member's name: 张师傅, 欧阳主管."""
    return _addressed(name, tuple(roles))


@lru_cache(maxsize=1000)  # A list names the same few people twenty times.
def _addressed(name: str, roles: tuple[str, ...]) -> str:
    surname = name[:2] if len(name) > 2 and name.startswith(COMPOUND_SURNAMES) else name[:1]
    title = next((title for role, title in TITLES.items() if role in roles), PROPERTY)
    return surname + title
