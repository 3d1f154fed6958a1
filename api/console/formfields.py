"""Forms drawn from JSON Schema, and read back into the JSON body that the interface takes.

The schemas are those of `models.domain.forms` and `models.domain.commands`, as every client gets them with a task, so
a new outcome with a new form needs no work here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any, Final, Literal

from starlette.datastructures import FormData

from api.console import times
from api.console.car_words import MINUTES
from api.console.wording import FIELD_ERRORS, FIELDS
from models.domain import words
from models.domain.faults import MISSING
from models.domain.money import fen_of

Kind = Literal[
    "text",
    "area",
    "number",
    "fen",
    "staff",
    "photos",
    "window",
    "moment",
    "stars",
    "choice",
    "flag",
    "group",
    "lines",
    "hidden",
]

LONG_TEXT: Final = 120
"""A text that may be longer than this gets several lines to be typed in."""

OPTION_TITLES: Final[dict[str, Mapping[str, str]]] = {
    "Minutes": MINUTES,
    "HoldReason": words.HOLD_REASONS,
    "Priority": words.PRIORITIES,
    "Charge": words.CHARGES,
    "OnBehalfChannel": words.CHANNELS,
    "PaymentMethod": words.PAYMENT_METHODS,
    "Source": words.SOURCES,
    "Party": words.PARTIES,
    "ConsentBy": words.CONSENT_BY,
    "ConsentChannel": words.CONSENT_CHANNELS,
}
"""Enumeration in the schema → what people read for its values."""


MOST_STARS: Final = 5
"""A whole number up to this is given as stars; any other one is typed."""

CHOSEN: Final = frozenset({"staff", "choice", "moment", "stars", "photos"})
"""Fields in which nothing is typed."""


@dataclass(frozen=True)
class Field:
    """One field of a form. `name` is the dotted path that the body, and a refusal's `errors`, call it by."""

    name: str
    kind: Kind
    title: str
    required: bool
    shortest: int = 0
    longest: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    fields: tuple[Field, ...] = field(default_factory=tuple)

    @property
    def slug(self) -> str:
        """The name as part of an element's id."""
        return self.name.replace(".", "-")


def fields_of(schema: Mapping[str, Any], prefix: str = "", skip: Sequence[str] = ()) -> tuple[Field, ...]:
    """The fields of an object schema in their order. `prefix` is put before every name: `form` makes `form.report`."""
    definitions = schema.get("$defs", {})
    needed = schema.get("required", ())
    return tuple(
        _field(f"{prefix}.{name}" if prefix else name, name, part, name in needed, definitions)
        for name, part in schema.get("properties", {}).items()
        if name not in skip and "const" not in part
    )


def _field(path: str, name: str, part: Mapping[str, Any], required: bool, definitions: Mapping[str, Any]) -> Field:
    resolved, type_name = _resolve(part, definitions)
    title = FIELDS.get(name, "") if name in ("staff", "photo_ids") else ""
    title = title or part.get("title") or resolved.get("title") or ""
    if not title or title.isascii():
        title = FIELDS.get(name, name)
    base = Field(name=path, kind="text", title=title, required=required)
    if resolved.get("format") == "staff":
        return replace(base, kind="staff")
    if resolved.get("format") == "date-time":
        return replace(base, kind="moment")
    if resolved.get("type") == "array":
        return _several(base, resolved, definitions)
    if resolved.get("type") == "integer":
        return replace(base, kind=_kind_of_number(resolved), longest=resolved.get("maximum"))
    if resolved.get("type") == "boolean":
        return replace(base, kind="flag")
    if "enum" in resolved:
        titles = OPTION_TITLES.get(type_name, {})
        return replace(
            base, kind="choice", options=tuple((str(v), titles.get(str(v), str(v))) for v in resolved["enum"])
        )
    if resolved.get("type") == "object":
        inner = fields_of({**resolved, "$defs": definitions}, prefix=path)
        window = [inside.name.rpartition(".")[2] for inside in inner] == ["from", "to"]
        return replace(base, kind="window" if window else "group", fields=inner)
    longest = resolved.get("maxLength")
    shortest = resolved.get("minLength", 0)
    return replace(
        base, kind="area" if (longest or LONG_TEXT) > LONG_TEXT else "text", shortest=shortest, longest=longest
    )


def _several(base: Field, resolved: Mapping[str, Any], definitions: Mapping[str, Any]) -> Field:
    """Lines of a table where each item has fields of its own, else photos."""
    item, _ = _resolve(resolved.get("items", {}), definitions)
    base = replace(base, longest=resolved.get("maxItems"))
    if item.get("type") != "object":
        return replace(base, kind="photos")
    return replace(base, kind="lines", fields=fields_of({**item, "$defs": definitions}, prefix=base.name))


