"""The message templates of both WeChat accounts, and the rules of their fields.

One definition serves everybody: the notices that fill a template, the emulator that registers it, the operator who
applies for it at WeChat. The eight resident templates exist on the mini-program (subscription message, one credit per
send) and on the service account (template message to a follower); `task` is for staff and exists on the service account
only. The labels are what WeChat prints beside each value; its review accepts at most five pure Chinese characters.

`fit` turns any value into one that WeChat takes, `check` says whether it would. Length is counted in UTF-16 units, the
way WeChat's own clients count, so one emoji is two. Source of the rules: WeChat's parameter table for subscription
messages, the same since 2023 for template messages of service accounts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from models.domain.numbers import CHINA

TYPES = (
    "thing",
    "number",
    "letter",
    "symbol",
    "character_string",
    "time",
    "date",
    "amount",
    "phone_number",
    "car_number",
    "name",
    "phrase",
)
"""Every field type that `fit` and `check` know. `enum` is left out: its values belong to the single template."""

Channel = Literal["mini", "service"]
Value = str | int | datetime | date

THING_LENGTH = 20
CHARACTER_STRING_LENGTH = 32
NUMBER_LENGTH = 32
LETTER_LENGTH = 32
SYMBOL_LENGTH = 5
AMOUNT_DIGITS = 10
PHONE_LENGTH = 17
CAR_NUMBER_LENGTH = 8
NAME_CHINESE_LENGTH = 10
NAME_LATIN_LENGTH = 20
PHRASE_LENGTH = 5
LABEL_LENGTH = 5

NOTHING = "无"
"""What stands in a field whose value is empty: WeChat refuses an empty one."""

NOTHING_LATIN = "-"
"""The same for fields that take no Chinese."""


class Field(BaseModel):
    """One line of a template. `keep_end` is for places, whose end (the room) says more than their beginning."""

    model_config = ConfigDict(frozen=True)

    key: str
    label: str
    keep_end: bool = False

    @property
    def type(self) -> str:
        """`thing3` is of type `thing`."""
        return self.key.rstrip("0123456789")


class Template(BaseModel):
    """A template as registered with WeChat. `fields` stand in the order in which a phone shows them."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    channels: tuple[Channel, ...]
    fields: tuple[Field, ...]

    @property
    def id(self) -> str:
        """The template id in the emulator; the real accounts issue their own, which are given by settings."""
        return f"tmpl_{self.name}"

    def id_at(self, channel: Channel, given: Mapping[str, str]) -> str:
        """The id on one of the accounts: as given by the installation's settings, else the emulator's."""
        return given.get(f"{channel}:{self.name}", self.id)


_BOTH: tuple[Channel, ...] = ("mini", "service")


def _template(name: str, title: str, *fields: Field, channels: tuple[Channel, ...] = _BOTH) -> Template:
    return Template(name=name, title=title, channels=channels, fields=fields)


def _field(key: str, label: str, *, keep_end: bool = False) -> Field:
    return Field(key=key, label=label, keep_end=keep_end)


TEMPLATES: Mapping[str, Template] = {
    template.name: template
    for template in (
        _template(
            "progress",
            "工单进度通知",
            _field("character_string1", "工单编号"),
            _field("phrase2", "当前状态"),
            _field("thing3", "报事位置", keep_end=True),
            _field("name4", "处理人"),
            _field("time5", "更新时间"),
        ),
        _template(
            "your_turn",
            "待您处理提醒",
            _field("thing1", "待办事项"),
            _field("character_string2", "工单编号"),
            _field("time3", "截止时间"),
            _field("thing4", "温馨提示"),
        ),
        _template(
            "finished",
            "工单完成通知",
            _field("character_string1", "工单编号"),
            _field("thing2", "报事位置", keep_end=True),
            _field("time3", "完成时间"),
            _field("thing4", "处理结果"),
        ),
        _template(
            "review_result",
            "审核结果通知",
            _field("thing1", "审核事项"),
            _field("phrase2", "审核结果"),
            _field("time3", "审核时间"),
            _field("thing4", "备注"),
        ),
        _template(
            "money",
            "费用变动通知",
            _field("character_string1", "工单编号"),
            _field("amount2", "金额"),
            _field("phrase3", "费用状态"),
            _field("time4", "变动时间"),
        ),
        _template(
            "move_car",
            "挪车提醒",
            _field("car_number1", "车牌号码"),
            _field("thing2", "停放地点", keep_end=True),
            _field("thing3", "挪车原因"),
            _field("time4", "通知时间"),
        ),
        _template(
            "visitor",
            "访客到访通知",
            _field("name1", "访客姓名"),
            _field("time2", "到访时间"),
            _field("thing3", "到访说明"),
        ),
        _template(
            "announcement",
            "小区公告通知",
            _field("thing1", "公告标题"),
            _field("time2", "发布时间"),
            _field("thing3", "公告摘要"),
        ),
        _template(
            "task",
            "新任务提醒",
            _field("character_string1", "工单编号"),
            _field("thing2", "任务内容"),
            _field("thing3", "任务位置", keep_end=True),
            _field("time4", "截止时间"),
            channels=("service",),
        ),
    )
}

