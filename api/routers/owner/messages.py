"""The message centre, and which WeChat messages a person allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response

from api import paging, shapes, subscriptions
from api.answering import answers
from api.bodies import SubscriptionAnswers
from api.deps import Owner, StateDep
from api.errors import READING
from api.json_answer import JsonAnswer
from api.paging import Cursor, Limit
from models.domain import notice_words
from models.domain.errors import NotFound
from models.domain.notice_words import Subject
from models.domain.templates import TEMPLATES
from models.repositories import notices, reading
from models.repositories.sealing import Sealing

ASK_AGAIN_AFTER: Final = timedelta(days=7)
"""Whoever has declined is left in peace for a week."""

ENOUGH_CREDITS: Final = 3
"""An order takes about three messages of one template; more are asked for when these are used up."""

router = APIRouter(tags=["owner: messages"])

Tap = Literal["submit", "order", "urge", "confirm", "rate", "car", "visitor"]

ASKED_AT: Final[dict[str, tuple[str, ...]]] = {
    "submit": ("progress", "your_turn", "finished"),
    "order": ("progress", "your_turn", "finished"),
    "urge": ("progress", "finished"),
    "confirm": ("progress", "your_turn", "finished"),
    "rate": ("review_result", "announcement"),
    "car": ("move_car",),
    "visitor": ("visitor",),
}
"""At which tap which messages are asked for. WeChat lets one prompt ask for three at most."""


@router.get("/messages", responses=answers(shapes.MessagePage, *READING))
async def list_messages(state: StateDep, owner: Owner, cursor: Cursor = None, limit: Limit = paging.LIMIT) -> Response:
    """Everything the caller was told, newest first, whether or not WeChat delivered it."""
    rows = await reading.messages(state.direct, "resident", owner.id, after=paging.message_key(cursor), limit=limit + 1)
    titles = await state.catalog.titles(state.direct)
    items = [_message(row, titles, state.sealing) for row in rows[:limit]]
    return JsonAnswer(paging.page(items, rows, limit, "created_at", "id"))


@router.post("/messages/{message_id}/read", responses=answers(shapes.Health, *READING))
async def read(state: StateDep, owner: Owner, message_id: str) -> Response:
    """Reading twice is reading once, so this needs no idempotency key."""
    async with state.single.connect() as conn:
        if not await notices.mark_read(conn, message_id, "resident", owner.id, datetime.now(UTC)):
            raise NotFound
    return JsonAnswer({"status": "read"})


@router.get("/subscriptions", responses=answers(shapes.Subscriptions, *READING))
async def what_to_ask(state: StateDep, owner: Owner, at: Annotated[Tap, Query()] = "submit") -> Response:
    """The at most three templates to pass to `wx.requestSubscribeMessage` at this tap; none that the person has
    lately declined or allows often enough already."""
    ids = state.settings.wechat_template_ids
    row = await reading.resident(state.direct, owner.id)
    given: dict[str, tuple[int, datetime | None]] = {}
    if row is not None and row["openid"] is not None:
        async with state.single.connect() as conn:
            given = await notices.credits_of(conn, row["openid"])
    asked = [TEMPLATES[name] for name in ASKED_AT[at] if _worth_asking(*given.get(name, (0, None)))]
    items = [{"template_id": item.id_at("mini", ids), "name": item.name, "title": item.title} for item in asked]
    return JsonAnswer({"items": items})


@router.post("/subscriptions", responses=answers(shapes.Health, *READING))
async def answered(state: StateDep, owner: Owner, body: SubscriptionAnswers) -> Response:
    """What the person answered. Unknown templates are passed over; WeChat's own event about the tap counts only
    once."""
    row = await reading.resident(state.direct, owner.id)
    if row is not None and row["openid"] is not None:
        await subscriptions.note_answers(state, row["openid"], body.answers, datetime.now(UTC))
    return JsonAnswer({"status": "noted"})


def _worth_asking(credits: int, refused_at: datetime | None) -> bool:
    lately = refused_at is not None and datetime.now(UTC) - refused_at < ASK_AGAIN_AFTER
    return credits < ENOUGH_CREDITS and not lately


def _message(row: reading.Row, titles: Any, sealing: Sealing) -> dict[str, Any]:
    subject = Subject(
        number=row["number"] or row["incident_id"] or row["vehicle_id"],
        kind=row["order_kind"],
        stage=row["stage"],
        place=row["place_label"],
        category=titles.get((row["order_kind"], row["category"]), row["category"]),
        at=row["created_at"],
        urgent=row["urgent"],
        staff=row["staff_name"],
        hold_reason=row["hold_reason"],
        plate=sealing.open(bytes(row["plate_sealed"])) if row["plate_sealed"] else None,
    )
    return {
        "id": row["id"],
        "kind": row["kind"],
        "title": notice_words.title(row["kind"]),
        "text": notice_words.sentence(row["kind"], subject, row["facts"]),
        "number": row["number"],
        "incident_id": row["incident_id"],
        "vehicle_id": row["vehicle_id"],
        "order_kind": row["order_kind"],
        "stage": row["stage"],
        "created_at": row["created_at"],
        "read_at": row["read_at"],
        "delivery": row["delivery"],
        "channel": row["channel"],
    }
