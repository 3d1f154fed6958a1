"""Models of what is answered about rounds and shifts, for OpenAPI, with their examples."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from api.shapes import Shape


class RoundPlace(Shape):
    label: str
    building_id: str | None
    spot: str


class Rhythm(Shape):
    """ISO weekdays, 1 is Monday; civil time of China."""

    weekdays: list[int]
    times: list[str]


class Duty(Shape):
    """One of `role`, `team` and `staff` (an account), and how people call it."""

    title: str
    role: str | None = None
    team: str | None = None
    staff: str | None = None


class Round(Shape):
    """`version` is sent back with a change; `scheduled` tells that the clock already follows this version."""

    id: str
    community_id: str
    title: str
    place: RoundPlace
    category: str
    checks: list[str]
    rhythm: Rhythm
    rhythm_words: str
    duty: Duty
    paused: bool
    version: int
    scheduled: bool
    planned_by: str
    planned_at: datetime
    may_change: bool


class RoundList(Shape):
    items: list[Round]


class PatrolItem(Shape):
    """`number` is the repair that a finding became."""

    position: int
    title: str
    result: Literal["ok", "finding"] | None
    note: str | None
    number: str | None
    by: str | None
    at: datetime | None
    may_tick: bool


class Patrol(Shape):
    id: str
    round_id: str
    community_id: str
    community: str
    title: str
    place: RoundPlace
    category: str
    duty: Duty
    scheduled_at: datetime
    due_at: datetime
    status: Literal["open", "done", "missed"]
    status_title: str
    ended_at: datetime | None
    ticked: int
    findings: int
    items: list[PatrolItem]


class PatrolPage(Shape):
    items: list[Patrol]
    next_cursor: str | None


class ShiftItem(Shape):
    """People are named as colleagues know them. `may_write` and `may_take_over` are the caller's rights now."""

    id: str
    community_id: str
    community: str
    post: str
    begun_at: datetime
    begun_by: str
    handed_over_at: datetime | None
    handed_over_by: str | None
    taken_over_at: datetime | None
    taken_over_by: str | None
    previous_id: str | None
    open_points: int
    may_write: bool
    may_take_over: bool


class LogPhoto(Shape):
    id: str
    status: str


class LogEntry(Shape):
    """`carried` came open from the shift before."""

    id: str
    at: datetime
    by: str
    text: str
    open_point: bool
    carried: bool
    settled_at: datetime | None
    settled_by: str | None
    photos: list[LogPhoto]


class Shift(ShiftItem):
    entries: list[LogEntry]


class ShiftPage(Shape):
    items: list[ShiftItem]
    next_cursor: str | None


_PLACE: Final = {"label": "泵房", "building_id": None, "spot": "pump_room"}
_DUTY: Final = {"role": "technician", "title": "维修师傅"}

ROUND: Final[dict[str, Any]] = {
    "id": "rnd_7h2k9m",
    "community_id": "com_4d8w1x",
    "title": "水泵房巡检",
    "place": _PLACE,
    "category": "water",
    "checks": ["水泵运行正常，无异响", "地面无积水"],
    "rhythm": {"weekdays": [1, 2, 3, 4, 5, 6, 7], "times": ["08:00", "20:00"]},
    "rhythm_words": "每天 08:00、20:00",
    "duty": _DUTY,
    "paused": False,
    "version": 1,
    "scheduled": True,
    "planned_by": "刘建军",
    "planned_at": "2026-11-20T02:00:00+00:00",
    "may_change": True,
}

PATROL: Final[dict[str, Any]] = {
    "id": "pat_2f6q0z",
    "round_id": "rnd_7h2k9m",
    "community_id": "com_4d8w1x",
    "community": "幸福里",
    "title": "水泵房巡检",
    "place": _PLACE,
    "category": "water",
    "duty": _DUTY,
    "scheduled_at": "2026-11-22T00:00:00+00:00",
    "due_at": "2026-11-22T12:00:00+00:00",
    "status": "open",
    "status_title": "待巡检",
    "ended_at": None,
    "ticked": 1,
    "findings": 1,
    "items": [
        {
            "position": 1,
            "title": "水泵运行正常，无异响",
            "result": "finding",
            "note": "2号泵有异响",
            "number": "BX20261122-00017",
            "by": "张伟",
            "at": "2026-11-22T00:20:00+00:00",
            "may_tick": False,
        },
        {
            "position": 2,
            "title": "地面无积水",
            "result": None,
            "note": None,
            "number": None,
            "by": None,
            "at": None,
            "may_tick": True,
        },
    ],
}

SHIFT_ITEM: Final[dict[str, Any]] = {
    "id": "shf_9c3v5b",
    "community_id": "com_4d8w1x",
    "community": "幸福里",
    "post": "东门岗",
    "begun_at": "2026-11-22T00:00:00+00:00",
    "begun_by": "沈刚",
    "handed_over_at": None,
    "handed_over_by": None,
    "taken_over_at": None,
    "taken_over_by": None,
    "previous_id": "shf_1a2b3c",
    "open_points": 1,
    "may_write": True,
    "may_take_over": False,
}

SHIFT: Final[dict[str, Any]] = {
    **SHIFT_ITEM,
    "entries": [
        {
            "id": "ent_5k7m2p",
            "at": "2026-11-21T22:10:00+00:00",
            "by": "韩磊",
            "text": "2栋装修垃圾未清，已约业主今日上午清运",
            "open_point": True,
            "carried": True,
            "settled_at": None,
            "settled_by": None,
            "photos": [],
        }
    ],
}
