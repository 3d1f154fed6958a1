"""One order: its page, every act on it, its sheet of paper, and the telephone of whoever waits at home."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from api import acting, inbox, reveals
from api.console import amend, complaints, frame, neighbours, views
from api.console.drawing import qr_svg
from api.console.formfields import Field, body_of
from api.console.frame import Member
from api.console.guard import Posted, Room, note_form
from api.console.rooms.inbox import draw as draw_inbox
from api.console.rooms.register import HITS, label_of
from api.console.templating import render
from api.console.wording import AMEND, DONE, FIELDS
from api.deps import StateDep
from api.sessions import StaffMember
from api.state import State
from models.domain import words
from models.domain.commands import COMMANDS
from models.domain.errors import ValidationFailed
from models.domain.lifecycles import LIFECYCLES
from models.domain.numbers import PREFIXES
from models.repositories import reading

router = APIRouter(route_class=Room)

NOTICES_SHOWN: Final = 50
"""The newest ones: an order in which more were sent is looked into elsewhere."""

Json = dict[str, Any]


@router.get("/orders/{number}")
async def show(state: StateDep, member: Member, number: str) -> HTMLResponse:
    return await draw(state, member, await acting.order_view(state, member.actor, frame.known(number)))


@router.post("/orders/{number}/act")
async def act(request: Request, state: StateDep, member: Member, number: str) -> HTMLResponse:
    """Every button of an order's: the function behind the JSON interface, with what the form says as its body."""
    submitted = await request.form()
    action, outcome = str(submitted.get("action") or ""), str(submitted.get("outcome") or "")
    task_id, form_id = str(submitted.get("task_id") or ""), str(submitted.get("form_id") or "")
    note_form(request, Posted(form_id))
    if action not in COMMANDS:
        raise ValidationFailed
    body: Json = {"task_id": task_id} if task_id else {}
    if action == "complete":
        task_kind = str(submitted.get("task_kind") or "")
        fields = _fields(frame.known(number), task_kind, outcome, bool(submitted.get("behalf")))
        body |= {"outcome": outcome, "form": {}, **body_of_groups(fields, submitted)}
    else:
        fields = views.command_fields(action)
        body |= body_of(fields, submitted)
        if action == "amend":
            body = amend.with_place(body, str(submitted.get("where") or ""))
        if action == "merge" and submitted.get("incident"):
            body["incident"] = str(submitted["incident"])
        if action == "comment":
            body["audience"] = str(submitted.get("audience") or "staff")
    note_form(request, Posted(form_id, fields))
    order = await acting.act(state, member.actor, frame.known(number), action, body, str(submitted.get("key") or ""))
    box = submitted.get("room")
    page = (
        await draw_inbox(state, member, box)  # type: ignore[arg-type]
        if box in ("mine", "pool", "team")
        else await draw(state, member, order)
    )
    said = DONE.get(f"{order['kind']}.{outcome}") or DONE.get(outcome or action, "")
    return frame.with_toast(page, said)


async def draw(state: State, member: StaffMember, order: Json) -> HTMLResponse:
    now = datetime.now(UTC)
    facts = views.order_page(order, member.account, await _questions(state, order), now)
    notes = await reading.deliveries(state.direct, order["number"], NOTICES_SHOWN)
    people = await _people(state, member, order) if _needs_people(facts) else []
    if not order["readable"]:
        notes = []  # They would name who complains.
    shown = [views.note(row, now) for row in notes if row["delivery"] not in ("spread", "withdrawn")]
    return await frame.page(
        "order.html",
        state,
        member,
        "orders",
        people=people,
        notes=shown,
        notes_open=False,
        **await neighbours.around(state, member, order),
        amending=await amend.choices(state, member, order),
        **await complaints.beside(state, member, order),
        may_call=_has_number(order) and reveals.may_reveal(member, order),
        **facts,
    )


