"""What the templates draw: the JSON views of `api.views`, turned into lines, chips, steps and forms.

Pure functions. They decide nothing about rights: a button exists because the order's view lists its action.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from api.bodies import Amendment
from api.console import times
from api.console.car_words import CAR
from api.console.formfields import Field, fields_of
from api.console.times import Chip, instant
from api.console.visitor_words import VISITOR
from api.console.wording import (
    BULLETIN,
    COMPLAINT,
    DELIVERY,
    DELIVERY_CHANNELS,
    DIALOGS,
    INBOX,
    ORDER,
    OUTCOME_BUTTONS,
    ROUNDS,
    SMS_DELIVERY,
    TRAIL,
)
from api.sessions import StaffMember
from models.domain import notice_words, words
from models.domain.commands import COMMANDS
from models.domain.forms import OnBehalf
from models.domain.lifecycles import LIFECYCLES
from models.domain.money import yuan
from models.domain.privacy import is_alias
from models.domain.rounds import PATROL

Json = Mapping[str, Any]

STEPS: Final = {
    "repair": ("submitted", "dispatched", "accepted", "in_progress", "finished", "closed"),
    "move_car": ("requested", "acknowledged", "moved", "closed"),
    "complaint": ("submitted", "assigned", "handling", "answered", "closed"),
    "visitor": ("invited", "arrived", "left", "closed"),
}
"""The way an order goes when nothing comes between; everything else is drawn as a halt on it."""

ASKED: Final = {"move": words.CAR_USER, "move_visitor": VISITOR["host_of"], "admit": VISITOR["residents"]}
"""Whom a task asks that is several residents'."""

STAGE_TONES: Final = {
    "submitted": "warn",
    "dispatched": "accent",
    "accepted": "accent",
    "in_progress": "accent",
    "quoting": "warn",
    "on_hold": "warn",
    "referred": "warn",
    "finished": "good",
    "requested": "warn",
    "acknowledged": "accent",
    "guard_on_site": "accent",
    "moved": "good",
    "invited": "accent",
    "waiting_approval": "warn",
    "arrived": "good",
    "left": "",
    "denied": "bad",
    "revoked": "",
    "expired": "",
    "assigned": "accent",
    "handling": "accent",
    "answered": "good",
    "disputed": "bad",
    "refused": "warn",
    "closed": "",
    "cancelled": "",
    "rejected": "",
}
PRIORITY_TONES: Final = {"emergency": "solid-bad", "high": "warn"}

