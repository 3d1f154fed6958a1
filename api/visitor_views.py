"""What a visit shows: to its hosts and whoever meets visitors who comes, to other staff only that somebody does."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from api.visitor_bodies import Visitor
from models.domain import rights, words
from models.domain.order import OrderState
from models.domain.people import Actor, Role
from models.domain.visitors import Visit
from models.repositories.sealing import Sealing, mask_phone

Row = Mapping[str, Any]
Json = dict[str, Any]

MAY_READ: Final = (Role.GUARD, Role.CLERK, Role.LEAD, Role.MANAGER, Role.QUALITY)
"""Staff who meet visitors, or answer for those who do."""

WHO: Final = ("name", "phone_masked", "plate", "purpose")


def opened(row: Row, sealing: Sealing) -> Json:
    """A pass as `reading.VISIT_OF` gives it, with who comes in the clear, but for the phone, which stays masked."""
    who: dict[str, str | None] = {
        name: sealing.open(base64.b64decode(row[name])) if row[name] is not None else None
        for name in ("name", "phone", "plate")
    }
    phone = who.pop("phone")
    rest = {name: value for name, value in row.items() if name not in ("name", "phone", "plate")}
    return {
        **rest,
        **who,
        "phone_masked": mask_phone(phone) if phone else None,
        "type_title": words.VISITS[row["type"]],
    }


def as_filed(visit: Visit, body: Visitor, phone: str | None, plate: str | None) -> Json:
    """The same of a pass that is just being written."""
    return {
        "type": visit.type.value,
        "type_title": words.VISITS[visit.type],
        "walk_in": visit.walk_in,
        "from": visit.start,
        "to": visit.until,
        "purpose": body.purpose,
        "persons": body.persons,
        "entries": visit.entries,
        "used": 0,
        "name": body.name,
        "phone_masked": mask_phone(phone) if phone else None,
        "plate": plate,
        "arrived_at": None,
        "left_at": None,
        "revoked_at": None,
        "anonymised_at": None,
    }


def visit(bundle: Row, state: OrderState, actor: Actor) -> Json | None:
    """What an order shows because it is a visit; null for every other kind."""
    shown = bundle.get("visit")
    if state.visit is None or shown is None:
        return None
    answer = {**shown, "approved": state.visit.approved}
    if actor.kind == "staff":
        answer["may_call"] = rights.may_call_visitor(state, actor)
        if not actor.has(*MAY_READ):
            answer |= dict.fromkeys(WHO)
    return answer


def is_asked(bundle: Row, person: str) -> bool:
    """Whether a resident answers for the visit: who was asked about a walk-in sees it like the maker of a pass."""
    return person in (bundle["state"].get("visit") or {}).get("hosts", ())
