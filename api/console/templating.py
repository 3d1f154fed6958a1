"""The console's templates: one environment, strict about missing names, escaping everything."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.console import times
from api.console.wording import SCREENS, TIME
from models.domain import words

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


def _tojson(value: Any) -> Markup:
    """For attributes in single quotes as well as in double ones: every character that HTML knows is escaped."""
    text = orjson.dumps(value).decode()
    for character in "&<>'\"":
        text = text.replace(character, f"&#{ord(character)};")
    return Markup(text)  # noqa: S704 - escaped character by character just above


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {"w": SCREENS, "words": words, "time": TIME, "asset": asset}
    environment.filters |= {"moment": _moment, "exact": _exact, "tojson": _tojson}
    return environment


def warm_up() -> None:
    """Compile every template now: the first person to open a page should not wait for it."""
    for name in _environment().list_templates():
        _environment().get_template(name)


def render(template: str, **facts: Any) -> str:
    return _environment().get_template(template).render(**facts)
