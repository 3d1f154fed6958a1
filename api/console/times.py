"""Times as people in China read them: `剩 23 分`, `今天 14:05`, `11月22日 周日 09:30`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from api.console.wording import TIME
from models.domain.numbers import CHINA
from models.domain.terms import WARN_AT

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


@dataclass(frozen=True)
class Chip:
    """The remaining time of a promise. `due` and `warn` let the browser keep the text right without asking again."""

    text: str
    tone: Literal["good", "warn", "bad", "idle"]
    due: str = ""
    warn: str = ""


def instant(value: str | datetime | None) -> datetime | None:
    """A time of the JSON views, or one that is already a time."""
    if value is None or value == "":
        return None
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def span(length: timedelta) -> str:
    """The two largest units, rounded down, at least one minute: `23 分`, `1 小时 5 分`, `2 天 3 小时`."""
    seconds = max(int(length.total_seconds()), MINUTE)
    if seconds < HOUR:
        return TIME["minutes"].format(n=seconds // MINUTE)
    if seconds < DAY:
        hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
        return TIME["hours_minutes"].format(h=hours, m=minutes) if minutes else TIME["hours"].format(n=hours)
    days, hours = seconds // DAY, seconds % DAY // HOUR
    return TIME["days_hours"].format(d=days, h=hours) if hours else TIME["days"].format(n=days)


def chip(due: datetime | None, began: datetime | None, now: datetime, paused: bool = False) -> Chip:
    """Amber from the same share of the limit at which the holder is warned, red from the breach."""
    if due is None:
        return Chip(text=TIME["paused"] if paused else TIME["none"], tone="idle")
    warn = due - (due - began) * (1 - WARN_AT) if began is not None and began < due else due
    facts = {"due": due.isoformat(), "warn": warn.isoformat()}
    if now > due:
        return Chip(text=TIME["over"].format(span=span(now - due)), tone="bad", **facts)
    return Chip(text=TIME["left"].format(span=span(due - now)), tone="warn" if now >= warn else "good", **facts)


def moment(at: datetime, now: datetime) -> str:
    """`今天 14:05`, `昨天 09:30`, `11月2日 09:30`, with the year only when it is another one."""
    here, today = at.astimezone(CHINA), now.astimezone(CHINA)
    days = (here.date() - today.date()).days
    near = {0: TIME["today"], -1: TIME["yesterday"], 1: TIME["tomorrow"]}.get(days)
    if near:
        return f"{near} {here:%H:%M}"
    year = f"{here.year}年" if here.year != today.year else ""
    return f"{year}{here.month}月{here.day}日 {here:%H:%M}"


def exact(at: datetime) -> str:
    """For tooltips and paper: `2026年11月22日 周日 14:05`."""
    here = at.astimezone(CHINA)
    return f"{here.year}年{here.month}月{here.day}日 周{TIME['weekdays'][here.weekday()]} {here:%H:%M}"


def window(start: datetime, until: datetime, now: datetime) -> str:
    """An appointment: the day once, then both ends."""
    ends = until.astimezone(CHINA)
    same_day = start.astimezone(CHINA).date() == ends.date()
    return f"{moment(start, now)}–{ends:%H:%M}" if same_day else f"{moment(start, now)} – {moment(until, now)}"


def from_input(text: str) -> str:
    """The value of a `datetime-local` field, which knows no zone, as a time in China with its offset.

    A text that is no time is handed on as it is: the form's own model refuses it and names the field.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (at if at.tzinfo else at.replace(tzinfo=CHINA)).isoformat()
