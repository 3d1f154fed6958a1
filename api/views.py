"""Orders and tasks as JSON, exactly as the interface promises them, cut to what the reader may see.

Pure functions over the rows of `models.repositories.reading`. Residents never get a staff account, a phone, or an event
that was not meant for them; staff are named by account, photos by id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from pydantic import ValidationError

from api import complaint_views, group_views, money_views, move_car_views, visitor_views, wording
from api.reader import Reader
from models.domain import bulletin_words, rights, words
from models.domain.bulletin import bulletin
from models.domain.clocks import Clock
from models.domain.errors import Refusal
from models.domain.forms import as_json
from models.domain.lifecycles import LIFECYCLES
from models.domain.order import OrderState
from models.domain.people import Actor
from models.domain.privacy import is_alias
from models.domain.rounds import PATROL
from models.domain.sequels import sequel_of
from models.domain.tasks import Task

Row = Mapping[str, Any]
Json = dict[str, Any]
Titles = Mapping[tuple[str, str], str]
"""(kind, category code) → what people call the category."""

FACTS_FOR_RESIDENTS: Final = frozenset(
    {
        "reason",
        "text",
        "report",
        "photo_ids",
        "until",
        "count",
        "rating",
        "result",
        "speed",
        "manner",
        "appointment",
        "lines",
        "note",
        "amount",
        "method",
        "receipt_no",
        "charge",
        "on_behalf",
        "party",
        "contact",
        "follow_up",
        "temporary",
        "sequel",
        "given_by",
        "channel",
    }
)
"""What of an event's facts a resident reads; people and task ids stay inside."""


# -- tasks ------------------------------------------------------------------------------------------------------------


@cache
def outcomes(kind: str, task_kind: str) -> list[Json]:
    """The outcomes of a task with the JSON Schema of what each needs; the same for all orders of a kind: built once."""
    spec = LIFECYCLES[kind].tasks[task_kind]
    return [
        {"outcome": outcome, "title": words.outcome(kind, outcome), "form": form.model_json_schema()}
        for outcome, form in spec.outcomes.items()
    ]


def summary(kind: str, category: str, place_label: str, titles: Titles) -> str:
    return f"{titles.get((kind, category), category)} · {place_label}"


def inbox_task(row: Row, actor: Actor, now: datetime, titles: Titles) -> Json:
    """A row of the inbox, with what its reader may do about it."""
    if row.get("walk") is not None:
        return _walk(row, now)
    order = readable_state(row["state"])
    task = order.tasks.get(row["id"]) if order is not None else None
    return {
        "id": row["id"],
        "kind": row["kind"],
        "title": words.TASKS.get(row["kind"], row["kind"]),
        "order": {
            "number": row["number"],
            "kind": row["order_kind"],
            "stage": row["stage"],
            "stage_title": words.stage(row["order_kind"], row["stage"]),
            "summary": summary(row["order_kind"], row["category"], row["place_label"], titles),
            "priority": row["priority"],
            "urged": row["urged"],
            "place": row["place_label"],
            "category": titles.get((row["order_kind"], row["category"]), row["category"]),
            "description": row["description"] if row["readable"] else words.PRIVATE_WORDS,
            "submitted_at": row["submitted_at"],
            "engine_waiting": row["started_at"] is None,
        },
        "holder": row["holder_account"] or row["holder_id"],
        "holder_name": row["holder_name"],
        "candidates": list(row["roles"]),
        "due_at": row["due_at"],
        "overdue": row["due_at"] is not None and row["due_at"] < now,
        "created_at": row["opened_at"],
        **(_NOTHING_TO_DO if order is None or task is None else _to_do(order, task, actor, now)),
    }


def readable_state(document: Any) -> OrderState | None:
    """None for a row that an operator has to mend: the others of its list can be read all the same."""
    try:
        return OrderState.model_validate(document)
    except ValidationError:
        return None


_NOTHING_TO_DO: Final[Json] = {"claimable": False, "outcomes": [], "on_behalf": False}


