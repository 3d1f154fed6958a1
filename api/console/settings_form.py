"""The settings as a form: what stands in its fields, and what was typed as the settings that the interface takes.

Plain settings are drawn from `Policy` itself, so a new one needs no work here; tables have rows of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from starlette.datastructures import FormData

from api.console.settings_words import SETTINGS
from models.domain import words
from models.domain.clocks import Level
from models.domain.lifecycles import LIFECYCLES
from models.domain.order import Priority
from models.domain.policy import Policy, Promise, Unit

TABLES: Final = frozenset({"promises", "ladder", "week", "closures", "open_days", "quiet"})
BLANK_ROWS: Final = 2
SECONDS: Final = {"days": 86_400, "hours": 3_600, "minutes": 60}

Json = dict[str, Any]


@dataclass(frozen=True)
class Plain:
    """One plain setting. `unit` is a key of the wording's units, `flag` for yes or no."""

    name: str
    section: str
    title: str
    unit: str
    value: str


@dataclass(frozen=True)
class LevelRow:
    """One promise in the table. `name` begins its fields; `amount` is empty where the lifecycle's own holds."""

    name: str
    title: str
    amount: str
    unit: str
    around_the_clock: bool
    default: str
    """What holds while the row is empty, in words."""


def plain(policy: Policy) -> list[Plain]:
    """Every setting that is not a table, in the order of the model."""
    return [_plain(name, getattr(policy, name)) for name in Policy.model_fields if name not in TABLES]


def _plain(name: str, value: Any) -> Plain:
    field = Policy.model_fields[name]
    extra = field.json_schema_extra
    assert isinstance(extra, Mapping)  # noqa: S101 - `policy._setting` writes it
    unit = "flag" if isinstance(value, bool) else str(extra["unit"] or "count")
    return Plain(name, str(extra["section"]), str(field.title), unit, _typed(value, unit))


def _typed(value: Any, unit: str) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, timedelta):
        return _short(Decimal(int(value.total_seconds())) / SECONDS[unit])
    if unit in (Unit.PERCENT, Unit.YUAN):
        return _short(Decimal(str(value)) * 100 if unit == Unit.PERCENT else Decimal(value) / 100)
    return str(value)


def _short(number: Decimal) -> str:
    return format(number.normalize(), "f")


def _sent(text: str, unit: str) -> Any:
    """The setting as the interface takes it. What is no number is passed on, for the model to refuse by name."""
    if unit == "flag":
        return bool(text)
    try:
        number = Decimal(text)
        if unit in SECONDS:
            return int(number * SECONDS[unit])
        if unit == Unit.PERCENT:
            return float(number / 100)
        return int(number * 100) if unit == Unit.YUAN else int(number)
    except (InvalidOperation, ValueError, OverflowError):
        return text


def level_rows(policy: Policy) -> list[tuple[str, list[LevelRow]]]:
    """(Kind, its rows): a promise for each priority and clock that the lifecycle knows."""
    own = {(each.kind, each.priority, each.clock): each.level for each in policy.promises if each.category is None}
    tables = []
    for kind, lifecycle in LIFECYCLES.items():
        rows = [
            _row(f"level.{kind}.{priority}.{clock}", priority, clock, own.get((kind, Priority(priority), clock)), level)
            for priority, levels in lifecycle.levels.items()
            for clock, level in levels.items()
        ]
        if rows:
            tables.append((kind, rows))
    return tables


def _row(name: str, priority: str, clock: str, own: Level | None, default: Level) -> LevelRow:
    amount, unit = amount_of(own.limit) if own else ("", amount_of(default.limit)[1])
    title = f"{words.PRIORITIES.get(priority, priority)} · {words.CLOCKS[clock]}"
    around = own.around_the_clock if own else default.around_the_clock
    return LevelRow(name, title, amount, unit, around, _in_words(default))


def amount_of(limit: timedelta) -> tuple[str, str]:
    """In the largest unit that leaves no fraction."""
    seconds = int(limit.total_seconds())
    unit = next((unit for unit, length in SECONDS.items() if seconds % length == 0), "minutes")
    return _short(Decimal(seconds) / SECONDS[unit]), unit


def _in_words(level: Level) -> str:
    amount, unit = amount_of(level.limit)
    return f"{amount} {SETTINGS['units'][unit]}"


def category_rows(policy: Policy) -> list[Promise]:
    return [each for each in policy.promises if each.category is not None]


def read(form: FormData) -> Json:
    """What was typed, as the settings that the interface takes."""
    settings: Json = {each.name: _sent(_text(form, each.name), each.unit) for each in plain(Policy())}
    settings["week"] = [_text(form, f"week.{day}") for day in range(7)]
    settings["quiet"] = {"begin": _text(form, "quiet.begin"), "end": _text(form, "quiet.end")}
    settings["ladder"] = [
        {"share": _sent(row["share"], Unit.PERCENT), "role": row["role"]}
        for row in _rows(form, "ladder", ("share", "role"))
        if row["share"]
    ]
    for name in ("closures", "open_days"):
        settings[name] = [row for row in _rows(form, name, ("first", "last", "name")) if row["first"]]
        for row in settings[name]:
            row["last"] = row["last"] or row["first"]
    settings["promises"] = [*_levels(form), *_category_levels(form)]
    return settings


def _levels(form: FormData) -> list[Json]:
    found = []
    for kind, rows in level_rows(Policy()):
        for row in rows:
            if _text(form, f"{row.name}.amount"):
                _, _, priority, clock = row.name.split(".")
                found.append({"kind": kind, "priority": priority, "clock": clock, **_limit(form, row.name)})
    return found


def _category_levels(form: FormData) -> list[Json]:
    found = []
    for index, row in enumerate(_rows(form, "special", ("category", "priority", "clock", "amount"))):
        if row["amount"] and row["category"]:
            kind, _, category = row["category"].partition(":")
            facts = {"kind": kind, "category": category, "priority": row["priority"], "clock": row["clock"]}
            found.append({**facts, **_limit(form, f"special.{index}")})
    return found


def _limit(form: FormData, name: str) -> Json:
    unit = _text(form, f"{name}.unit")
    limit = _sent(_text(form, f"{name}.amount"), unit if unit in SECONDS else "minutes")
    return {"limit": limit, "around_the_clock": bool(_text(form, f"{name}.around"))}


def _rows(form: FormData, name: str, fields: tuple[str, ...]) -> list[dict[str, str]]:
    """Rows are numbered from 0 without a gap, because the page draws them so."""
    rows: list[dict[str, str]] = []
    while any(f"{name}.{len(rows)}.{field}" in form for field in fields):
        rows.append({field: _text(form, f"{name}.{len(rows)}.{field}") for field in fields})
    return rows


def _text(form: FormData, name: str) -> str:
    return str(form.get(name) or "").strip()
