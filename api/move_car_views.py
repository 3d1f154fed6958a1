"""What each side of a request to move a car reads of it.

Neither side learns who the other is, nor from which home, and whoever asks does not learn whether the plate belongs to
somebody here: known and unknown plates look the same until somebody acts. So a resident's view is built anew from the
little that is theirs, instead of taking away from the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from api import wording
from models.domain import bulletin_words, words
from models.domain.order import OrderState
from models.domain.people import Actor
from models.domain.rights import may_call_user

Row = Mapping[str, Any]
Json = dict[str, Any]

_NOTHING: Final[Json] = {
    "answers": {},
    "holder": None,
    "holder_name": None,
    "next_deadline": None,
    "waiting": None,
    "group": None,
    "reopened": 0,
    "follows": None,
    "followed_by": None,
    "may_rework": None,
    "referral": None,
    "entry": None,
    "rating": None,
}
"""What a repair has to tell, and a request to move a car does not."""


def for_resident(answer: Json, bundle: Row, state: OrderState, actor: Actor) -> Json:
    """The order as one of the two sides reads it."""
    car = bundle["car"]
    asks = car["side"] == "requester"
    mine = asks and not car["left"]
    timeline = _stages(bundle, state) if asks else _own_acts(bundle, actor)
    return {
        **answer,
        **_NOTHING,
        # The order's own version counts steps of the other side's as well.
        "version": len(timeline),
        "description": answer["description"] if bundle["reporter_id"] == actor.id else "",
        "bulletin": _bulletin(state, asks),
        "urges": answer["urges"] if asks else {"count": 0, "here": 0, "last_at": None},
        "photos": [photo for photo, row in _with_rows(answer, bundle) if row["owner_id"] == actor.id],
        "timeline": timeline,
        "car": {"plate": car["plate"], "promised": _promised(state) if asks else None},
        "mine": mine,
    }


def uses_it(bundle: Row, person_id: str) -> bool:
    """Whether a resident answers for the car that is in the way: staff read what they said, and never who they are."""
    car: Row = bundle["state"].get("move_car") or {}
    return person_id in car.get("users", ())


def for_staff(bundle: Row, state: OrderState, actor: Actor) -> Json:
    """The plate, how many wait, and the pass of a visitor's car; never who uses the car."""
    car = state.move_car
    if car is None:
        return {"car": None}
    return {
        "car": {
            "plate": bundle["car"]["plate"],
            "obstacle": car.obstacle,
            "obstacle_title": words.OBSTACLES[car.obstacle],
            "waiting": len(car.requesters),
            "asked_before": car.asked_before,
            "promised": car.promised,
            "visitor": car.visitor,
            "may_call_user": may_call_user(state, actor),
        }
    }


def item(item: Json, own: bool) -> Json:
    """The same for a row of a resident's list. `own`: they made the request, rather than joined it."""
    return {**item, "holder": None, "description": item["description"] if own else "", "mine": True}


def asked(row: Row, state: OrderState, plate: str, tasks: list[Json]) -> Json:
    """A request as it is put to the user of the car."""
    return {
        "number": row["number"],
        "stage": row["stage"],
        "stage_title": words.stage("move_car", row["stage"], for_resident=True),
        "open": row["open"],
        "plate": plate,
        "of_visitor": state.move_car is not None and state.move_car.visitor is not None,
        "place": row["place_label"],
        "reason": row["category"],
        "reason_title": words.OBSTACLES.get(row["category"], row["category"]),
        "submitted_at": row["submitted_at"],
        "closed_at": row["closed_at"],
        "tasks": tasks,
    }


def _with_rows(answer: Json, bundle: Row) -> list[tuple[Json, Row]]:
    rows = {row["id"]: row for row in bundle["photos"]}
    return [(photo, rows[photo["id"]]) for photo in answer["photos"]]


def _promised(state: OrderState) -> datetime | None:
    return state.move_car.promised if state.move_car else None


def _stages(bundle: Row, state: OrderState) -> list[Json]:
    """Stages only: by whom and by which answer one came would tell too much."""
    entered = [(event["at"], event["stage"]) for event in bundle["events"] if event["stage"]]
    return [_line(place, "stage", stage, at, wording.SYSTEM) for place, (at, stage) in enumerate(entered, start=1)]


def _own_acts(bundle: Row, actor: Actor) -> list[Json]:
    own = [event for event in bundle["events"] if event["by_id"] == actor.id and event["kind"] != "submitted"]
    return [
        {
            **_line(place, event["kind"], None, event["at"], wording.ME),
            "title": words.event("move_car", event["kind"]),
            "by": {"kind": "resident", "name": wording.ME},
        }
        for place, event in enumerate(own, start=1)
    ]


def _line(place: int, kind: str, stage: str | None, at: datetime, by: str) -> Json:
    title = words.stage("move_car", stage, for_resident=True) if stage else ""
    return {
        "id": f"{place}.0",
        "kind": kind,
        "title": title,
        "at": at,
        "by": {"kind": "system", "name": by},
        "audience": "reporter",
        "stage": stage,
        "stage_title": title or None,
        "facts": {},
    }


def _bulletin(state: OrderState, asks: bool) -> Json:
    """The same words for every car in the same stage."""
    where, what = (bulletin_words.CAR_ASKED if asks else bulletin_words.CAR_ASKED_OF)[state.stage]
    return {
        "where": where,
        "who": bulletin_words.OFFICE if state.open else bulletin_words.NOBODY,
        "next": what,
        "by": None,
        "by_words": bulletin_words.BY_NOTHING,
        "late": False,
        "waiting_for": None,
        "urged": None,
    }