def _to_do(order: OrderState, task: Task, actor: Actor, now: datetime) -> Json:
    """What somebody may do about a task now. The rules that would refuse it are asked here."""
    own = rights.outcomes_now(order, actor, task, now)
    reporters = rights.outcomes_on_behalf(order, actor, task, now)
    return {
        "claimable": rights.claimable(order, actor, task, now),
        "outcomes": [each for each in outcomes(order.kind, task.kind) if each["outcome"] in (*own, *reporters)],
        "on_behalf": bool(reporters),
    }


def _walk(row: Row, now: datetime) -> Json:
    """A walk that is due: a task of no order, ended on its own page and not by outcomes."""
    ticked, items = row["walked"]
    place = f"{row['walk_building'] or ''} {words.SPOTS[row['walk_spot']]}".strip()
    return {
        "id": row["id"],
        "kind": PATROL,
        "title": words.TASKS[PATROL],
        "order": None,
        "patrol": {"id": row["id"], "title": row["walk"], "place": place, "ticked": ticked, "items": items},
        "holder": row["holder_account"],
        "holder_name": row["holder_name"],
        "candidates": [row["duty_role"]] if row["duty_role"] else [],
        "team": row["duty_team"],
        "due_at": row["due_at"],
        "overdue": row["due_at"] < now,
        "created_at": row["opened_at"],
        **_NOTHING_TO_DO,
    }


def _order_task(task: Task, bundle: Row, order: OrderState, reader: Reader, now: datetime, titles: Titles) -> Json:
    row: Row = next((row for row in bundle["tasks"] if row["id"] == task.id), {})
    due_at = row.get("due_at")
    return {
        "id": task.id,
        "kind": task.kind,
        "title": words.TASKS.get(task.kind, task.kind),
        "order": {
            "number": order.number,
            "kind": order.kind,
            "stage": order.stage,
            "summary": summary(order.kind, order.category, bundle["place_label"], titles),
        },
        "holder": _person(task.holder, bundle, reader) if task.holder else None,
        "holder_name": _name(task.holder, bundle, reader) if task.holder else None,
        "candidates": [str(role) for role in task.roles] if reader.is_staff else [],
        "due_at": due_at,
        "overdue": due_at is not None and datetime.fromisoformat(due_at) < now,
        "created_at": task.opened_at,
        **_to_do(order, task, reader.actor, now),
    }


def tasks_of_resident(row: Row, order: OrderState, actor: Actor, now: datetime, titles: Titles) -> list[Json]:
    """What a resident may answer on an order of a list; `row` has its place."""
    bundle: Row = {"tasks": [], "staff": {}, "residents": {}, "place_label": row["place_label"]}
    return [
        _order_task(task, bundle, order, Reader(actor), now, titles)
        for task in order.tasks.values()
        if actor.id in (task.holder, *task.people)
    ]


# -- orders -----------------------------------------------------------------------------------------------------------


def order_item(row: Row, reader: Reader, now: datetime, titles: Titles) -> Json:
    """An order in a list."""
    category = titles.get((row["kind"], row["category"]), row["category"])
    stage, due_at = group_views.shown(row)
    holder = None
    if row["assignee_name"] is not None:
        roles = row["assignee_roles"] or ()
        holder = row["assignee_account"] if reader.is_staff else wording.addressed(row["assignee_name"], roles)
    item = {
        "number": row["number"],
        "id": row["number"],
        "kind": row["kind"],
        "kind_title": words.KINDS.get(row["kind"], row["kind"]),
        "stage": stage,
        "stage_title": words.stage(row["kind"], stage, not reader.is_staff),
        "leader": row["leader"] if reader.is_staff else None,
        "following": row["leader"] is not None,
        "open": row["open"],
        "priority": row["priority"],
        "place": row["place_label"],
        "category": row["category"],
        "category_title": category,
        "summary": f"{category} · {row['place_label']}",
        "description": row["description"],
        "submitted_at": row["submitted_at"],
        "closed_at": row["closed_at"],
        "due_at": due_at,
        "overdue": bool(row["open"] and due_at is not None and due_at < now),
        "holder": holder,
        "urged": row["urged"],
        "rating": row["rating_result"],
    }
    if reader.is_staff:
        item |= {"holder_name": row["assignee_name"], "community_id": row["community_id"]}
        return item | _veil(row)
    # An anonymous complaint is listed to nobody but its maker.
    own = row["reporter_kind"] == "resident" and (row["reporter_id"] == reader.actor.id or is_alias(row["reporter_id"]))
    return move_car_views.item(item, own) if row["kind"] == "move_car" else item | {"mine": own}


