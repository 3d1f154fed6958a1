"""What the order's page draws of other orders: those that look like it, and incidents that would take it in."""

from __future__ import annotations

from typing import Any, Final

from api import grouping
from api.console.views import new_key
from api.sessions import StaffMember
from api.state import State
from models.domain.grouping import MAY_GROUP
from models.domain.incidents import concerns

Json = dict[str, Any]

OPENS_AT: Final = 80
"""A likeness of so many points is shown unasked; anything less waits folded below the task."""


async def around(state: State, member: StaffMember, order: Json) -> Json:
    """`similar`, `incidents`, `may_link`, the key of the link's form, and whether all this opens by itself.

    Nothing is suggested where the reader may not merge.
    """
    may_merge = any(action["action"] == "merge" for action in order["actions"])
    similar = await grouping.similar_to(state, member, order["number"]) if may_merge else []
    running = await _incidents(state, order) if may_merge else []
    return {
        "kin_open": bool(running) or any(other["score"] >= OPENS_AT for other in similar),
        "similar": [{**other, "key": new_key()} for other in similar],
        "incidents": running,
        "may_link": member.actor.has(*MAY_GROUP),
        "link_key": new_key(),
    }


async def _incidents(state: State, order: Json) -> list[Json]:
    return [
        {"id": each.id, "title": each.title, "key": new_key()}
        for each in await state.catalog.incidents(state.direct)
        if each.order_kind == order["kind"]
        and order["category"] in each.categories
        and concerns(each, order["community"]["id"], order["place"]["building_id"])
    ]
