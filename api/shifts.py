"""The log of guard posts for the JSON interface and the console."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from api import paging
from api.idempotency import Request
from api.references import check_photos
from api.rounds import agrees
from api.sessions import StaffMember
from api.state import State
from models.domain import shifts as rules
from models.domain.errors import Forbidden, IllegalTransition, NotFound, ValidationFailed
from models.domain.people import Actor
from models.domain.shifts import NewEntry, NewShift, Standing
from models.repositories import answers
from models.repositories import shifts as rows
from models.tables.base import new_id

Json = dict[str, Any]
Row = Mapping[str, Any]
Change = Callable[[AsyncConnection, Standing, datetime], Awaitable[str]]
"""What happens to a locked shift. Answers the shift to be shown next."""


async def shifts(
    state: State, member: StaffMember, *, current: bool = False, cursor: str | None = None, limit: int = paging.LIMIT
) -> Json:
    """`{items, next_cursor}`, newest first. Raises Forbidden for a role that the posts do not concern."""
    if not member.actor.has(*rules.READERS):
        raise Forbidden("shift_role")
    found = await rows.shifts(
        state.direct, member.actor.communities, current=current, after=paging.message_key(cursor), limit=limit + 1
    )
    items = [_shift(row, member.actor) for row in found[:limit]]
    return paging.page(items, found, limit, "begun_at", "id")


async def shift(state: State, member: StaffMember, shift_id: str) -> Json:
    """One shift with its log. Raises NotFound, Forbidden."""
    row = await rows.shift(state.direct, shift_id)
    if row is None:
        raise NotFound
    rules.may_read(member.actor, row["community_id"])
    return {**_shift(row, member.actor), "entries": row["entries"]}


async def begin(state: State, member: StaffMember, body: NewShift, key: str) -> Json:
    """The first shift of a post. Raises IllegalTransition when the post has one that goes on."""
    request = Request.of(state, member.actor, "", "shift", key, body.model_dump())
    rules.may_begin(member.actor, body.community_id)
    if body.community_id not in await state.catalog.communities(state.direct):
        raise ValidationFailed("unknown_place", field="community_id")
    shift_id = new_id("shf")
    async with state.engine.begin() as conn:
        is_new = await answers.keep_request(conn, request.id, request.digest, {"id": shift_id})
        if is_new and not await rows.begin(conn, shift_id, body.community_id, body.post, member.id, datetime.now(UTC)):
            raise IllegalTransition("shift_exists")
    return await shift(state, member, shift_id if is_new else await request.made_before(state))


async def write(state: State, member: StaffMember, shift_id: str, body: NewEntry, key: str) -> Json:
    """One more line of the log. Raises IllegalTransition after the shift was handed over."""

    async def change(conn: AsyncConnection, standing: Standing, now: datetime) -> str:
        rules.may_write(member.actor, standing)
        if body.photo_ids:
            await check_photos(state.direct, member.actor, list(body.photo_ids), None)
        await rows.write(conn, shift_id, body.text, body.open_point, body.photo_ids, member.id, now)
        return shift_id

    return await _changed(state, member, shift_id, "write", body.model_dump(mode="json"), key, change)


async def settle(state: State, member: StaffMember, shift_id: str, entry_id: str, key: str) -> Json:
    """An open point is finished. Raises IllegalTransition when it is not open."""

    async def change(conn: AsyncConnection, standing: Standing, now: datetime) -> str:
        rules.may_write(member.actor, standing)
        if not await rows.settle(conn, shift_id, entry_id, member.id, now):
            raise IllegalTransition("point_settled")
        return shift_id

    return await _changed(state, member, shift_id, "settle", {"entry": entry_id}, key, change)


async def hand_over(state: State, member: StaffMember, shift_id: str, key: str) -> Json:
    """From now on the log is read only, and somebody else must take over."""

    async def change(conn: AsyncConnection, standing: Standing, now: datetime) -> str:
        rules.may_hand_over(member.actor, standing)
        await rows.hand_over(conn, shift_id, member.id, now)
        return shift_id

    return await _changed(state, member, shift_id, "hand-over", {}, key, change)


async def take_over(state: State, member: StaffMember, shift_id: str, key: str) -> Json:
    """Answers the new shift, with what is still open. Raises FourEyes for whoever handed over."""

    async def change(conn: AsyncConnection, standing: Standing, now: datetime) -> str:
        rules.may_take_over(member.actor, standing)
        return await rows.take_over(conn, shift_id, standing, member.id, now)

    return await _changed(state, member, shift_id, "take-over", {}, key, change)


async def _changed(
    state: State, member: StaffMember, shift_id: str, action: str, body: Json, key: str, change: Change
) -> Json:
    """Carry out one change under the shift's lock, once per key."""
    request = Request.of(state, member.actor, shift_id, action, key, body)
    async with state.engine.begin() as conn:
        standing = await rows.lock(conn, shift_id)
        if standing is None:
            raise NotFound
        # Under the lock, so that a twin of this request is either not begun or already to be seen.
        before = await request.before(state)
        if before is not None and before.answer is not None:
            shown = str(before.answer["id"])
        else:
            shown = await change(conn, standing, datetime.now(UTC))
            await answers.keep_request(conn, request.id, request.digest, {"id": shown})
    return await shift(state, member, shown)


def _shift(row: Row, actor: Actor) -> Json:
    standing = Standing(
        community_id=row["community_id"],
        begun_by=row["begun_by_id"],
        handed_over_by=row["handed_over_by_id"],
        handed_over_at=row["handed_over_at"],
        taken_over_at=row["taken_over_at"],
    )
    return {
        "id": row["id"],
        "community_id": row["community_id"],
        "community": row["community"],
        "post": row["post"],
        "begun_at": row["begun_at"],
        "begun_by": row["begun_by"],
        "handed_over_at": row["handed_over_at"],
        "handed_over_by": row["handed_over_by"],
        "taken_over_at": row["taken_over_at"],
        "taken_over_by": row["taken_over_by"],
        "previous_id": row["previous_id"],
        "open_points": row["open_points"],
        "may_write": agrees(rules.may_write, actor, standing),
        "may_take_over": agrees(rules.may_take_over, actor, standing),
    }