def _veil(row: Row) -> Json:
    """Over the words of what somebody may only know to exist."""
    return {"readable": True} if row["readable"] else {"readable": False, "description": words.PRIVATE_WORDS}


def order(bundle: Row, reader: Reader, now: datetime, titles: Titles) -> Json:
    """One order as the reader sees it now, with what they may do. `bundle["state"]` may be a document or the model."""
    state = OrderState.model_validate(bundle["state"])
    staff = reader.is_staff
    readable = complaint_views.reads_words(bundle, state, reader.actor)
    if not readable:
        bundle, state = complaint_views.veiled(bundle, state)
    shown = group_views.shown_state(bundle, state)
    stage = group_views.shown_stage(bundle, state)
    clock = shown.running_clock
    answer: Json = {
        "number": state.number,
        "id": state.number,
        "kind": state.kind,
        "kind_title": words.KINDS.get(state.kind, state.kind),
        "stage": stage,
        "stage_title": words.stage(state.kind, stage, not staff),
        "open": state.open,
        "version": state.version,
        "priority": state.priority,
        "priority_title": words.PRIORITIES[state.priority],
        "community": {
            "id": bundle["community_id"],
            "name": bundle["community_name"],
            "duty_phone": bundle["duty_phone"],
        },
        "place": {
            "label": bundle["place_label"],
            "public": state.place.is_public,
            **state.place.model_dump(mode="json"),
        },
        "category": state.category,
        "category_title": titles.get((state.kind, state.category), state.category),
        "summary": summary(state.kind, state.category, bundle["place_label"], titles),
        "description": bundle["description"],
        "answers": bundle["answers"],
        **money_views.money(state),
        **money_views.appointment(state),
        "submitted_at": bundle["submitted_at"],
        "finished_at": bundle["finished_at"],
        "closed_at": bundle["closed_at"],
        "holder": _person(shown.assignee, bundle, reader) if shown.assignee else None,
        "holder_name": _name(shown.assignee, bundle, reader) if shown.assignee else None,
        "next_deadline": _deadline(clock, now) if clock else None,
        "waiting": _waiting(shown, reader),
        "bulletin": _bulletin(bundle, state, shown, reader, now),
        "group": group_views.group(bundle, state, reader, titles),
        "complaint": complaint_views.complaint(bundle, state, reader),
        "visit": visitor_views.visit(bundle, state, reader.actor),
        "readable": readable,
        "urges": {"count": state.urges.count, "here": state.urges.here, "last_at": state.urges.last_at},
        "reopened": state.reopened,
        "temporary": state.temporary,
        "follows": _sequel(state.follows.model_dump() if state.follows else None),
        "followed_by": _sequel(bundle.get("followed_by")),
        "may_rework": _may_rework(state, bundle, now),
        "referral": _referral(state),
        "vacant": state.vacant,
        "entry": _entry(state),
        "rating": _rating(bundle, reader),
        "photos": [_photo(photo) for photo in bundle["photos"] if _may_see_photo(photo, reader)],
        "timeline": [
            _event(event, state.kind, bundle, reader)
            for event in group_views.with_news(bundle)
            if event["audience"] in reader.audiences and not _names_hidden(event, bundle)
        ],
        "tasks": [
            _order_task(task, bundle, state, reader, now, titles)
            for task in state.tasks.values()
            if staff or reader.actor.id in (task.holder, *task.people)
        ],
        "actions": [action.model_dump(exclude_none=True) for action in rights.allowed(state, reader.actor, now)],
    }
    if staff:
        answer |= _for_staff(bundle, state, reader) | move_car_views.for_staff(bundle, state, reader.actor)
    elif state.move_car is not None:
        answer = move_car_views.for_resident(answer, bundle, state, reader.actor)
    else:
        answer["mine"] = rights.is_reporter(state, reader.actor)
    return answer