EVENT_LOOKS: Final = {
    "submitted": ("send", "accent"),
    "filed": ("phone", "accent"),
    "found": ("search", "accent"),
    "assigned": ("person", "accent"),
    "pool": ("inbox", "accent"),
    "rejected": ("ban", "bad"),
    "accepted": ("check", "accent"),
    "handed_back": ("undo", "warn"),
    "reassigned": ("swap", "warn"),
    "proposed": ("clock", "accent"),
    "agreed": ("check", "good"),
    "other_time": ("swap", "warn"),
    "arrived": ("pin", "accent"),
    "forced_entry": ("alert", "warn"),
    "referred": ("right", "accent"),
    "done": ("wrench", "good"),
    "postponed": ("clock", "warn"),
    "taken_back": ("undo", "warn"),
    "no_access": ("ban", "warn"),
    "rebooked": ("clock", "accent"),
    "called_off": ("ban", "bad"),
    "out_of_scope": ("undo", "warn"),
    "consented": ("check", "accent"),
    "rating_answered": ("chat", ""),
    "objected": ("undo", "bad"),
    "upheld": ("ban", "warn"),
    "filed_again": ("check", "good"),
    "follows_on": ("swap", "accent"),
    "made_good": ("check", "good"),
    "needs_quote": ("send", "accent"),
    "approved": ("check", "good"),
    "declined": ("undo", "bad"),
    "received": ("check", "good"),
    "waived": ("check", ""),
    "admitted": ("check", "good"),
    "denied": ("ban", "bad"),
    "granted": ("check", "good"),
    "not_granted": ("ban", "bad"),
    "guard_calls_host": ("phone", "warn"),
    "not_my_visitor": ("ban", "warn"),
    "finished": ("wrench", "good"),
    "fixed": ("check", "good"),
    "not_fixed": ("undo", "bad"),
    "rated": ("star", "good"),
    "replied": ("chat", "accent"),
    "answered": ("check", "good"),
    "satisfied": ("check", "good"),
    "dissatisfied": ("undo", "bad"),
    "content": ("phone", "good"),
    "discontent": ("phone", "bad"),
    "not_reached": ("phone", "warn"),
    "answer_overdue": ("alert", "bad"),
    "taken_over": ("swap", "bad"),
    "held": ("pause", "warn"),
    "resumed": ("play", "accent"),
    "woke_up": ("play", "accent"),
    "urged": ("bell", "warn"),
    "commented": ("chat", ""),
    "merged": ("swap", "accent"),
    "unmerged": ("undo", "warn"),
    "group_finished": ("wrench", "good"),
    "promoted": ("swap", "warn"),
    "followed_on": ("swap", ""),
    "freed": ("undo", "warn"),
    "linked": ("copy", ""),
    "coming": ("check", "good"),
    "not_me": ("ban", "warn"),
    "cannot": ("ban", "warn"),
    "reached": ("phone", "good"),
    "second_channel": ("bell", "warn"),
    "third_channel": ("bell", "warn"),
    "guard_calls": ("phone", "warn"),
    "going": ("pin", "accent"),
    "moved": ("check", "good"),
    "gone": ("check", "good"),
    "plate_left": ("check", "good"),
    "reported": ("alert", "warn"),
    "still_there": ("undo", "warn"),
    "joined": ("person", ""),
    "left": ("person", ""),
    "passed": ("check", ""),
    "turned_down": ("ban", "bad"),
    "unproved_fact": ("alert", "bad"),
    "cancelled": ("ban", "bad"),
    "warned": ("clock", "warn"),
    "breached": ("alert", "bad"),
    "expired": ("clock", "warn"),
    "photo_failed": ("camera", "bad"),
    "moved_away": ("undo", "warn"),
    "handed_over": ("swap", "warn"),
    "auto_assigned": ("person", "accent"),
    "pooled_by_itself": ("inbox", "bad"),
}
"""Event → icon and tone; the others get a plain dot."""

DANGEROUS: Final = frozenset(
    {"rejected", "handed_back", "not_fixed", "forced_entry", "taken_back", "called_off", "out_of_scope"}
    | {"declined", "cancelled", "waived", "dissatisfied", "discontent"}
)
"""Outcomes that send an order back or end it badly; their button does not invite."""

DIALOG_ORDER: Final = (
    "amend",
    "reply_to_rating",
    "consent",
    "urge",
    "hold",
    "resume",
    "reassign",
    "release",
    "merge",
    "unmerge",
    "cancel",
)
DIALOG_ICONS: Final = {
    "amend": "undo",
    "reply_to_rating": "chat",
    "consent": "check",
    "urge": "bell",
    "hold": "pause",
    "resume": "play",
    "reassign": "swap",
    "release": "undo",
    "merge": "swap",
    "unmerge": "undo",
    "cancel": "ban",
}


def new_key() -> str:
    """The idempotency key of one rendered form: pressing its button twice is one request."""
    return secrets.token_hex(16)


@dataclass(frozen=True)
class ActForm:
    """A form that posts one command. `fields` carry the names that a refusal's errors call them by."""

    id: str
    action: str
    button: str
    title: str = ""
    hint: str = ""
    icon: str = ""
    task_id: str = ""
    task_kind: str = ""
    outcome: str = ""
    dangerous: bool = False
    on_behalf: bool = False
    fields: tuple[Field, ...] = ()
    key: str = field(default_factory=new_key)


