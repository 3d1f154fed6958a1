"""The averages that a member of staff may see: a lead's of everybody, anybody else's of themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from api import inbox
from api.sessions import StaffMember
from api.state import State
from models.domain.ratings import FEWEST, Stars, best_first, may_compare
from models.repositories import ratings

SPAN: Final = timedelta(days=90)
"""Long enough for five ratings of anybody who works, short enough to be about how they work now."""


async def averages(state: State, member: StaffMember, days: int = SPAN.days) -> dict[str, Any]:
    """`{items, fewest, days}`, best first; without an average for whoever has fewer than `fewest` ratings."""
    since = datetime.now(UTC) - timedelta(days=days)
    only = None if may_compare(member.actor) else member.id
    found = await ratings.stars(state.direct, await inbox.scope(state, member), since=since, only=only)
    return {"items": [_item(stars) for stars in best_first(found)], "fewest": FEWEST, "days": days}


def _item(stars: Stars) -> dict[str, Any]:
    averages = stars.averages
    return {
        "account": stars.account,
        "name": stars.name,
        "ratings": stars.count,
        "averages": dict(zip(("result", "speed", "manner"), averages, strict=True)) if averages else None,
    }
