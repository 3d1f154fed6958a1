"""Rounds and patrols for the JSON interface and the console: plan, list, walk, tick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from api import inbox, paging, wording
from api.bodies import LONGEST_DESCRIPTION, StaffFiling
from api.idempotency import Request
from api.intake import repair
from api.sessions import StaffMember
from api.state import State
from models.domain import rounds as rules
from models.domain import words
from models.domain.errors import IllegalTransition, NotFound, Refusal, ValidationFailed
from models.domain.order import Source
from models.domain.people import Actor
from models.domain.rounds import Duty, RoundPlan, Tick
from models.repositories import answers
from models.repositories import rounds as rows
from models.tables.base import new_id

Json = dict[str, Any]
Row = Mapping[str, Any]

SHOW_MISSED_FOR: Final = timedelta(hours=24)
"""A walk that nobody made is shown to its leads for a day; after that it is in the list."""


# -- plans ------------------------------------------------------------------------------------------------------------


async def plans(state: State, member: StaffMember) -> list[Json]:
    """The rounds of the member's communities."""
    return [_plan(row, member.actor) for row in await rows.plans(state.direct, member.actor.communities)]


async def plan(state: State, member: StaffMember, round_id: str) -> Json:
    """Raises NotFound."""
    found = await rows.plans(state.direct, member.actor.communities, round_id)
    if not found:
        raise NotFound
    return _plan(found[0], member.actor)


async def write_plan(state: State, member: StaffMember, body: RoundPlan, key: str) -> Json:
    """A new round; its Schedule follows within seconds. Raises Forbidden, NotFound, ValidationFailed."""
    request = Request.of(state, member.actor, "", "round", key, body.model_dump(mode="json"))
    rules.may_plan(member.actor, body.community_id)
    checked = await _checked(state, body)
    round_id = new_id("rnd")
    async with state.engine.begin() as conn:
        is_new = await answers.keep_request(conn, request.id, request.digest, {"id": round_id})
        if is_new:
            await rows.write_plan(conn, round_id, checked, member.id, datetime.now(UTC))
    return await plan(state, member, round_id if is_new else await request.made_before(state))


async def change_plan(state: State, member: StaffMember, round_id: str, version: int, body: RoundPlan) -> Json:
    """Write over a round as it was at `version`. Raises also IllegalTransition when somebody was faster."""
    before = await plan(state, member, round_id)
    rules.may_plan(member.actor, before["community_id"])
    if body.community_id != before["community_id"]:
        raise ValidationFailed("unknown_place", field="community_id")
    checked = await _checked(state, body)
    async with state.engine.begin() as conn:
        if not await rows.change_plan(conn, round_id, version, checked, member.id, datetime.now(UTC)):
            raise IllegalTransition("changed_meanwhile")
    return await plan(state, member, round_id)


async def _checked(state: State, body: RoundPlan) -> RoundPlan:
    """The plan with its person's id in place of the account. Raises ValidationFailed."""
    community = (await state.catalog.communities(state.direct)).get(body.community_id)
    if community is None:
        raise ValidationFailed("unknown_place", field="community_id")
    if body.building_id is not None and body.building_id not in {one["id"] for one in community["buildings"]}:
        raise ValidationFailed("unknown_place", field="building_id")
    await _check_category(state, body.category)
    if body.duty.staff is None:
        return body
    ids = {person["account"]: person["id"] for person in await rows.walkers(state.direct, body.community_id)}
    if body.duty.staff not in ids:
        raise ValidationFailed("not_assignable", field="duty.staff")
    return body.model_copy(update={"duty": Duty(staff=ids[body.duty.staff])})


async def _check_category(state: State, code: str) -> None:
    """Findings are repairs of public places. Raises ValidationFailed."""
    category = await state.catalog.category(state.direct, "repair", code)
    if category is None or category["place"] not in ("both", "area"):
        raise ValidationFailed("unknown_category", field="category")


# -- walks ------------------------------------------------------------------------------------------------------------


async def patrols(
    state: State,
    member: StaffMember,
    *,
    mine: bool = False,
    status: str | None = None,
    cursor: str | None = None,
    limit: int = paging.LIMIT,
) -> Json:
    """`{items, next_cursor}`, newest first."""
    found = await rows.patrols(
        state.direct,
        await inbox.scope(state, member),
        **_who(member),
        mine=mine,
        status=status,
        after=paging.message_key(cursor),
        limit=limit + 1,
    )
    items = [_patrol(row, member.actor) for row in found[:limit]]
    return paging.page(items, found, limit, "scheduled_at", "id")


async def patrol(state: State, member: StaffMember, patrol_id: str) -> Json:
    """Raises NotFound."""
    row = await rows.patrol(state.direct, member.actor.communities, patrol_id)
    if row is None:
        raise NotFound
    return _patrol(row, member.actor)


async def missed(state: State, member: StaffMember) -> int:
    """How many walks of the last day nobody made, for planners."""
    if not member.actor.has(*rules.PLANNERS):
        return 0
    return await rows.missed(state.direct, member.actor.communities, datetime.now(UTC) - SHOW_MISSED_FOR)