@dataclass(frozen=True)
class TaskBlock:
    """One open task on the order's page, with what the reader may do about it."""

    id: str
    title: str
    holder: str
    chip: Chip
    mine: bool
    outcomes: tuple[ActForm, ...] = ()
    behalf: tuple[ActForm, ...] = ()
    claim: ActForm | None = None


@dataclass(frozen=True)
class Line:
    """One line of the timeline."""

    icon: str
    tone: str
    who: str
    title: str
    at: datetime
    inner: str
    """`内部` or `仅主管`; empty for what the reporter reads too."""
    stage: str = ""
    target: str = ""
    extras: tuple[str, ...] = ()
    said: str = ""
    stars: int = 0
    photo_ids: tuple[str, ...] = ()


# -- the inbox --------------------------------------------------------------------------------------------------------


def inbox_row(task: Json, member: StaffMember, now: datetime) -> dict[str, Any]:
    """A task as a row."""
    if task["kind"] == PATROL:
        return _walk_row(task, member, now)
    order = task["order"]
    due, began = instant(task["due_at"]), instant(order["submitted_at"])
    return {
        "task_id": task["id"],
        "number": order["number"],
        "page": f"/console/orders/{order['number']}",
        "title": task["title"],
        "stage_title": order["stage_title"],
        "stage_tone": STAGE_TONES.get(order["stage"], ""),
        "category": order["category"],
        "place": order["place"],
        "description": order["description"],
        "emergency": order["priority"] == "emergency",
        "high": order["priority"] == "high",
        "urged": order["urged"],
        "holder": task["holder_name"] or "",
        "roles": "、".join(words.ROLES.get(role, role) for role in task["candidates"]),
        "mine": task["holder"] == member.account,
        "can_claim": task["claimable"],
        "claim_title": INBOX["claim"] if _claim_completes(order["kind"], task["kind"]) else INBOX["take"],
        "chip": times.chip(due, began, now, paused=order["stage"] == "on_hold"),
        "submitted": times.moment(began, now) if began else "",
        "starting": order["engine_waiting"],
        "key": new_key(),
    }


def _walk_row(task: Json, member: StaffMember, now: datetime) -> dict[str, Any]:
    """A walk of a round that is due; it is ticked on its page, by whoever comes first where it is nobody's by name."""
    walk = task["patrol"]
    roles = [words.TEAMS[task["team"]]] if task["team"] else [words.ROLES[role] for role in task["candidates"]]
    return {
        "task_id": task["id"],
        "number": "",
        "page": f"/console/rounds/patrols/{walk['id']}",
        "title": task["title"],
        "stage_title": ROUNDS["walked"].format(**walk) if walk["ticked"] else "",
        "stage_tone": "",
        "category": walk["title"],
        "place": walk["place"],
        "description": "",
        "emergency": False,
        "high": False,
        "urged": 0,
        "holder": task["holder_name"] or "",
        "roles": "、".join(roles),
        "mine": task["holder"] in (None, member.account),
        "can_claim": False,
        "chip": times.chip(instant(task["due_at"]), instant(task["created_at"]), now, paused=False),
    }


def order_row(order: Json, now: datetime) -> dict[str, Any]:
    """An order as a row of the list."""
    submitted = instant(order["submitted_at"])
    due = instant(order["due_at"]) if order["open"] else None
    return {
        **order,
        "stage_tone": STAGE_TONES.get(order["stage"], ""),
        "emergency": order["priority"] == "emergency",
        "high": order["priority"] == "high",
        "chip": times.chip(due, submitted, now, paused=any(LIFECYCLES[order["kind"]].levels.values()))
        if order["open"]
        else None,
        "submitted": times.moment(submitted, now) if submitted else "",
    }


def _claim_completes(kind: str, task_kind: str) -> bool:
    """Whether claiming is already the act, as when a technician takes an order out of the pool."""
    lifecycle = LIFECYCLES.get(kind)
    spec = lifecycle.tasks.get(task_kind) if lifecycle else None
    return spec is not None and spec.claim_completes is not None


# -- one order --------------------------------------------------------------------------------------------------------


