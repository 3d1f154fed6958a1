"""China's public holidays and the weekend days worked in exchange, from the package `chinesecalendar`.

Read only here; the rules get the days as data. The package learns a year when the State Council has announced it, in
the autumn before, and has to be updated then.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Final

import chinese_calendar

from models.domain.calendar import Holidays

YEARS_AHEAD: Final = 1
"""Calendars reach to the end of next year; further, nothing is ever announced."""


@cache
def announced() -> Holidays:
    """Everything that the installed package knows."""
    off, worked = frozenset(chinese_calendar.holidays), frozenset(chinese_calendar.workdays)
    return Holidays(off=off, worked=worked, known_until=date(max(off).year, 12, 31))


def unknown_years(today: date) -> list[int]:
    """The years, this and the next, that count as plain weeks because the package does not know them yet."""
    last = announced().known_until.year
    return [year for year in range(today.year, today.year + YEARS_AHEAD + 1) if year > last]
