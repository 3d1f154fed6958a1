"""The stars that staff were given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from models.domain.ratings import Stars
from models.repositories.direct import Direct, numbered

_STARS: Final = numbered("""
    SELECT s.account, s.name, count(*) AS ratings, sum(w.rating_result) AS result, sum(w.rating_speed) AS speed,
           sum(w.rating_manner) AS manner
    FROM work_orders w JOIN staff s ON s.id = w.assignee_id
    WHERE w.rating_result IS NOT NULL AND w.closed_at >= :since
      AND w.community_id = ANY(CAST(:communities AS text[]))
      AND (CAST(:only AS text) IS NULL OR s.id = :only)
    GROUP BY s.id""")


async def stars(db: Direct, communities: Sequence[str], *, since: datetime, only: str | None = None) -> list[Stars]:
    """Of everybody with stars in these communities, or of one person."""
    rows = await db.rows(_STARS, {"communities": list(communities), "since": since, "only": only})
    return [
        Stars(row["account"], row["name"], row["ratings"], (row["result"], row["speed"], row["manner"])) for row in rows
    ]