def _has_number(order: Json) -> bool:
    """A resident may still turn out to have left none; then the button says so."""
    hides = order["complaint"] is not None and order["complaint"]["anonymous"]
    # While a car has to go it is its user who is phoned; two buttons would let somebody tell one what is for the other.
    hides = hides or bool((order["car"] or {}).get("may_call_user")) or order["visit"] is not None
    return not hides and (bool(order["contact"]["has_phone"]) or order["reporter"]["kind"] == "resident")


def body_of_groups(fields: Sequence[Field], submitted: FormData) -> Json:
    """`form.report` and `on_behalf.note` become `{form: {report}, on_behalf: {note}}`."""
    body: Json = {}
    for prefix in {drawn.name.partition(".")[0] for drawn in fields}:
        body[prefix] = body_of([drawn for drawn in fields if drawn.name.partition(".")[0] == prefix], submitted)
    return body


def _fields(number: str, task_kind: str, outcome: str, on_behalf: bool) -> tuple[Field, ...]:
    """The form behind an outcome. Raises ValidationFailed.

    It only tells how to read what was typed, so the kind of task may come from the form; and it is found without the
    task, which is closed already when somebody has pressed twice. Whether it may be done is the rules' business.
    """
    prefix = number[: len(PREFIXES["repair"])]
    kind = next(kind for kind, known in PREFIXES.items() if known == prefix)
    spec = LIFECYCLES[kind].tasks.get(task_kind) if kind in LIFECYCLES else None
    model = spec.outcomes.get(outcome) if spec else None
    if model is None:
        raise ValidationFailed("unknown_outcome")
    return views.outcome_fields(model.model_json_schema(), on_behalf)


def _needs_people(facts: Json) -> bool:
    forms = [form for task in facts["tasks"] for form in (*task.outcomes, *task.behalf)] + facts["dialogs"]
    return any(drawn.kind == "staff" for form in forms for drawn in form.fields)


async def _people(state: State, member: StaffMember, order: Json) -> list[Json]:
    """Who may take it, best first, with what they are good at and how much they hold."""
    people = await inbox.assignable(state, member, order["tasks"][0]["id"])
    return [
        {**person, "skills": "、".join(filter(None, (words.TEAMS.get(person["team"]), _skilled(person))))}
        for person in people
        if person["account"] != order["holder"]
    ]


def _skilled(person: Json) -> str:
    return FIELDS["skilled"] if person["skilled"] else ""


async def _questions(state: State, order: Json) -> list[Json]:
    category = await state.catalog.category(state.direct, order["kind"], order["category"])
    return category["questions"] if category else []


@router.post("/orders/{number}/houses")
async def houses(
    state: StateDep, member: Member, number: str, q: Annotated[str, Form(max_length=40)] = ""
) -> HTMLResponse:
    """Homes of the order's own community, by what somebody typed of the house's label or of a resident's name."""
    order = await acting.order_view(state, member.actor, frame.known(number))
    typed = q.strip()
    found = (
        await reading.houses_by_words(state.direct, [order["community"]["id"]], label_of(typed), "", HITS)
        if typed
        else []
    )
    none = AMEND["find_none"]
    return HTMLResponse(render("choose_houses.html", houses=found, q=typed, field="place.house_id", none=none))


@router.post("/orders/{number}/phone")
async def reveal_phone(state: StateDep, member: Member, number: str) -> HTMLResponse:
    """The number of whoever waits at home, to somebody who works on the order. Every look is written down."""
    phone = await reveals.phone(state, member, frame.known(number))
    return HTMLResponse(render("phone.html", phone=phone))


@router.get("/orders/{number}/sheet")
async def sheet(request: Request, state: StateDep, member: Member, number: str) -> HTMLResponse:
    """The work sheet to print: one A5 page with room for what is written by hand."""
    order = await acting.order_view(state, member.actor, frame.known(number))
    now = datetime.now(UTC)
    base = state.settings.api_url.rstrip("/") or str(request.base_url).rstrip("/")
    return HTMLResponse(
        render(
            "sheet.html",
            order=order,
            answers=views.answers_of(order["answers"], await _questions(state, order)),
            appointment=views.appointment_words(order, now),
            quote=views.quote_table(order),
            qr=qr_svg(f"{base}/console/orders/{number}"),
            now=now,
        )
    )