_CHINESE = r"\u4e00-\u9fff\u3400-\u4dbf"
_NOT_CHINESE = re.compile(f"[^{_CHINESE}]")
_HAS_CHINESE = re.compile(f"[{_CHINESE}]")
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
_DAY = r"\d{4}年(?:1[0-2]|0?[1-9])月(?:3[01]|[12]\d|0?[1-9])日"
_MOMENT = rf"(?:{_DAY} ?)?{_CLOCK}"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that no phone prints: controls, format marks, lone surrogates, private and unassigned ones."""

_RULES: Mapping[str, re.Pattern[str]] = {
    "number": re.compile(rf"(?=.{{1,{NUMBER_LENGTH}}}$)\d+(?:\.\d+)?", re.ASCII),
    "letter": re.compile(f"[A-Za-z]{{1,{LETTER_LENGTH}}}"),
    "symbol": re.compile(rf"[!-/:-@\[-`{{-~]{{1,{SYMBOL_LENGTH}}}"),
    "character_string": re.compile(rf"(?=.*\S)[ -~]{{1,{CHARACTER_STRING_LENGTH}}}"),
    "time": re.compile(rf"{_MOMENT}(?:~{_MOMENT})?", re.ASCII),
    "date": re.compile(rf"{_DAY}(?: {_CLOCK})?", re.ASCII),
    "amount": re.compile(r"[¥$￥]?(?P<number>\d+(?:\.\d{1,2})?)元?", re.ASCII),
    "phone_number": re.compile(rf"(?=.*\S)[\d+\-() #*]{{1,{PHONE_LENGTH}}}", re.ASCII),
    "car_number": re.compile(rf"(?=.{{2,{CAR_NUMBER_LENGTH}}}$)[{_CHINESE}A-Z0-9][A-Z0-9]*[{_CHINESE}A-Z0-9]"),
    "name": re.compile(
        rf"[{_CHINESE}]{{1,{NAME_CHINESE_LENGTH}}}|(?=.*\S)[A-Za-z !-/:-@\[-`{{-~]{{1,{NAME_LATIN_LENGTH}}}"
    ),
    "phrase": re.compile(f"[{_CHINESE}]{{1,{PHRASE_LENGTH}}}"),
}


def units(text: str) -> int:
    """Length as WeChat counts it: in UTF-16 code units."""
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)


def check(type_: str, value: str) -> bool:
    """Whether WeChat would take `value` in a field of this type. Raises KeyError for a type that does not exist."""
    if type_ == "thing":
        return bool(value.strip()) and visible(value) == value and units(value) <= THING_LENGTH
    match = _RULES[type_].fullmatch(value)
    if match is None:
        return False
    return type_ != "amount" or len(match["number"].replace(".", "")) <= AMOUNT_DIGITS


def fit(type_: str, value: Value, *, keep_end: bool = False) -> str:
    """Cut and clean `value` until `check` accepts it.

    Times and dates are datetimes with a zone, amounts are whole fen; both may also be texts that are already right.
    Raises ValueError when cutting would tell a lie: an unreadable time, or an amount of more than ten digits.
    """
    if isinstance(value, datetime | date):
        return _fit_time(type_, value)
    if type_ == "amount" and isinstance(value, int):
        return _fit_amount(value)
    text = visible(str(value)).strip()
    if type_ in ("time", "date", "amount"):
        return _checked(type_, text)
    if type_ == "thing":
        return cut(text, THING_LENGTH, keep_end=keep_end) or NOTHING
    return _CLEANERS[type_](text)


def fill(template: Template, values: Mapping[str, Value]) -> dict[str, dict[str, str]]:
    """The `data` of a message: every field of the template, fitted. `values` is keyed by the fields' keys.

    A plate with a Chinese character inside (the armed police's `WJ京12345`) cannot stand in a `car_number`; it goes in
    front of the next `thing`, and the plate's field keeps what it can. Raises KeyError when a value is missing.
    """
    values = _with_unusual_plate(template, values)
    return {
        field.key: {"value": fit(field.type, values[field.key], keep_end=field.keep_end)} for field in template.fields
    }


def cut(text: str, limit: int, *, keep_end: bool = False) -> str:
    """Shorten to `limit` UTF-16 units with an ellipsis; `keep_end` drops the beginning instead of the end."""
    if units(text) <= limit:
        return text
    kept: list[str] = []
    room = limit - 1
    for character in reversed(text) if keep_end else text:
        room -= units(character)
        if room < 0:
            break
        kept.append(character)
    return "…" + "".join(reversed(kept)).lstrip() if keep_end else "".join(kept).rstrip() + "…"


def _with_unusual_plate(template: Template, values: Mapping[str, Value]) -> Mapping[str, Value]:
    plate = next((field for field in template.fields if field.type == "car_number"), None)
    thing = next((field for field in template.fields if field.type == "thing"), None)
    if plate is None or thing is None:
        return values
    number = plain_plate(str(values[plate.key]))
    if not _HAS_CHINESE.search(number[1:-1]):
        return values
    room = THING_LENGTH - units(number) - 1
    place = cut(str(values[thing.key]).strip(), room, keep_end=thing.keep_end) if room > 1 else ""
    return {**values, thing.key: f"{number} {place}"}


def plain_plate(plate: str) -> str:
    """Upper case, without the dots, blanks and dashes that people write into a plate."""
    return re.sub(f"[^{_CHINESE}A-Z0-9]", "", plate.upper())


def visible(text: str) -> str:
    """On one line, and without what no screen shows."""
    spaced = re.sub(r"[\s\u2028\u2029]", " ", text)
    seen = "".join(character for character in spaced if unicodedata.category(character) not in _HIDDEN)
    return re.sub(" +", " ", seen)


def _checked(type_: str, text: str) -> str:
    if not check(type_, text):
        raise ValueError(f"{text!r} is no {type_}")
    return text


def _fit_time(type_: str, value: datetime | date) -> str:
    if not isinstance(value, datetime):
        return _checked(type_, f"{value.year:04d}年{value.month}月{value.day}日")
    local = value.astimezone(CHINA)
    return _checked(type_, f"{local.year:04d}年{local.month}月{local.day}日 {local:%H:%M}")


def _fit_amount(fen: int) -> str:
    if fen < 0:
        raise ValueError("a message shows no negative amount")
    return _checked("amount", f"{fen // 100}.{fen % 100:02d}元")


def _fit_number(text: str) -> str:
    match = re.search(r"[0-9]+(?:\.[0-9]+)?", text)
    return match[0][:NUMBER_LENGTH].rstrip(".") if match else "0"


def _fit_car_number(text: str) -> str:
    plate = plain_plate(text)
    middle = _HAS_CHINESE.sub("", plate[1:-1])
    fitted = (plate[:1] + middle + plate[-1:])[:CAR_NUMBER_LENGTH]
    return fitted if check("car_number", fitted) else "00"


def _fit_name(text: str) -> str:
    chinese = _NOT_CHINESE.sub("", text)
    if chinese:
        return chinese[:NAME_CHINESE_LENGTH]
    return re.sub(r"[^A-Za-z !-/:-@\[-`{-~]", "", text).strip()[:NAME_LATIN_LENGTH] or NOTHING


def _keep(pattern: str, limit: int, nothing: str) -> Callable[[str], str]:
    unwanted = re.compile(pattern)
    return lambda text: unwanted.sub("", text).strip()[:limit] or nothing


_CLEANERS: Mapping[str, Callable[[str], str]] = {
    "number": _fit_number,
    "letter": _keep(r"[^A-Za-z]", LETTER_LENGTH, "X"),
    "symbol": _keep(r"[^!-/:-@\[-`{-~]", SYMBOL_LENGTH, NOTHING_LATIN),
    "character_string": _keep(r"[^ -~]", CHARACTER_STRING_LENGTH, NOTHING_LATIN),
    "phone_number": _keep(r"[^0-9+\-() #*]", PHONE_LENGTH, NOTHING_LATIN),
    "car_number": _fit_car_number,
    "name": _fit_name,
    "phrase": _keep(f"[^{_CHINESE}]", PHRASE_LENGTH, NOTHING),
}