def order_page(order: Json, account: str, questions: Sequence[Json], now: datetime) -> dict[str, Any]:
    """Everything the order's page draws but notices, people to assign and the frame around it."""
    actions = order["actions"]
    trail = [_line(event) for event in order["timeline"]]
    return {
        "order": order,
        "stage_tone": STAGE_TONES.get(order["stage"], ""),
        "priority_tone": PRIORITY_TONES.get(order["priority"], ""),
        "steps": _steps(order),
        "facts": _facts(order, questions, now),
        "photos": [photo for photo in order["photos"] if photo["used_as"] in (None, "report")],
        "deadline": _deadline(order, now),
        "bulletin": bulletin_lines(order["bulletin"]),
        "waiting": _waiting(order, now),
        "quote": quote_table(order),
        "tasks": [_task(task, order, account, now) for task in order["tasks"]],
        "dialogs": _dialogs(order["tasks"], actions),
        "comment": _comment() if any(action["action"] == "comment" for action in actions) else None,
        "trail": trail[::-1],
        "photo_status": {photo["id"]: photo["status"] for photo in order["photos"]},
        "phone_of": sum(bool(event["facts"].get("contact")) for event in order["timeline"]),
        "print": print_of(order),
        "sequel_key": new_key(),
    }


def print_of(order: Json) -> str:
    """What the buttons and forms depend on: while it stays the same, a live update leaves the forms alone."""
    tasks = ",".join(f"{task['id']}:{task['holder']}" for task in order["tasks"])
    actions = ",".join(
        f"{action['action']}.{action.get('task_id', '')}.{action.get('outcome', '')}"
        for action in order["actions"]
        if action["action"] != "urge"
    )
    return f"{order['stage']}|{tasks}|{actions}|{order['engine']['waiting'] if 'engine' in order else ''}"


def _steps(order: Json) -> list[dict[str, str]]:
    way = STEPS.get(order["kind"], ())
    if order["visit"] and order["visit"]["walk_in"]:
        way = ("waiting_approval", *way[1:])
    if order["kind"] in ("move_car", "visitor") and order["stage"] == "closed":
        # There are several ways to the end, without an answer or without the car having moved: this is the one it took.
        way = tuple(dict.fromkeys(event["stage"] for event in order["timeline"] if event["stage"]))
    reached = [event["stage"] for event in order["timeline"] if event["stage"] in way]
    stage = order["stage"] if order["stage"] in way else (reached[-1] if reached else way[0] if way else "")
    here = way.index(stage) if stage in way else 0
    steps = [
        {
            "title": words.stage(order["kind"], name),
            "look": "done" if index < here or order["stage"] == "closed" else "here" if index == here else "",
        }
        for index, name in enumerate(way)
    ]
    if order["stage"] in way or not steps:
        return steps
    if order["open"]:
        steps[here] = {"title": order["stage_title"], "look": "halt"}
        return steps
    # It ended on another way: what would have followed is not drawn.
    return [{**step, "look": "done"} for step in steps[: here + 1]] + [
        {"title": order["stage_title"], "look": "end-bad"}
    ]


def _car_facts(car: Json | None, now: datetime) -> list[tuple[str, str]]:
    if not car:
        return []
    promised = instant(car["promised"])
    return [
        (CAR["obstacle"], car["obstacle_title"]),
        (CAR["visitor"], CAR["visitors"] if car["visitor"] else ""),
        (CAR["waiting"], CAR["waiting_for"].format(count=car["waiting"]) if car["waiting"] else ""),
        (CAR["promised"], times.moment(promised, now) if promised else ""),
        (CAR["asked_before"], CAR["times"].format(count=car["asked_before"]) if car["asked_before"] else ""),
    ]


