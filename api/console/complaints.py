"""What the order's page draws of a complaint beside its tasks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from api.console.views import new_key
from api.sessions import StaffMember
from api.state import State
from models.domain import words
from models.domain.board import ANSWERED, MAY_PUBLISH
from models.domain.numbers import CHINA

Json = dict[str, Any]

WAITS: Final = timedelta(days=2)
"""What the form proposes as the latest time at which the complaint goes on."""


async def beside(state: State, member: StaffMember, order: Json) -> Json:
    """Whether its maker may be looked up, the board, the form of a repair to wait for; nothing for other orders."""
    own = order["complaint"]
    if own is None or not order["readable"]:
        return {}
    may_hold = any(action["action"] == "hold" for action in order["actions"])
    categories = await state.catalog.categories(state.direct) if may_hold else []
    return {
        "may_look": own["anonymous"] and "looks" in own,
        "may_hang": own["may_publish"] and not own["published_at"] and _may_hang(order, member),
        "repair_categories": [row for row in categories if row["kind"] == "repair" and row["place"] != "house"],
        "repair_spots": list(words.SPOTS.items()),
        "repair_until": (datetime.now(UTC) + WAITS).astimezone(CHINA).strftime("%Y-%m-%dT%H:00"),
        "complaint_key": new_key(),
    }


def _may_hang(order: Json, member: StaffMember) -> bool:
    return order["stage"] in ANSWERED and member.actor.has(*MAY_PUBLISH)
