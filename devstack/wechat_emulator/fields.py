"""WeChat's own check of template values.

Written from WeChat's parameter table character by character, on purpose not sharing anything with the product's
`models.domain.templates.check`: two readings of the same rule find each other's mistakes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from devstack.wechat_emulator.refusals import Refused

_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_DIGITS = frozenset("0123456789")
_SYMBOLS = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


def check_data(keys: Sequence[str], data: Any) -> dict[str, str]:
    """The accepted values by key; extra keys are dropped. Refused with 47003 naming the first wrong field."""
    if not isinstance(data, Mapping):
        raise Refused(47003, "data is empty")
    accepted: dict[str, str] = {}
    for key in keys:
        entry = data.get(key)
        value = entry.get("value") if isinstance(entry, Mapping) else None
        if value is None or str(value).strip() == "":
            raise Refused(47003, f"data.{key}.value is empty")
        if not isinstance(value, str | int | float) or not _VALID[_type_of(key)](str(value)):
            raise Refused(47003, f"data.{key}.value invalid")
        accepted[key] = str(value)
    return accepted


def _type_of(key: str) -> str:
    return key.rstrip("0123456789")


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _chinese(character: str) -> bool:
    return unicodedata.name(character, "").startswith("CJK UNIFIED IDEOGRAPH")


def _printable(text: str) -> bool:
    return all(unicodedata.category(character)[0] != "C" and character not in "\u2028\u2029" for character in text)


def _thing(text: str) -> bool:
    return _length(text) <= 20 and _printable(text)


def _number(text: str) -> bool:
    whole, _, part = text.partition(".")
    digits = whole + part
    return len(text) <= 32 and bool(whole) and set(digits) <= _DIGITS and not text.endswith(".")


def _only(alphabet: frozenset[str], limit: int) -> Callable[[str], bool]:
    return lambda text: len(text) <= limit and set(text) <= alphabet


def _moment(text: str) -> bool:
    day, _, clock = text.rpartition(" ") if " " in text else text.rpartition("日")
    return _clock(clock) and (day == "" or _day(day))


def _clock(text: str) -> bool:
    parts = text.split(":")
    limits = (24, 60, 60)
    return len(parts) in (2, 3) and all(
        len(part) == 2 and set(part) <= _DIGITS and int(part) < limit
        for part, limit in zip(parts, limits, strict=False)
    )


def _day(text: str) -> bool:
    match = re.fullmatch("[0-9]{4}[年-]([0-9]{1,2})[月-]([0-9]{1,2})日?", text)
    return match is not None and 1 <= int(match[1]) <= 12 and 1 <= int(match[2]) <= 31


def _time(text: str) -> bool:
    ends = text.split("~")
    return len(ends) <= 2 and all(_moment(end.strip()) for end in ends)


def _date(text: str) -> bool:
    day, _, clock = text.partition(" ")
    return _day(day) and (clock == "" or _clock(clock))


def _amount(text: str) -> bool:
    bare = text[1:] if text[0] in "¥￥$€£" else text
    bare = bare.removesuffix("元")
    return _number(bare) and len(bare.replace(".", "")) <= 10


def _car_number(text: str) -> bool:
    if len(text) > 8:
        return False
    inner = text[1:-1]
    return set(inner) <= _LETTERS | _DIGITS and all(
        _chinese(end) or end in _LETTERS | _DIGITS for end in (text[0], text[-1])
    )


def _name(text: str) -> bool:
    if all(_chinese(character) for character in text):
        return len(text) <= 10
    return len(text) <= 20 and set(text) <= _LETTERS | _SYMBOLS | {" "}


def _phrase(text: str) -> bool:
    return len(text) <= 5 and all(_chinese(character) for character in text)


_VALID: Mapping[str, Callable[[str], bool]] = {
    "thing": _thing,
    "number": _number,
    "letter": _only(_LETTERS, 32),
    "symbol": _only(_SYMBOLS, 5),
    "character_string": _only(_DIGITS | _LETTERS | _SYMBOLS | {" "}, 32),
    "time": _time,
    "date": _date,
    "amount": _amount,
    "phone_number": _only(_DIGITS | _SYMBOLS | {" "}, 17),
    "car_number": _car_number,
    "name": _name,
    "phrase": _phrase,
}
