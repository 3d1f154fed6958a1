"""Cursors: where a list goes on, opaque to clients, stable while rows are added."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import Query

from models.domain.errors import ValidationFailed
from models.repositories.inbox import TaskKey
from models.repositories.reading import OrderKey

LIMIT_AT_MOST: Final = 100
LIMIT: Final = 20
"""One screen of a phone and a half."""

Cursor = Annotated[
    str | None, Query(max_length=300, description="`next_cursor` of the page before.", examples=["WyIyMDI2…"])
]
Limit = Annotated[int, Query(ge=1, le=LIMIT_AT_MOST)]


def cursor_of(*parts: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


def order_key(cursor: str | None) -> OrderKey | None:
    """Raises ValidationFailed for a cursor that is not ours."""
    if cursor is None:
        return None
    at, number = _parts(cursor, str, str)
    return OrderKey(_instant(at), number)


def task_key(cursor: str | None) -> TaskKey | None:
    """Raises ValidationFailed for a cursor that is not ours."""
    if cursor is None:
        return None
    rank, due, task_id = _parts(cursor, int, str, str)
    if due != "infinity":
        _instant(due)
    return TaskKey(rank, due, task_id)


def message_key(cursor: str | None) -> tuple[datetime, str] | None:
    """Raises ValidationFailed for a cursor that is not ours."""
    if cursor is None:
        return None
    at, message_id = _parts(cursor, str, str)
    return _instant(at), message_id


def page(items: list[Any], rows: Sequence[Any], limit: int, *key: str) -> dict[str, Any]:
    """`{items, next_cursor}` of a list that was read with one row more than asked for."""
    more = len(rows) > limit
    return {
        "items": items[:limit],
        "next_cursor": cursor_of(*(rows[limit - 1][name] for name in key)) if more else None,
    }


def _parts(cursor: str, *types: type) -> list[Any]:
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise ValidationFailed(field="cursor") from None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(types):
        raise ValidationFailed(field="cursor")
    return parts


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValidationFailed(field="cursor") from None
    if at.tzinfo is None:
        raise ValidationFailed(field="cursor")
    return at
