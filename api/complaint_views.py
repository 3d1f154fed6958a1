"""What an order shows because it is a complaint or a suggestion, and what it hides from whoever may not read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api import group_views, wording
from api.reader import SEES_MANAGERS_EVENTS, Reader
from models.domain import words
from models.domain.order import OrderState
from models.domain.people import Actor
from models.domain.privacy import may_read_words

Row = Mapping[str, Any]
Json = dict[str, Any]

OUTER_FACTS: Final = frozenset({"staff", "from", "until", "count", "task", "clock", "rung", "days"})
"""What of an event may be known to those who see only that there is a complaint: who has it and how long it takes."""

SPOKEN_FINALLY: Final = frozenset({"answered", "closed", "rejected"})


def reads_words(bundle: Row, state: OrderState, actor: Actor) -> bool:
    """Whether words, photos and names are for this person, who may see the order at all.

    Whoever handles the one that it follows handles this one with it.
    """
    people = {*bundle.get("took_part", ()), bundle["filed_by"]} - {None}
    pools = (task for task in group_views.shown_state(bundle, state).tasks.values() if task.holder is None)
    roles = {role.value for task in pools for role in (*task.roles, *task.also_seen_by)}
    return may_read_words(state.kind, actor, people, roles)


def veiled(bundle: Row, state: OrderState) -> tuple[Row, OrderState]:
    """The order as it looks to whoever may only know that it exists."""
    hidden = {
        **bundle,
        "description": words.PRIVATE_WORDS,
        "answers": {},
        "photos": [],
        "contact_name": None,
        "contact_phone_sealed": None,
        "residents": dict.fromkeys(bundle["residents"], wording.REPORTER),
        "events": [{**event, "facts": _outer(event["facts"])} for event in bundle["events"]],
        "about": None,
        "group": _veiled_group(bundle.get("group")),
    }
    hold = state.hold.model_copy(update={"note": None}) if state.hold else None
    return hidden, state.model_copy(update={"hold": hold})


def _veiled_group(group: Row | None) -> Row | None:
    if not group:
        return None
    primary = group["primary"]
    if primary and primary["state"]["hold"]:
        primary = {**primary, "state": {**primary["state"], "hold": {**primary["state"]["hold"], "note": None}}}
    news = [{**event, "facts": _outer(event["facts"])} for event in group["news"]]
    return {**group, "primary": primary, "news": news}


def _outer(facts: Row) -> Json:
    return {name: value for name, value in facts.items() if name in OUTER_FACTS}


def complaint(bundle: Row, state: OrderState, reader: Reader) -> Json | None:
    """What only complaints have; None for every other kind of order."""
    own = state.complaint
    if own is None:
        return None
    about_staff = own.subject.kind == "staff"
    final = (bool(state.reopened) and state.stage in SPOKEN_FINALLY) or state.stage == "rejected"
    answer: Json = {
        "type": own.matter,
        "type_title": words.MATTERS[own.matter],
        "subject": {
            "kind": own.subject.kind,
            "title": words.SUBJECTS[own.subject.kind],
            "name": bundle.get("about") if reader.is_staff or not about_staff else None,
        },
        "anonymous": own.anonymous,
        "may_publish": own.may_publish,
        "final": final,
        "further": words.FURTHER_HELP if final else None,
        "published_at": bundle.get("published_at"),
    }
    if reader.actor.has(*SEES_MANAGERS_EVENTS):
        answer["looks"] = bundle.get("looks") or []
    return answer