def _visit_facts(visit: Json | None, now: datetime) -> list[tuple[str, str]]:
    if not visit:
        return []
    start, until, arrived, left = (instant(visit[name]) for name in ("from", "to", "arrived_at", "left_at"))
    entries = VISITOR["times"].format(used=visit["used"], entries=visit["entries"])
    return [
        (VISITOR["visitor"], VISITOR["forgotten"] if visit["anonymised_at"] else visit["name"] or ""),
        (VISITOR["phone"], visit["phone_masked"] or ""),
        (VISITOR["plate"], visit["plate"] or ""),
        (VISITOR["holds"], times.window(start, until, now) if start and until else ""),
        (VISITOR["leave"], "" if visit["approved"] else VISITOR["unapproved"]),
        (VISITOR["persons"], VISITOR["count"].format(count=visit["persons"])),
        (VISITOR["used"], entries if visit["entries"] > 1 else ""),
        (VISITOR["purpose"], visit["purpose"] or ""),
        (VISITOR["arrived"], times.moment(arrived, now) if arrived else ""),
        (VISITOR["left"], times.moment(left, now) if left else ""),
    ]


def _facts(order: Json, questions: Sequence[Json], now: datetime) -> list[tuple[str, str]]:
    reporter = order.get("reporter", {})
    contact = order.get("contact", {})
    name = reporter.get("name") or ""
    by = reporter.get("filed_by_name")
    submitted = instant(order["submitted_at"])
    facts = [
        *_car_facts(order.get("car"), now),
        *_visit_facts(order["visit"], now),
        (ORDER["reporter"], name),
        (ORDER["contact"], contact.get("name") or ""),
        (ORDER["source"], order.get("source_title", "") + (ORDER["filed_by"].format(name=by) if by else "")),
        (ORDER["submitted"], times.moment(submitted, now) if submitted else ""),
        (ORDER["appointment"], appointment_words(order, now)),
        (ORDER["charge"], order["charge_title"] if order["kind"] == "repair" else ""),
        *_complaint(order),
        (ORDER["referral"], _referral(order)),
        (ORDER["entry"], _entry(order)),
        *answers_of(order["answers"], questions),
    ]
    return [(title, value) for title, value in facts if value]


def _complaint(order: Json) -> list[tuple[str, str]]:
    own = order["complaint"]
    if own is None:
        return []
    about = own["subject"]["title"] + (f" · {own['subject']['name']}" if own["subject"]["name"] else "")
    looks = "、".join(COMPLAINT["look"].format(**look) for look in own.get("looks", ()))
    return [
        (COMPLAINT["type"], own["type_title"]),
        (COMPLAINT["about"], about),
        (COMPLAINT["anonymous"], COMPLAINT["anonymous_hint"] if own["anonymous"] else ""),
        (COMPLAINT["leave"], COMPLAINT["may_publish"] if own["may_publish"] else ""),
        (COMPLAINT["board"], COMPLAINT["on_board"] if own["published_at"] else ""),
        (COMPLAINT["looks"], looks),
    ]


def _referral(order: Json) -> str:
    referral = order["referral"]
    return f"{referral['title']} · {referral['contact']}" if referral else ""


def _entry(order: Json) -> str:
    """Only a vacant home is nobody's to walk into."""
    if order["entry"]:
        return consent_words(order["entry"])
    return str(ORDER["entry_missing"]) if order["vacant"] else ""


def consent_words(entry: Json) -> str:
    by, channel = words.CONSENT_BY.get(entry["given_by"], ""), words.CONSENT_CHANNELS.get(entry["channel"], "")
    return TRAIL["consent"].format(by=by, channel=channel)


def answers_of(answers: Json, questions: Sequence[Json]) -> list[tuple[str, str]]:
    said = []
    for question in questions:
        value = answers.get(question["key"])
        titles = {option["value"]: option["title"] for option in question.get("options", ())}
        if value is not None:
            said.append((question["title"].rstrip("？?"), titles.get(value, str(value))))
    return said


def appointment_words(order: Json, now: datetime) -> str:
    """The time and how it stands: wished, proposed, agreed."""
    window = window_words(order["appointment"], now)
    return f"{window}（{ORDER[order['appointment_status']]}）" if window else ""


