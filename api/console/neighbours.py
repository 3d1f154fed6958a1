"""What the order's page draws of other orders: those that look like it, and incidents that would take it in."""

from __future__ import annotations

from typing import Any

from api import grouping
from api.console.views import new_key
from api.sessions import StaffMember
from api.state import State
from models.domain.grouping import MAY_GROUP
from models.domain.incidents import concerns

Json = dict[str, Any]


async def around(state: State, member: StaffMember, order: Json) -> Json:
    """`similar`, `incidents`, `may_link` and the key of the link's form; nothing where the reader may not merge."""
    may_merge = any(action["action"] == "merge" for action in order["actions"])
    similar = await grouping.similar_to(state, member, order["number"]) if may_merge else []
    return {
        "similar": [{**other, "key": new_key()} for other in similar],
        "incidents": await _incidents(state, order) if may_merge else [],
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
