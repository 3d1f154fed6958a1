"""The answers about visitors, for OpenAPI."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pydantic import Field

from api.shapes import Action, Shape


class Visitor(Shape):
    """A visit in a list. Who comes is null once it has been taken away."""

    number: str
    stage: str
    stage_title: str
    open: bool
    place: str
    type: str
    type_title: str
    name: str | None
    phone_masked: str | None
    plate: str | None
    purpose: str | None
    persons: int
    walk_in: bool
    approved: bool
    start: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    entries: int
    used: int
    arrived_at: datetime | None
    left_at: datetime | None
    submitted_at: datetime
    actions: list[Action]


class VisitorPage(Shape):
    items: list[Visitor]
    next_cursor: str | None


class VisitorsOfDay(Shape):
    """`more`: there are more than fit; search."""

    items: list[Visitor]
    more: bool


NUMBER: Final = "FK20261122-00019"

FACTS: Final[dict[str, Any]] = {
    "type": "guest",
    "type_title": "亲友来访",
    "walk_in": False,
    "from": "2026-11-22T18:00:00+08:00",
    "to": "2026-11-22T23:00:00+08:00",
    "purpose": "家庭聚会",
    "persons": 3,
    "entries": 1,
    "used": 0,
    "name": "王小明",
    "phone_masked": "138****8000",
    "plate": "粤BD12345",
    "arrived_at": None,
    "left_at": None,
    "revoked_at": None,
    "anonymised_at": None,
    "approved": True,
}

AS_INVITED: Final[dict[str, Any]] = {
    "number": NUMBER,
    "id": NUMBER,
    "kind": "visitor",
    "stage": "invited",
    "stage_title": "待到访",
    "category": "guest",
    "summary": "亲友来访 · 1栋1单元101室",
    "description": "",
    "visit": FACTS,
}

ITEM: Final[dict[str, Any]] = {
    **{name: value for name, value in FACTS.items() if name not in ("revoked_at", "anonymised_at")},
    "number": NUMBER,
    "stage": "invited",
    "stage_title": "待到访",
    "open": True,
    "place": "1栋1单元101室",
    "community_id": "com_26javm",
    "submitted_at": "2026-11-22T17:00:00+08:00",
    "actions": [{"action": "cancel"}, {"action": "comment"}],
}