def quote_table(order: Json) -> dict[str, Any] | None:
    """The quote as it is read: in yuan, with what became of it."""
    quote, settlement = order["quote"], order["settlement"]
    if quote is None:
        return None
    tone = {"approved": "good", "declined": "bad"}.get(quote["status"], "warn")
    return {
        "lines": [
            (line["item"], line["quantity"], yuan(line["price"]), yuan(line["amount"])) for line in quote["lines"]
        ],
        "note": quote["note"] or "",
        "total": yuan(quote["total"]),
        "status": quote["status_title"],
        "tone": tone,
        "received": yuan(settlement["received"]) if settlement["received"] else "",
        "due": yuan(settlement["due"]) if settlement["due"] else "",
    }


def window_words(window: Any, now: datetime) -> str:
    if window is None:
        return ""
    facts = window if isinstance(window, Mapping) else window.model_dump(by_alias=True)
    start, until = instant(facts["from"]), instant(facts["to"])
    return times.window(start, until, now) if start and until else ""


def _deadline(order: Json, now: datetime) -> dict[str, Any] | None:
    deadline = order["next_deadline"]
    if deadline is None:
        return None
    due = instant(deadline["due_at"])
    return {
        "title": deadline["title"],
        "chip": times.chip(due, instant(order["submitted_at"]), now),
        "at": times.moment(due, now) if due else "",
    }


def bulletin_lines(bulletin: Json) -> list[tuple[str, str]]:
    """What the reporter reads of the order, as lines of a title and a sentence."""
    lines = [(title, bulletin[name]) for name, title in BULLETIN.items()]
    return [(title, sentence) for title, sentence in lines if sentence]


def _waiting(order: Json, now: datetime) -> dict[str, str] | None:
    waiting = order["waiting"]
    if waiting is None:
        return None
    until = instant(waiting["until"])
    text = ORDER["on_hold"].format(reason=waiting["title"], until=times.moment(until, now) if until else "")
    return {"text": text, "note": waiting["note"] or ""}


# -- tasks and forms --------------------------------------------------------------------------------------------------


def _task(task: Json, order: Json, account: str, now: datetime) -> TaskBlock:
    mine_to_do = {
        action["outcome"]
        for action in order["actions"]
        if action["action"] == "complete" and action.get("task_id") == task["id"]
    }
    may = {action["action"] for action in order["actions"] if action.get("task_id") == task["id"]}
    # Merging is an act on the whole order, offered once, where its likely primaries stand.
    elsewhere = {"merged"} if any(action["action"] == "merge" for action in order["actions"]) else set()
    holder = task["holder_name"] or "、".join(words.ROLES.get(role, role) for role in task["candidates"])
    holder = holder or ASKED.get(task["kind"], "")
    claim_title = INBOX["claim"] if _claim_completes(order["kind"], task["kind"]) else INBOX["take"]
    return TaskBlock(
        id=task["id"],
        title=task["title"],
        holder=holder,
        chip=times.chip(
            instant(task["due_at"]), instant(order["submitted_at"]), now, paused=order["waiting"] is not None
        ),
        mine=task["holder"] == account,
        outcomes=tuple(
            _outcome(task, outcome, False)
            for outcome in task["outcomes"]
            if outcome["outcome"] in mine_to_do - elsewhere
        ),
        behalf=tuple(_outcome(task, outcome, True) for outcome in task["outcomes"])
        if task.get("on_behalf") and not mine_to_do
        else (),
        claim=ActForm(id=_slug(task["id"], "claim"), action="claim", button=claim_title, task_id=task["id"])
        if "claim" in may
        else None,
    )


def _outcome(task: Json, outcome: Json, on_behalf: bool) -> ActForm:
    name = outcome["outcome"]
    return ActForm(
        id=_slug(task["id"], name),
        action="complete",
        title=outcome["title"],
        button=str(OUTCOME_BUTTONS.get(f"{task['kind']}.{name}") or OUTCOME_BUTTONS.get(name, outcome["title"])),
        task_id=task["id"],
        task_kind=task["kind"],
        outcome=name,
        dangerous=name in DANGEROUS,
        on_behalf=on_behalf,
        fields=outcome_fields(outcome["form"], on_behalf),
    )