def _kind_of_number(resolved: Mapping[str, Any]) -> Kind:
    if resolved.get("format") == "fen":
        return "fen"
    return "stars" if resolved.get("maximum") == MOST_STARS else "number"


def _resolve(part: Mapping[str, Any], definitions: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """Look through `anyOf: [X, null]` and `$ref`. Answers the schema and the name of its definition."""
    choices = [choice for choice in part.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) == 1:
        return _resolve(choices[0], definitions)
    for reference in (part, *part.get("allOf", ())):
        if "$ref" in reference:
            name = str(reference["$ref"]).rpartition("/")[2]
            return definitions.get(name, {}), name
    return part, ""


def body_of(fields: Sequence[Field], submitted: FormData) -> dict[str, Any]:
    """What was typed, as the JSON body. What was left empty is left out; the form's own model knows what it needs."""
    body: dict[str, Any] = {}
    for drawn in fields:
        name = drawn.name.rpartition(".")[2]
        value = _value(drawn, submitted)
        if value is not None:
            body[name] = value
    return body


def _value(drawn: Field, submitted: FormData) -> Any:
    if drawn.kind == "photos":
        return [photo for photo in submitted.getlist(drawn.name) if photo] or None
    if drawn.kind in ("window", "group"):
        return body_of(drawn.fields, submitted) or None
    if drawn.kind == "lines":
        return _lines(drawn, submitted) or None
    return _typed(drawn, str(submitted.get(drawn.name) or ""))


def _lines(drawn: Field, submitted: FormData) -> list[dict[str, Any]]:
    """The rows in which anything was typed; what is missing in one is for the form's own model to name.

    A quantity stands in every row from the beginning, so it alone makes no line.
    """
    columns = [[str(typed) for typed in submitted.getlist(column.name)] for column in drawn.fields]
    rows = []
    for typed in zip_longest(*columns, fillvalue=""):
        if not any(text.strip() for column, text in zip(drawn.fields, typed, strict=True) if column.kind != "number"):
            continue
        values = {c.name.rpartition(".")[2]: _typed(c, text) for c, text in zip(drawn.fields, typed, strict=True)}
        rows.append({name: value for name, value in values.items() if value is not None})
    return rows


def _typed(drawn: Field, typed: str) -> Any:
    """What cannot be read as what the field wants goes on as it is, for the form's own model to refuse."""
    text = typed.strip()
    if not text:
        return None
    if drawn.kind == "flag":
        return True
    if drawn.kind == "moment":
        return times.from_input(text)
    if drawn.kind in ("stars", "number") and text.isdigit():
        return int(text)
    fen = fen_of(text) if drawn.kind == "fen" else None
    return text if fen is None else fen


def flat(fields: Sequence[Field]) -> list[Field]:
    """Every field with those inside it."""
    return [one for drawn in fields for one in (drawn, *flat(drawn.fields))]


def messages(errors: Sequence[Mapping[str, str]], fields: Sequence[Field]) -> dict[str, str]:
    """A refusal's errors by field, in Chinese. What names no drawn field is said under the nearest one that is."""
    drawn = {one.name: one for one in flat(fields)}
    said: dict[str, str] = {}
    for error in errors:
        name = str(error.get("field", ""))
        while name and name not in drawn:
            name = name.rpartition(".")[0]
        if name:
            said.setdefault(name, _message(error, drawn[name]))
    return said


def _in_line(error: Mapping[str, str], drawn: Field) -> str | None:
    """`form.lines.2.price` is said under the whole table, naming row and column."""
    row, _, column = str(error.get("field", "")).removeprefix(f"{drawn.name}.").partition(".")
    inner = next((one for one in drawn.fields if one.name == f"{drawn.name}.{column}"), None)
    if drawn.kind != "lines" or inner is None or not row.isdigit():
        return None
    return FIELD_ERRORS["in_line"].format(row=int(row) + 1, column=inner.title, what=_message(error, inner))


def _message(error: Mapping[str, str], drawn: Field) -> str:
    in_line = _in_line(error, drawn)
    if in_line is not None:
        return in_line
    kind = str(error.get("type", ""))
    text = str(error.get("message", ""))
    if kind in ("", "value_error"):
        return text
    if kind == "string_too_short" and drawn.shortest <= 1:
        kind = "missing"
    if kind == "missing" and drawn.kind in CHOSEN:
        kind = "not_chosen"
    if drawn.kind in ("number", "fen") and kind != "missing":
        kind = f"{drawn.kind}_wrong"
    if kind == "missing":
        return MISSING
    # What a form on a screen calls otherwise than a program's caller does.
    return FIELD_ERRORS.get(kind, text)
