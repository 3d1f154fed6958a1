"""What answers about complaints look like; for the OpenAPI document."""

from __future__ import annotations

from datetime import datetime

from api.shapes import Shape


class Identity(Shape):
    number: str
    name: str
    houses: list[str]


class Post(Shape):
    number: str
    community: str
    category: str
    category_title: str
    text: str
    answer: str
    by: str
    published_at: datetime


class Board(Shape):
    items: list[Post]
    next_cursor: str | None