def outcome_fields(schema: Json, on_behalf: bool) -> tuple[Field, ...]:
    """The form of an outcome, and how the reporter's word came in where a clerk fills it in for them."""
    fields = fields_of(schema, prefix="form")
    return fields + behalf_fields() if on_behalf else fields


@cache
def behalf_fields() -> tuple[Field, ...]:
    return fields_of(OnBehalf.model_json_schema(), prefix="on_behalf")


@cache
def command_fields(action: str) -> tuple[Field, ...]:
    """The fields of a command other than completing, as its own model describes them."""
    if action == "amend":
        # What clients send, not the command that follows from it.
        return fields_of(Amendment.model_json_schema())
    fields = fields_of(COMMANDS[action].model_json_schema(), skip=("task_id", "audience", "incident"))
    # An incident is followed by a button of its own, so the dialog's primary has no alternative.
    return tuple(replace(one, required=True) if one.name == "primary" else one for one in fields)


def _dialogs(tasks: Sequence[Json], actions: Sequence[Json]) -> list[ActForm]:
    dialogs = []
    kinds = {task["id"]: task["title"] for task in tasks}
    for name in DIALOG_ORDER:
        for action in actions:
            if action["action"] != name:
                continue
            task_id = action.get("task_id", "")
            said = DIALOGS[name]
            title = said["title"]
            if name == "release" and task_id in kinds:
                title = f"{title}：{kinds[task_id]}"
            dialogs.append(
                ActForm(
                    id=_slug(task_id or "order", name),
                    action=name,
                    title=title,
                    hint=said["hint"],
                    button=said["submit"],
                    icon=DIALOG_ICONS[name],
                    task_id=task_id,
                    dangerous=name == "cancel",
                    fields=command_fields(name),
                )
            )
    return dialogs


def _comment() -> ActForm:
    return ActForm(id="comment", action="comment", button=ORDER["comment_internal"], fields=command_fields("comment"))


def _slug(*parts: str) -> str:
    return "f-" + "-".join(parts).replace(".", "-")


# -- the timeline -----------------------------------------------------------------------------------------------------


def _line(event: Json) -> Line:
    facts = event["facts"]
    icon, tone = EVENT_LOOKS.get(event["kind"], ("dot", ""))
    at = instant(event["at"])
    assert at is not None  # noqa: S101 - an event without a time cannot be stored
    return Line(
        icon=icon,
        tone=tone,
        who=event["by"]["name"],
        title=event["title"],
        at=at,
        inner={"staff": ORDER["internal"], "manager": ORDER["manager_only"]}.get(event["audience"], ""),
        stage=event["stage_title"] or "",
        target=facts.get("staff_name", ""),
        extras=tuple(_extras(facts, at)),
        said=next((str(facts[key]) for key in ("report", "text", "reason", "note") if _is_words(facts, key)), ""),
        stars=_stars(facts),
        photo_ids=tuple(facts.get("photo_ids") or ()),
    )


def _is_words(facts: Json, key: str) -> bool:
    """The reason of a hold is a code, drawn with its title; every other one was typed by somebody."""
    value = facts.get(key)
    return bool(value) and not (key == "reason" and value in {**words.HOLD_REASONS, **words.CANCEL_REASONS})


def _money_in(facts: Json) -> list[str]:
    """What a quote comes to, or what came in by which way."""
    said = []
    if facts.get("lines"):
        said.append(yuan(sum(line["quantity"] * line["price"] for line in facts["lines"])))
    if facts.get("amount"):
        said.append(f"{words.PAYMENT_METHODS.get(facts.get('method', ''), '')} {yuan(facts['amount'])}".strip())
    if facts.get("receipt_no"):
        said.append(TRAIL["receipt"].format(number=facts["receipt_no"]))
    return said


