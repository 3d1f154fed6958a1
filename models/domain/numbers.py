"""Order numbers: a prefix per kind, the day in China, and at least five digits of a database sequence."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
"""The one civil time of all communities that the product serves."""

PREFIXES = {"repair": "BX", "complaint": "TS", "renovation": "ZX", "move_car": "NC", "visitor": "FK"}

_NUMBER = re.compile(r"(?P<prefix>BX|TS|ZX|NC|FK)(?P<day>\d{8})-(?P<serial>\d{5,})")


def format_number(kind: str, at: datetime, serial: int) -> str:
    """`BX20261122-00017`. `serial` comes from a sequence, so gaps are normal; it grows past five digits untouched."""
    return f"{PREFIXES[kind]}{at.astimezone(CHINA):%Y%m%d}-{serial:05d}"


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def order_of(task_id: str) -> str | None:
    """The order number inside a task id such as `BX20261122-00017.3`; None when the text is no task id."""
    number, dot, serial = task_id.rpartition(".")
    return number if dot and serial.isdigit() and is_number(number) else None
