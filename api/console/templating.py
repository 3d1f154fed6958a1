"""The console's templates: one environment, strict about missing names, escaping everything."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined
from markupsafe import Markup

from api.console import times
from api.console.wording import SCREENS, TIME
from models.domain import words
from models.repositories.inbox import COUNTED_AT_MOST

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"


@cache
def asset(name: str) -> str:
    """The address of a static file, with a piece of its hash, so that browsers may keep it for good.

    A file that is missing (the vendor's, before set-up) gets its plain address: the page works, the browser says 404.
    """
    path = STATIC / name
    version = hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else ""
    return f"/console/static/{name}" + (f"?v={version}" if version else "")


def _moment(value: str | datetime) -> str:
    at = times.instant(value)
    return times.moment(at, datetime.now(UTC)) if at else ""


def _exact(value: str | datetime) -> str:
    at = times.instant(value)
    return times.exact(at) if at else ""


def _counted(value: int) -> int | str:
    """What is counted so far and no further reads 999+."""
    return f"{COUNTED_AT_MOST - 1}+" if value >= COUNTED_AT_MOST else value


def _tojson(value: Any) -> Markup:
    """For attributes in single quotes as well as in double ones: every character that HTML knows is escaped."""
    text = orjson.dumps(value).decode()
    for character in "&<>'\"":
        text = text.replace(character, f"&#{ord(character)};")
    return Markup(text)  # noqa: S704 - escaped character by character just above


def _printable(value: Any) -> Any:
    """Raises TypeError for what can be called: nobody ever meant to show a function to people."""
    if callable(value) and not isinstance(value, Undefined):
        raise TypeError(f"a template prints {value!r}")
    return value


class Screens(Environment):
    """`w.order.copy` is the word called `copy`, never the method of that name which every dictionary has."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


@cache
def screens() -> Environment:
    environment = Screens(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_printable,
    )
    environment.globals |= {"w": SCREENS, "words": words, "time": TIME, "asset": asset}
    environment.filters |= {"moment": _moment, "exact": _exact, "counted": _counted, "tojson": _tojson}
    return environment


def warm_up() -> None:
    """Compile every template now: the first person to open a page should not wait for it."""
    for name in screens().list_templates():
        screens().get_template(name)


def render(template: str, **facts: Any) -> str:
    return screens().get_template(template).render(**facts)
