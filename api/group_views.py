"""What an order shows of its group.

An order that follows another shows the other's stage, worker, deadline and what staff say there; never its house, its
reporter, its photos, and to residents not its number. Pure functions over what `acting.visible_order` has read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from api import wording
from api.reader import Reader
from models.domain import words
from models.domain.lifecycles import LIFECYCLES
from models.domain.order import OrderState
from models.domain.privacy import PRIVATE

Row = Mapping[str, Any]
Json = dict[str, Any]
Titles = Mapping[tuple[str, str], str]

IN_INCIDENT: Final = "in_progress"
"""What an order shows that follows an incident: it is being worked on, though nobody was sent to this house."""

BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)

BEGINS: Final = frozenset({"merged", "followed_on"})
ENDS: Final = frozenset({"unmerged", "freed", "promoted", "group_finished", "cancelled"})

PUBLIC_FACTS: Final = frozenset({"text", "report", "until", "count"})
"""What of the primary's news everybody of the group may read; the reason of a hold is a code and comes along."""


def shown(row: Row) -> tuple[str, datetime | None]:
    """Stage and due time of an order in a list, from the row of whatever it follows."""
    if row["leader"] is None:
        return row["stage"], row["next_due_at"]
    return row["primary_stage"] or IN_INCIDENT, row["primary_due_at"]


def shown_state(bundle: Row, state: OrderState) -> OrderState:
    """The primary's state for an order that follows one, else its own."""
    primary = _group(bundle).get("primary") if state.following else None
    return OrderState.model_validate(primary["state"]) if primary else state


def shown_stage(bundle: Row, state: OrderState) -> str:
    if state.following is not None and state.following.incident is not None:
        return IN_INCIDENT
    return shown_state(bundle, state).stage


def leaders(events: list[Json]) -> list[str]:
    """The numbers of all orders that an order has followed, by its own timeline."""
    found = (event["facts"].get("primary") for event in events if event["kind"] in BEGINS)
    return list(dict.fromkeys(number for number in found if number))


def group(bundle: Row, state: OrderState, reader: Reader, titles: Titles) -> Json | None:
    """Whom the order follows, who follows it, how many neighbours joined, what is linked. None outside any group."""
    around = _group(bundle)
    if not around:
        return None
    following = state.following
    answer: Json = {
        "following": following is not None,
        "since": following.since if following else None,
        "incident": _incident(around["incident"]),
        "followers": len(around["followers"]),
        "neighbours": around["neighbours"],
    }
    if reader.is_staff:
        answer |= {
            "primary": following.primary if following else None,
            "children": [{**child, "reporter": _name_of(child, state.kind)} for child in around["followers"]],
            "links": [_link(link, titles) for link in around["links"]],
        }
    return answer


def _name_of(child: Json, kind: str) -> str:
    """Who made a private order is for those alone who may read that one, on its own page."""
    if kind in PRIVATE:
        return wording.REPORTER
    return child["reporter"] or words.REPORTERS["guest"]


def _incident(incident: Json | None) -> Json | None:
    return incident | {"kind_title": words.INCIDENTS[incident["kind"]]} if incident else None


def _link(link: Json, titles: Titles) -> Json:
    return link | {
        "category_title": titles.get((link["kind"], link["category"]), link["category"]),
        "stage_title": words.stage(link["kind"], link["stage"], False),
        "why_title": words.LINKS.get(link["why"], words.LINKS["related"]),
    }


def with_news(bundle: Row) -> list[Json]:
    """The order's own events, and the public ones of whomever it followed at that time, by time. That the other was
    called off is nobody's news but its reporter's: this one goes on.
    """
    own: list[Json] = bundle["events"]
    news = _group(bundle).get("news")
    if not news:
        return own
    spans = _spans(own)
    called_off = LIFECYCLES[bundle["kind"]].called_off
    public = [
        _public(event)
        for event in news
        if event["stage"] not in called_off
        and any(number == event["number"] and since <= _instant(event["at"]) <= until for number, since, until in spans)
    ]
    return sorted([*own, *public], key=lambda event: _instant(event["at"]))


def _spans(events: list[Json]) -> list[tuple[str, datetime, datetime]]:
    """(primary, since, until): whom the order followed, when."""
    spans: list[tuple[str, datetime, datetime]] = []
    primary, since = None, BEGINNING
    for event in events:
        if event["kind"] not in BEGINS | ENDS:
            continue
        if primary is not None:
            spans.append((primary, since, _instant(event["at"])))
        primary = event["facts"].get("primary") if event["kind"] in BEGINS else None
        since = _instant(event["at"])
    return [*spans, (primary, since, END_OF_TIME)] if primary is not None else spans


def _public(event: Json) -> Json:
    """Nothing of a resident's, and no photos."""
    facts = event["facts"] if event["by_kind"] != "resident" else {}
    kept = {key: value for key, value in facts.items() if key in PUBLIC_FACTS}
    if facts.get("reason") in words.HOLD_REASONS:
        kept["reason"] = facts["reason"]
    by = event if event["by_kind"] == "staff" else {**event, "by_kind": "system", "by_id": "system"}
    return {**by, "version": f"p{event['version']}", "facts": kept}


def _instant(at: str | datetime) -> datetime:
    return datetime.fromisoformat(at) if isinstance(at, str) else at


def _group(bundle: Row) -> Row:
    around: Row = bundle.get("group") or {}
    return around