def _extras(facts: Json, at: datetime) -> list[str]:
    extras = _money_in(facts)
    if facts.get("reason") in words.CANCEL_REASONS:
        extras.append(words.CANCEL_REASONS[facts["reason"]])
    if facts.get("reason") in words.HOLD_REASONS:
        extras.append(words.HOLD_REASONS[facts["reason"]])
    until = instant(facts.get("until"))
    if until is not None:
        extras.append(TRAIL["resumes"].format(at=times.moment(until, at)))
    if facts.get("appointment"):
        extras.append(TRAIL["appointment"].format(window=window_words(facts["appointment"], at)))
    if facts.get("party") in words.PARTIES:
        extras.append(f"{words.PARTIES[facts['party']]} · {facts.get('contact', '')}")
    follow_up = instant(facts.get("follow_up"))
    if follow_up is not None:
        extras.append(TRAIL["follow_up"].format(at=times.moment(follow_up, at)))
    if facts.get("given_by"):
        extras.append(consent_words(facts))
    if facts.get("first_witness_name"):
        witnesses = [facts["first_witness_name"], facts.get("second_witness_name", "")]
        extras.append(TRAIL["witnesses"].format(names="、".join(witnesses)))
    if facts.get("temporary"):
        extras.append(ORDER["temporary"])
    if facts.get("clock") in words.CLOCKS:
        extras.append(TRAIL["clock"].format(clock=words.CLOCKS[facts["clock"]]))
    if facts.get("rung") in words.ROLES:
        extras.append(TRAIL["told"].format(role=words.ROLES[facts["rung"]]))
    if facts.get("priority"):
        before, after = (words.PRIORITIES.get(value, value) for value in facts["priority"])
        extras.append(TRAIL["priority"].format(before=before, after=after))
    if facts.get("charge"):
        before, after = (words.CHARGES.get(value, value) for value in facts["charge"])
        extras.append(TRAIL["charge"].format(before=before, after=after))
    extras += [TRAIL[f"{name}_corrected"] for name in ("category", "place", "contact") if facts.get(name)]
    if facts.get("why") in words.WHY_NOT:
        extras.append(words.WHY_NOT[facts["why"]])
    if facts.get("among"):
        extras.append(TRAIL["chosen"].format(among=facts["among"], open=facts.get("open_orders", 0)))
    if facts.get("count"):
        extras.append(TRAIL["times"].format(count=facts["count"]))
    behalf = facts.get("on_behalf")
    if behalf:
        channel = words.CHANNELS.get(behalf.get("channel", ""), "")
        extras.append(TRAIL["behalf"].format(channel=channel, note=behalf.get("note", "")))
    return extras


def _stars(facts: Json) -> int:
    """The lowest of the three, because that is what somebody must answer for."""
    rating = facts.get("rating") or facts
    stars = [rating[key] for key in ("result", "speed", "manner") if isinstance(rating.get(key), int)]
    return min(stars) if stars else 0


# -- notices ----------------------------------------------------------------------------------------------------------


def note(row: Json, now: datetime) -> dict[str, str]:
    """What became of one notice."""
    at = instant(row["delivered_at"] or row["created_at"])
    state = row["delivery"]
    tone = {"sent": "good", "uncertain": "warn", "pending": "", "sending": ""}.get(state, "")
    by_sms = SMS_DELIVERY if row["channel"] == "sms" else None
    if row["car_user"]:
        to = words.CAR_USER
    elif is_alias(row["to_id"]):
        to = words.ANONYMOUS_OWNER
    else:
        to = str(row["to_name"] or words.ROLES.get(row["to_id"], row["to_id"]))
    return {
        "to": to,
        "what": notice_words.title(row["kind"]),
        "state": (by_sms or {}).get(state) or str(DELIVERY.get(state, state)),
        "channel": "" if by_sms else DELIVERY_CHANNELS.get(row["channel"] or "", ""),
        "tone": tone,
        "at": times.moment(at, now) if at else "",
    }
