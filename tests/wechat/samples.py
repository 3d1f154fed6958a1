"""Messages that are right, to break one thing at a time."""

from __future__ import annotations

from datetime import UTC, datetime

from models.domain.templates import TEMPLATES, Value, fill

NUMBER = "BX20261122-00017"
AT = datetime(2026, 11, 22, 4, 5, tzinfo=UTC)
PAGE = "pages/order/detail?number=" + NUMBER

PROGRESS_VALUES: dict[str, Value] = {
    "character_string1": NUMBER,
    "phrase2": "已接单",
    "thing3": "1栋1单元101室 厨房",
    "name4": "张师傅",
    "time5": AT,
}


def progress(**changed: str) -> dict[str, dict[str, str]]:
    data = fill(TEMPLATES["progress"], PROGRESS_VALUES)
    return data | {key: {"value": value} for key, value in changed.items()}


def task() -> dict[str, dict[str, str]]:
    values: dict[str, Value] = {
        "character_string1": NUMBER,
        "thing2": "水管爆裂",
        "thing3": "1栋1单元101室",
        "time4": AT,
    }
    return fill(TEMPLATES["task"], values)