def _names_hidden(event: Row, bundle: Row) -> bool:
    """A link to an order that does not exist for the reader."""
    if event["kind"] != "linked":
        return False
    around: Row = bundle.get("group") or {}
    return event["facts"].get("other") not in [link["number"] for link in around.get("links", ())]


def may_see(bundle: Row, actor: Actor) -> bool:
    """Whether the order exists for this person: in a staff member's scope, one's own, or a repair in one's house."""
    if actor.kind == "staff":
        if actor.id in bundle["excluded"]:
            return False
        mine = any(actor.acts_for(task["holder_id"]) for task in bundle["tasks"])
        return actor.reaches(bundle["community_id"], None if mine else bundle["building_id"])
    own = bundle["reporter_kind"] == "resident" and bundle["reporter_id"] == actor.id
    asked = any(task["holder_id"] == actor.id for task in bundle["tasks"])
    return (
        own
        or asked
        or bool(bundle["shares_house"])
        or bool((bundle["car"] or {}).get("side"))
        or visitor_views.is_asked(bundle, actor.id)
    )


def _for_staff(bundle: Row, state: OrderState, reader: Reader) -> Json:
    filed_by = bundle["staff"].get(bundle["filed_by"])
    return {
        "source": bundle["source"],
        "source_title": words.SOURCES.get(bundle["source"], bundle["source"]),
        "reporter": {
            "kind": state.reporter.kind,
            "name": _reporter_name(bundle, state),
            "filed_by": filed_by["account"] if filed_by else None,
            "filed_by_name": filed_by["name"] if filed_by else None,
        },
        "patrol": bundle.get("patrol"),
        "may_file": reader.actor.has(*rights.MAY_FILE_FOR_OTHERS),
        "contact": {"name": bundle["contact_name"], "has_phone": bundle["contact_phone_sealed"] is not None},
        "engine": {
            "waiting": bundle["started_at"] is None,
            "ended_at": bundle["workflow_ended_at"],
            "projection_error": bundle["projection_error"],
        },
    }


def _reporter_name(bundle: Row, state: OrderState) -> str | None:
    if is_alias(state.reporter.id):
        return wording.ANONYMOUS
    if state.reporter.kind == "resident":
        name: str | None = bundle["residents"].get(state.reporter.id)
        return name
    if state.reporter.kind == "staff":
        member = bundle["staff"].get(state.reporter.id)
        return member["name"] if member else None
    contact: str | None = bundle["contact_name"]
    return contact


def _deadline(clock: Clock, now: datetime) -> Json:
    return {
        "clock": clock.name,
        "title": words.CLOCKS[clock.name],
        "due_at": clock.due_at,
        "overdue": clock.overdue(now),
    }


def _bulletin(bundle: Row, state: OrderState, shown: OrderState, reader: Reader, now: datetime) -> Json:
    """In staff's view, as its reporter is told it but with names as staff know them."""
    addressed = bulletin_words.YOU if rights.is_reporter(state, reader.actor) else bulletin_words.REPORTER
    told = bundle.get("told_by_urging") or 0
    return bulletin(shown, now, lambda person: _name(person, bundle, reader), addressed, told).model_dump()


def _waiting(state: OrderState, reader: Reader) -> Json | None:
    """Why the order stands still. The note is for staff."""
    if state.hold is None:
        return None
    return {
        "reason": state.hold.reason,
        "title": words.HOLD_REASONS[state.hold.reason],
        "until": state.hold.until,
        "note": state.hold.note if reader.is_staff else None,
    }


def _sequel(other: Row | None) -> Json | None:
    """Another order that this one goes on with, or that goes on with it."""
    return {"number": other["number"], "why": other["why"], "title": words.SEQUELS[other["why"]]} if other else None


