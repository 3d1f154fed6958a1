"""Links between orders, and which others may be about the same fault."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

from api import acting, complaint_views
from api.group_bodies import Link
from api.idempotency import Request
from api.sessions import StaffMember
from api.state import State
from models.domain import grouping, similarity, words
from models.domain.complaints import Complaint
from models.domain.errors import ValidationFailed
from models.domain.order import OrderState
from models.domain.places import Place
from models.repositories import grouped, groups, reading

Json = dict[str, Any]

SUGGESTED: Final = 5
"""More than a handful is no suggestion but an incident."""


async def link(state: State, member: StaffMember, number: str, body: Link, key: str) -> Json:
    """Link two orders that the caller may see; answers the first. Linking twice is linking once.

    Raises Forbidden for roles that may not group, NotFound, ValidationFailed for itself.
    """
    request = Request.of(state, member.actor, number, "link", key, body.model_dump(mode="json"))
    before = await request.before(state)
    if before is not None and before.answer is not None:
        return before.answer
    await acting.visible_order(state, member.actor, number)
    grouping.may_group(member.actor)
    if body.other == number:
        raise ValidationFailed("link_with_itself", field="other")
    await acting.visible_order(state, member.actor, body.other)
    await asyncio.to_thread(_link, state, number, body, member.id)
    return await request.remember_whole(state, await acting.order_view(state, member.actor, number))


def _link(state: State, number: str, body: Link, by: str) -> None:
    with state.sync_engine.begin() as conn:
        groups.link(conn, number, body.other, by, datetime.now(UTC), note=body.note, why="related")


async def similar_to(state: State, member: StaffMember, number: str) -> list[Json]:
    """Open orders that may be about the same fault as this one, best first. Raises NotFound."""
    bundle = await acting.visible_order(state, member.actor, number)
    order = OrderState.model_validate(bundle["state"])
    if not order.lifecycle.may_follow or not complaint_views.reads_words(bundle, order, member.actor):
        return []
    rows = await grouped.alike(
        state.direct,
        order.community_id,
        order.kind,
        order.category,
        order.submitted_at,
        similarity.WITHIN,
        number,
        excluded=order.excluded,
        onlooker=reading.Onlooker.of(member.actor),
    )
    titles = await state.catalog.titles(state.direct)
    return [
        {
            "number": row["number"],
            "place": row["place_label"],
            "category_title": titles.get((order.kind, row["category"]), row["category"]),
            "stage": row["stage"],
            "stage_title": words.stage(order.kind, row["stage"], False),
            "submitted_at": row["submitted_at"],
            "description": row["description"][: reading.SUMMARY_CHARACTERS],
            **scored,
        }
        for row, scored in best(rows, order.place, order.submitted_at, order.complaint)
        if member.actor.reaches(order.community_id, row["place"].get("building_id"))
    ]


def best(
    rows: list[reading.Row], place: Place, at: datetime, complaint: Complaint | None = None
) -> list[tuple[reading.Row, Json]]:
    """The rows worth saying with their score and its reasons, best first; for a complaint, those of its matter."""
    found: list[tuple[reading.Row, Json]] = []
    for row in rows:
        other = Complaint.model_validate(row["complaint"]) if row["complaint"] else None
        if complaint and other and complaint.matter is not other.matter:
            continue
        same = bool(complaint and other and complaint.subject.is_same(other.subject))
        there = Place.model_validate(row["place"])
        reasons = similarity.reasons(place, at, there, row["submitted_at"], same_subject=same)
        score = similarity.points(reasons)
        if score >= similarity.WORTH_SAYING:
            said = [
                {"reason": reason.word, "title": words.SIMILAR[reason.word], "points": reason.points}
                for reason in reasons
            ]
            found.append((row, {"score": score, "reasons": said}))
    return sorted(found, key=lambda each: -each[1]["score"])[:SUGGESTED]
