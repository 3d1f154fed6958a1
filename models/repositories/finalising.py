"""What becomes of an uploaded photo, and of its order's timeline when it was none."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

LATE_SEQ: Final = 1000
"""Events of effects come after all of the step's own (`models.tables.orders.TimelineEvent`)."""


class Uploaded(NamedTuple):
    status: str
    upload_key: str


class Changed(NamedTuple):
    """The order whose page has to be drawn again."""

    number: str
    community_id: str


_UPLOADED: Final = text("SELECT status, upload_key FROM photos WHERE id = :id")

_READY: Final = text("""
    UPDATE photos SET status = 'ready', final_key = :final_key, thumbnail_key = :thumbnail_key, sha256 = :sha256,
        width = :width, height = :height, content_type = 'image/jpeg', error = NULL
    WHERE id = :id AND status = 'uploaded' RETURNING number
""")

_FAILED: Final = text("""
    UPDATE photos SET status = 'failed', error = :error WHERE id = :id AND status = 'uploaded'
    RETURNING number, audience
""")

# The row lock keeps two failures of one order, and a publish, from taking the same place in the timeline.
_ORDER: Final = text("SELECT community_id, version FROM work_orders WHERE number = :number FOR UPDATE")

_EVENT: Final = text("""
    INSERT INTO timeline_events (number, version, seq, kind, at, by_id, by_kind, audience, facts)
    SELECT :number, :version, greatest(coalesce(max(seq) + 1, 0), :first), 'photo_failed', :at, 'system', 'system',
           :audience, CAST(:facts AS jsonb)
    FROM timeline_events WHERE number = :number AND version = :version
""")


def uploaded(conn: Connection, photo_id: str) -> Uploaded | None:
    row = conn.execute(_UPLOADED, {"id": photo_id}).one_or_none()
    return None if row is None else Uploaded(*row)


def ready(
    conn: Connection, photo_id: str, *, final_key: str, thumbnail_key: str, sha256: str, width: int, height: int
) -> Changed | None:
    """The finalised keys are known from now on. None when it was ready already, or belongs to no order yet."""
    keys = {"final_key": final_key, "thumbnail_key": thumbnail_key}
    number = conn.execute(
        _READY, {"id": photo_id, "sha256": sha256, "width": width, "height": height, **keys}
    ).scalar_one_or_none()
    if number is None:
        return None
    community = conn.execute(text("SELECT community_id FROM work_orders WHERE number = :number"), {"number": number})
    return Changed(number, community.scalar_one())


def failed(conn: Connection, photo_id: str, error: str, at: datetime) -> Changed | None:
    """Marks the photo and says so on its order, once. None when it belongs to no order."""
    photo = conn.execute(_FAILED, {"id": photo_id, "error": error}).one_or_none()
    if photo is None or photo.number is None:
        return None
    order = conn.execute(_ORDER, {"number": photo.number}).one()
    conn.execute(
        _EVENT,
        {
            "number": photo.number,
            "version": order.version,
            "first": LATE_SEQ,
            "at": at,
            "audience": photo.audience,
            "facts": json.dumps({"photo": photo_id}),
        },
    )
    return Changed(photo.number, order.community_id)
