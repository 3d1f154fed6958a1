"""Categories of repair with their questions. An answer may raise the priority (`lifecycles.md` §1)."""

from __future__ import annotations

from typing import Any

DAY = 24 * 3600

COMPLAINTS = (
    ("cleaning", "环境卫生"),
    ("noise", "噪音扰民"),
    ("staff_conduct", "服务态度"),
    ("illegal_building", "违章搭建"),
    ("fire_lane", "占用消防通道"),
    ("facilities", "公共设施"),
    ("other", "其他"),
)


def _question(key: str, title: str, yes: str, no: str, priority: str = "emergency") -> dict[str, Any]:
    return {
        "key": key,
        "title": title,
        "options": [{"value": "yes", "title": yes, "priority": priority}, {"value": "no", "title": no}],
    }


BURST = _question("burst", "是否爆管或大量跑水？", "是，正在大量跑水", "否，只是滴漏")
POWER = _question("power", "家里是否全部停电？", "是，全部停电", "否，只是部分")
TRAPPED = _question("trapped", "电梯里是否有人被困？", "是，有人被困", "否")
GAS = _question("gas", "是否闻到燃气味？", "是，有燃气味", "否")
LOCKED = _question("locked", "现在是否进不了或出不了门？", "是", "否", "high")
SPARK = _question("spark", "是否有冒烟、打火或焦味？", "是", "否")

_UNHURRIED = {"normal": {"arrive": DAY, "finish": 7 * DAY}}
"""Greenery and cleaning: seen to within a day, done within a week."""


def _category(
    code: str, title: str, place: str, *questions: dict[str, Any], levels: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "kind": "repair",
        "code": code,
        "title": title,
        "skill": code,
        "place": place,
        "questions": list(questions),
        "levels": levels or {},
    }


CATEGORIES = [
    _category("water", "水暖", "both", BURST),
    _category("electric", "电路", "both", POWER, SPARK),
    _category("doors_windows", "门窗", "both", LOCKED),
    _category("leak", "渗漏水", "both", BURST),
    _category("lift", "电梯", "area", TRAPPED),
    _category("access_control", "门禁弱电", "both", LOCKED),
    _category("fire_safety", "消防", "area", GAS),
    _category("greening", "绿化", "area", levels=_UNHURRIED),
    _category("cleaning", "保洁", "area", levels=_UNHURRIED),
    _category("public_facility", "公共设施", "area"),
    _category("other", "其他", "both", GAS),
]
CATEGORIES += [_category(code, title, "both") | {"kind": "complaint"} for code, title in COMPLAINTS]
for _sort, _row in enumerate(CATEGORIES):
    _row["sort"] = _sort
