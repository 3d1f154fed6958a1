"""The list of orders as a table to take away: the same rows, under the same rules, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

from api import inbox
from api.sessions import StaffMember
from api.state import State
from models.domain import words
from models.domain.numbers import CHINA

AT_MOST: Final = 10_000
"""Rows. Whoever needs more asks for less; a table longer than this is read by nobody."""

PAGE: Final = 100

MARK: Final = "\ufeff"
"""Tells spreadsheets that the text is UTF-8."""

DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet, and anybody may have typed it."""


async def table(state: State, member: StaffMember, **filters: Any) -> AsyncIterator[str]:
    """The filtered list of :func:`inbox.orders` page by page, newest first, below its heads."""
    yield MARK + _line(list(words.TABLE.values()))
    cursor, written = None, 0
    while written < AT_MOST:
        page = await inbox.orders(state, member, **filters, cursor=cursor, limit=PAGE)
        yield "".join(_line([_cell(order[name]) for name in words.TABLE]) for order in page["items"])
        written, cursor = written + len(page["items"]), page["next_cursor"]
        if cursor is None:
            return


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(CHINA):%Y-%m-%d %H:%M}"
    said = "" if value is None else str(value)
    return f"'{said}" if said.startswith(DANGEROUS) else said


def _line(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
