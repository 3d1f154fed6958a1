"""Correcting an order at the desk: what may be chosen, and which of the two kinds of place was meant."""

from __future__ import annotations

from typing import Any, Final

from api.sessions import StaffMember
from api.state import State
from models.domain import rights, words

Json = dict[str, Any]

OF_A_HOUSE: Final = frozenset({"house_id"})
"""The only field of a place that is a home; all others belong to a public one."""


async def choices(state: State, member: StaffMember, order: Json) -> Json | None:
    """Categories of the order's kind, and places of its community; nothing where the order may not be corrected."""
    if not any(action["action"] == "amend" for action in order["actions"]):
        return None
    community = (await state.catalog.communities(state.direct)).get(order["community"]["id"])
    return {
        "categories": [
            (row["code"], row["title"])
            for row in await state.catalog.categories(state.direct)
            if row["kind"] == order["kind"] and row["code"] != order["category"]
        ],
        "beyond": _beyond(order, member),
        "buildings": community["buildings"] if community else [],
        "spots": list(words.SPOTS.items()),
    }


def _beyond(order: Json, member: StaffMember) -> set[str]:
    """Nobody pays for a complaint or a car in the way, or waits at home for it; and not all may say who pays."""
    if order["kind"] != "repair":
        return {"charge", "contact"}
    return set() if rights.may_change_charge(member.actor) else {"charge"}


def with_place(body: Json, where: str) -> Json:
    """The place as the page's switch says it: `house`, `area`, or empty for the old one.

    What was typed under the other position of the switch is still in the form, but was not meant.
    """
    typed = body.get("place") or {}
    rest = {name: value for name, value in body.items() if name != "place"}
    if where not in ("house", "area"):
        return rest
    return {
        **rest,
        "place": {name: value for name, value in typed.items() if (name in OF_A_HOUSE) == (where == "house")},
    }