async def tick(state: State, member: StaffMember, patrol_id: str, position: int, body: Tick, key: str) -> Json:
    """Write down what was seen at one item; a finding becomes a repair in the same act. Answers the patrol.

    Raises NotFound, Forbidden, IllegalTransition, ValidationFailed, and whatever filing the repair refuses.
    """
    action = f"tick.{position}"
    request = Request.of(state, member.actor, patrol_id, action, key, body.model_dump(mode="json"))
    rules.check_tick(body)
    async with state.direct.transaction() as together:
        # A finding is filed and noted at its item in one transaction: no repair without its item, whatever breaks off.
        number = await _tick(replace(state, direct=together), member, patrol_id, position, body, request, key)
    seen = await patrol(state, member, patrol_id)
    if number is not None:  # Intake's own word may have come before the commit.
        state.announcer.wake_relay()
        state.announcer.changed(number, seen["community_id"])
    return seen


async def _tick(
    state: State, member: StaffMember, patrol_id: str, position: int, body: Tick, request: Request, key: str
) -> str | None:
    """In the caller's transaction, which is `state.direct`. Answers the number of the repair of a new finding."""
    item = await rows.lock_item(state.direct, patrol_id, position)
    if item is None:
        raise NotFound
    # Under the lock, so that a twin of this request is either not begun or already to be seen.
    if await request.before(state) is not None:
        return None
    duty = rows.duty_of(item)
    rules.may_tick(member.actor, item["community_id"], duty, item["status"], item["result"] is not None)
    number = await _file(state, member, item, body, key) if body.result == "finding" else None
    now = datetime.now(UTC)
    await rows.tick(
        state.direct, patrol_id, position, result=body.result, note=body.text, number=number, by=member.id, now=now
    )
    await answers.keep_done(state.direct, request.id, request.digest, {"id": patrol_id})
    return number


async def _file(state: State, member: StaffMember, item: Row, body: Tick, key: str) -> str:
    area = {"community_id": item["community_id"], "building_id": item["building_id"], "spot": item["spot"]}
    filing = StaffFiling.model_validate(
        {
            "reporter": "self",
            "source": Source.PATROL,
            "area": area,
            "category": body.category or item["category"],
            "description": f"{item['item']}：{body.text}"[:LONGEST_DESCRIPTION],
            "photo_ids": list(body.photo_ids),
        }
    )
    order = await repair.file_by_staff(state, member, filing, f"{key}.finding")
    return str(order["number"])


def _who(member: StaffMember) -> Json:
    return {"me": member.id, "team": member.team, "roles": [role.value for role in member.actor.roles]}


# -- as JSON ----------------------------------------------------------------------------------------------------------


def _plan(row: Row, actor: Actor) -> Json:
    return {
        "id": row["id"],
        "community_id": row["community_id"],
        "title": row["title"],
        "place": _place(row),
        "category": row["category"],
        "checks": row["checks"],
        "rhythm": {"weekdays": row["weekdays"], "times": row["times"]},
        "rhythm_words": rhythm_words(row["weekdays"], row["times"]),
        "duty": _duty(row),
        "paused": row["paused"],
        "version": row["version"],
        "scheduled": row["applied_version"] >= row["version"],
        "planned_by": row["planned_by"],
        "planned_at": row["planned_at"],
        "may_change": agrees(rules.may_plan, actor, row["community_id"]),
    }


def _patrol(row: Row, actor: Actor) -> Json:
    items = row["items"] or []
    walks = row["status"] == "open" and agrees(rules.may_walk, actor, row["community_id"], rows.duty_of(row))
    return {
        "id": row["id"],
        "round_id": row["round_id"],
        "community_id": row["community_id"],
        "community": row["community"],
        "title": row["title"],
        "place": _place(row),
        "category": row["category"],
        "duty": _duty(row),
        "scheduled_at": row["scheduled_at"],
        "due_at": row["due_at"],
        "status": row["status"],
        "status_title": words.PATROL_STATUSES[row["status"]],
        "ended_at": row["ended_at"],
        "ticked": sum(item["result"] is not None for item in items),
        "findings": sum(item["result"] == "finding" for item in items),
        "items": [{**item, "may_tick": walks and item["result"] is None} for item in items],
    }


def _place(row: Row) -> Json:
    label = f"{row['building'] or ''} {words.SPOTS[row['spot']]}".strip()
    return {"label": label, "building_id": row["building_id"], "spot": row["spot"]}


def _duty(row: Row) -> Json:
    if row["duty_staff"] is not None:
        return {"staff": row["duty_account"], "title": row["duty_name"]}
    if row["duty_team"] is not None:
        return {"team": row["duty_team"], "title": words.TEAMS[row["duty_team"]]}
    return {"role": row["duty_role"], "title": words.ROLES[row["duty_role"]]}


def rhythm_words(weekdays: list[int], times: list[str]) -> str:
    """`每天 08:00、20:00` or `周一、周四 09:00`."""
    every_day = len(weekdays) == len(words.WEEKDAYS)
    days = wording.EVERY_DAY if every_day else "、".join(words.WEEKDAYS[day] for day in weekdays)
    return f"{days} {'、'.join(times)}"


def agrees(rule: Any, *arguments: Any) -> bool:
    """Whether a rule lets this happen, for buttons."""
    try:
        rule(*arguments)
    except Refusal:
        return False
    return True