def _may_rework(state: OrderState, bundle: Row, now: datetime) -> str | None:
    """What an order filed after this one would be; None when none may be filed."""
    if bundle.get("followed_by") is not None:
        return None
    try:
        return sequel_of(state, now).value
    except Refusal:
        return None


def _referral(state: OrderState) -> Json | None:
    """To whom the work was passed, also after it came back."""
    if state.referral is None:
        return None
    return {**as_json(state.referral), "title": words.PARTIES[state.referral.party]}


def _entry(state: OrderState) -> Json | None:
    return as_json(state.entry) if state.entry else None


def _rating(bundle: Row, reader: Reader) -> Json | None:
    if bundle["rating_result"] is None:
        return None
    return {
        "result": bundle["rating_result"],
        "speed": bundle["rating_speed"],
        "manner": bundle["rating_manner"],
        "text": bundle["rating_text"],
    }


def _may_see_photo(photo: Row, reader: Reader) -> bool:
    mine = photo["owner_kind"] == reader.actor.kind and photo["owner_id"] == reader.actor.id
    return mine or photo["audience"] in reader.audiences


def _photo(photo: Row) -> Json:
    """`processing` until the finaliser has made the copy that others may see."""
    shown = {"ready": "ready", "failed": "failed"}.get(photo["status"], "processing")
    return {"id": photo["id"], "status": shown, "used_as": photo["used_as"], "url": f"/api/v1/photos/{photo['id']}"}


def _event(event: Row, kind: str, bundle: Row, reader: Reader) -> Json:
    answer: Json = {
        "id": f"{event['version']}.{event['seq']}",
        "kind": event["kind"],
        "title": words.event(kind, event["kind"], not reader.is_staff),
        "at": event["at"],
        "by": {"kind": event["by_kind"], "name": _by(event, bundle, reader)},
        "audience": event["audience"],
        "stage": event["stage"],
        "stage_title": words.stage(kind, event["stage"], not reader.is_staff) if event["stage"] else None,
        "facts": _facts(event["facts"], bundle, reader),
    }
    if reader.is_staff and event["by_kind"] == "staff":
        answer["by"]["account"] = _person(event["by_id"], bundle, reader)
    return answer


def _by(event: Row, bundle: Row, reader: Reader) -> str:
    return wording.SYSTEM if event["by_kind"] == "system" else _name(event["by_id"], bundle, reader)


def _facts(facts: Row, bundle: Row, reader: Reader) -> Json:
    if not reader.is_staff:
        return {key: value for key, value in facts.items() if key in FACTS_FOR_RESIDENTS}
    shown = dict(facts)
    for key in ("staff", "from", "first_witness", "second_witness"):
        if key in shown:
            shown[f"{key}_name"] = _name(shown[key], bundle, reader)
            shown[key] = _person(shown[key], bundle, reader)
    return shown


# -- people -----------------------------------------------------------------------------------------------------------


def _person(person_id: str, bundle: Row, reader: Reader) -> str:
    """Staff by account, for staff; for residents the way they are addressed. Residents by id."""
    member = bundle["staff"].get(person_id)
    if member is None:
        return person_id if person_id in bundle["residents"] else wording.UNKNOWN_PERSON
    account: str = member["account"]
    return account if reader.is_staff else wording.addressed(member["name"], member["roles"])


def _name(person_id: str, bundle: Row, reader: Reader) -> str:
    member = bundle["staff"].get(person_id)
    if member is not None:
        name: str = member["name"]
        return name if reader.is_staff else wording.addressed(name, member["roles"])
    if is_alias(person_id) and person_id != reader.actor.id:
        return wording.ANONYMOUS
    if reader.is_staff and move_car_views.uses_it(bundle, person_id):
        return words.CAR_USER
    if reader.is_staff:
        return str(bundle["residents"].get(person_id, wording.UNKNOWN_PERSON))
    if person_id == reader.actor.id:
        return wording.ME
    return wording.REPORTER if person_id == bundle["reporter_id"] else wording.RESIDENT
