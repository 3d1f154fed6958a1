"""The answers about requests to move a car, for OpenAPI."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel

from api.shapes import Shape, Task


class AskedOfMyCar(Shape):
    """A request as it is put to the user of the car; `of_visitor`: it is the car of a visitor of theirs."""

    number: str
    stage: str
    stage_title: str
    open: bool
    plate: str
    of_visitor: bool
    place: str
    reason: str
    reason_title: str
    submitted_at: datetime
    closed_at: datetime | None
    tasks: list[Task]


class AskedPage(Shape):
    items: list[AskedOfMyCar]
    next_cursor: str | None


class Phone(BaseModel):
    """In the clear, to be dialled."""

    phone: str


class CarPhones(BaseModel):
    """In the clear, to be dialled. Of a visitor's car `phone` is the host's, and the visitor's comes with it; either
    may be missing."""

    phone: str | None
    visitor_phone: str | None = None


class Told(BaseModel):
    """How many requests waited for the car."""

    told: int


NUMBER: Final = "NC20261122-00018"

AS_ASKED: Final[dict[str, Any]] = {
    "number": NUMBER,
    "id": NUMBER,
    "kind": "move_car",
    "stage": "requested",
    "stage_title": "联系车主中",
    "category": "blocking",
    "summary": "挡住通行 · 小区内",
    "place": {"label": "小区内", "public": True, "spot": "other"},
    "description": "",
    "car": {"plate": "粤BD12345", "promised": None},
}

ASKED: Final[dict[str, Any]] = {
    "number": NUMBER,
    "stage": "requested",
    "stage_title": "联系车主中",
    "open": True,
    "plate": "粤BD12345",
    "of_visitor": False,
    "place": "小区内",
    "reason": "blocking",
    "reason_title": "挡住通行",
    "submitted_at": "2026-11-22T09:00:00+00:00",
    "closed_at": None,
    "tasks": [],
}
