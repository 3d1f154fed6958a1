"""The community's board, written by managers and read by owners."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from api import acting, group_views, paging
from api.complaint_bodies import BoardNotice
from api.idempotency import Request
from api.sessions import StaffMember
from api.state import State
from models.domain import board, words
from models.domain.errors import IllegalTransition
from models.domain.order import OrderState
from models.domain.people import Actor
from models.repositories import complaints, reading

Json = dict[str, Any]

END: Final = (datetime.max.replace(tzinfo=UTC), "")
"""Before this comes everything."""


async def publish(state: State, member: StaffMember, number: str, body: BoardNotice, key: str) -> Json:
    """Put a suggestion on the board; answers the order.

    Raises NotFound, Forbidden, IllegalTransition without the owner's leave, before the answer, or a second time.
    """
    request = Request.of(state, member.actor, number, "publish", key, body.model_dump(mode="json"))
    before = await request.before(state)
    if before is not None and before.answer is not None:
        return before.answer
    bundle = await acting.visible_order(state, member.actor, number)
    order = OrderState.model_validate(bundle["state"])
    board.may_publish(order, member.actor)
    post = {
        "number": number,
        "community": order.community_id,
        "category": order.category,
        "text": body.text or bundle["description"],
        "answer": body.answer or _last_answer(bundle),
        "anonymous": bool(order.complaint and order.complaint.anonymous),
        "staff": member.id,
        "at": datetime.now(UTC),
    }
    if not await complaints.publish(state.direct, post):
        raise IllegalTransition("published_already")
    state.announcer.changed(number, order.community_id)
    return await request.remember_whole(state, await acting.order_view(state, member.actor, number))


def _last_answer(bundle: reading.Row) -> str:
    """Also where it was given to the suggestion that this one followed."""
    said = group_views.with_news(bundle)
    answers = [event["facts"].get("text", "") for event in said if event["kind"] == "answered"]
    return str(answers[-1])


async def page(state: State, actor: Actor, cursor: str | None, limit: int) -> Json:
    """`{items, next_cursor}`: what hangs on the boards of the caller's communities, newest first."""
    row = await reading.resident(state.direct, actor.id)
    homes = sorted({house["community_id"] for house in row["houses"]}) if row else []
    after = paging.message_key(cursor) or END
    rows = await complaints.board(state.direct, homes, after, limit + 1)
    titles = await state.catalog.titles(state.direct)
    items = [_post(row, titles) for row in rows[:limit]]
    return paging.page(items, rows, limit, "published_at", "number")


def _post(row: reading.Row, titles: Any) -> Json:
    """Never who suggested it: the board tells whether they hide, and nothing else of them."""
    return {
        "number": row["number"],
        "community": row["community"],
        "category": row["category"],
        "category_title": titles.get(("complaint", row["category"]), row["category"]),
        "text": row["text"],
        "answer": row["answer"],
        "by": words.ANONYMOUS_OWNER if row["anonymous"] else words.SOME_OWNER,
        "published_at": row["published_at"],
    }
