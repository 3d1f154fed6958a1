"""Staff among themselves: who there is, who is on duty or away, who leaves; what the JSON interface and the console
call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from api import idempotency, views
from api.people_bodies import Absence, Appointment, OwnPhone, Turns
from api.sessions import StaffMember
from api.state import State
from models.domain import staff_rights as rights
from models.domain.errors import NotFound, ValidationFailed
from models.domain.lifecycles import LIFECYCLES
from models.domain.numbers import CHINA
from models.repositories import absences, colleagues, delivery, leaving, sessions
from models.repositories.sealing import mask_phone

Json = dict[str, Any]

TURNS_SHOWN: Final = 1000
"""More than a month of a large project; whoever wants more asks for another month."""

DAY_AT_MOST: Final = 200
"""Open orders of one person and those for whom they act: far above any cap that helps anybody."""

LIFE_OF_A_PLAN: Final = timedelta(days=31)


# -- who there is ------------------------------------------------------------------------------------------------------


async def everybody(state: State, member: StaffMember) -> list[Json]:
    """The staff of the caller's communities. Raises Forbidden."""
    rights.may_see_people(member.actor)
    rows = await colleagues.of_communities(state.direct, member.actor.communities)
    away = await absences.of(state.direct, [row["id"] for row in rows])
    gone = await leaving.progress(state.direct, [row["id"] for row in rows if not row["active"]])
    return [_shown(row, away, gone) for row in rows]


async def one(state: State, member: StaffMember, account: str) -> Json:
    """Raises Forbidden; NotFound outside the caller's scope."""
    rights.may_see_people(member.actor)
    row = await _row(state, member, account)
    away = await absences.of(state.direct, [row["id"]])
    return _shown(row, away, await leaving.progress(state.direct, [row["id"]]))


async def _row(state: State, member: StaffMember, account: str) -> Json:
    row = await colleagues.by_account(state.direct, account)
    if row is None:
        raise NotFound
    rights.within_reach(member.actor, colleagues.colleague(row))
    return row


def _shown(row: Mapping[str, Any], away: list[Json], gone: Mapping[str, Json]) -> Json:
    mine = [
        {key: value for key, value in one.items() if key != "staff_id"} for one in away if one["staff_id"] == row["id"]
    ]
    shown = {key: value for key, value in row.items() if key != "id"}
    return {**shown, "absences": mine, "leaving": gone.get(row["id"]) if not row["active"] else None}


async def assignees(state: State, member: StaffMember) -> list[Json]:
    """Active staff of the caller's communities whose roles are those of some work, for choosing one for many orders."""
    rows = await colleagues.of_communities(state.direct, member.actor.communities)
    work = {role.value for lifecycle in LIFECYCLES.values() for role in lifecycle.worker_roles}
    return [
        {"account": row["account"], "name": row["name"]} for row in rows if row["active"] and work & set(row["roles"])
    ]


# -- one request, one change -------------------------------------------------------------------------------------------


async def _once(
    state: State, member: StaffMember, action: str, key: str, body: Json, do: Callable[[], Awaitable[Json]]
) -> Json:
    """The same request sent again hears the same and changes nothing."""
    request = idempotency.Request.of(state, member.actor, "", action, key, body)
    before = await request.before(state)
    if before is not None and before.answer is not None:
        return before.answer
    return await request.remember_whole(state, await do())


async def _in_transaction(state: State, change: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    def run() -> Any:
        with state.sync_engine.begin() as conn:
            return change(conn, *arguments, **named)

    return await asyncio.to_thread(run)


# -- leaving and coming back -------------------------------------------------------------------------------------------


async def leave(state: State, member: StaffMember, account: str, deputy: str | None, key: str) -> Json:
    """The person is gone at once; their open tasks go to the deputy, else back to the pool. Answers the progress.

    Raises Forbidden, NotFound, IllegalTransition, ValidationFailed for the deputy.
    """

    async def do() -> Json:
        row = await _row(state, member, account)
        rights.may_dismiss(member.actor, colleagues.colleague(row))
        stands_in = await _deputy(state, member, deputy)
        now = datetime.now(UTC)
        await _in_transaction(state, leaving.leave, row["id"], stands_in, member.id, now)
        state.announcer.wake_relay()
        return await one(state, member, account)

    return await _once(state, member, "leave", key, {"account": account, "deputy": deputy}, do)


async def rejoin(state: State, member: StaffMember, account: str, key: str) -> Json:
    """Raises Forbidden, NotFound, IllegalTransition for somebody who never left."""

    async def do() -> Json:
        row = await _row(state, member, account)
        rights.may_take_back(member.actor, colleagues.colleague(row))
        await _in_transaction(state, leaving.rejoin, row["id"], datetime.now(UTC))
        return await one(state, member, account)

    return await _once(state, member, "rejoin", key, {"account": account}, do)


async def _deputy(state: State, member: StaffMember, account: str | None) -> str | None:
    if account is None:
        return None
    row = await colleagues.by_account(state.direct, account)
    if row is None or not row["active"]:
        raise ValidationFailed("deputy_unfit", field="deputy")
    return str(row["id"])


# -- roles and scope ---------------------------------------------------------------------------------------------------


async def appoint(state: State, member: StaffMember, account: str, body: Appointment) -> Json:
    """Roles, team, skills, cap and scope as `body` says. Tasks that no role of theirs may hold any more go back.

    Raises Forbidden, NotFound, ValidationFailed for a place that does not exist.
    """
    row = await _row(state, member, account)
    rights.may_appoint(member.actor, colleagues.colleague(row))
    known = await state.catalog.communities(state.direct)
    for index, scope in enumerate(body.scopes):
        community = known.get(scope.community_id)
        if community is None or not set(scope.buildings) <= {building["id"] for building in community["buildings"]}:
            raise ValidationFailed("unknown_place", field=f"scopes.{index}")
    values = body.model_dump(mode="json")
    scopes = values.pop("scopes")

    def change(conn: Connection) -> None:
        colleagues.appoint(conn, row["id"], values, scopes)
        leaving.give_up_unfit(conn, row["id"], values["roles"], datetime.now(UTC))

    await _in_transaction(state, change)
    state.announcer.wake_relay()
    return await one(state, member, account)


# -- duty and days away ------------------------------------------------------------------------------------------------


async def switch_duty(state: State, member: StaffMember, on_duty: bool) -> Json:
    """One's own switch; it holds until the next shift of the roster begins or ends."""
    async with state.single.connect() as conn:
        await sessions.set_duty(conn, member.id, on_duty)
    if on_duty:
        await _in_transaction(state, delivery.look_again, staff=member.id)
        state.announcer.wake_relay()
    return await duty(state, member)


async def duty(state: State, member: StaffMember) -> Json:
    """`{on_duty, absent}`: what roster, switch and absences together say of the caller."""
    row = await colleagues.by_account(state.direct, member.account)
    return {"on_duty": bool(row and row["on_duty"]), "absent": bool(row and row["absent"])}


async def phone(state: State, member: StaffMember) -> Json:
    """`{phone_masked}`: where the caller is reached by SMS in an emergency and of a breach."""
    sealed = await colleagues.sealed_phone(state.direct, member.id)
    known = await asyncio.to_thread(state.sealing.open, sealed) if sealed else None
    return {"phone_masked": mask_phone(known) if known else None}


async def set_phone(state: State, member: StaffMember, body: OwnPhone) -> Json:
    """One's own."""
    sealed = await asyncio.to_thread(state.sealing.seal, body.phone) if body.phone else None
    await _in_transaction(state, colleagues.set_phone, member.id, sealed)
    return await phone(state, member)


async def record_absence(state: State, member: StaffMember, account: str, body: Absence, key: str) -> Json:
    """Raises Forbidden, NotFound, IllegalTransition, ValidationFailed for the days or the deputy."""

    async def do() -> Json:
        row = await _row(state, member, account)
        rights.may_plan(member.actor, colleagues.colleague(row))
        now = datetime.now(UTC)
        rights.days_away(body.since, body.until, now.astimezone(CHINA).date())
        stands_in = await _deputy(state, member, body.deputy)
        await _in_transaction(state, absences.record, row["id"], stands_in, body.since, body.until, member.id, now)
        await _in_transaction(state, delivery.look_again, staff=row["id"])
        state.announcer.wake_relay()
        return await one(state, member, account)

    said = {"account": account, **body.model_dump(mode="json")}
    return await _once(state, member, "absence", key, said, do)


async def end_absence(state: State, member: StaffMember, account: str, absence: str, key: str) -> Json:
    """Withdrawn, or back early. Raises Forbidden, NotFound."""

    async def do() -> Json:
        row = await _row(state, member, account)
        rights.may_plan(member.actor, colleagues.colleague(row))
        await _in_transaction(state, absences.end, absence, row["id"], datetime.now(UTC))
        await _in_transaction(state, delivery.look_again, staff=row["id"])
        state.announcer.wake_relay()
        return await one(state, member, account)

    return await _once(state, member, "end_absence", key, {"account": account, "absence": absence}, do)


async def roster(state: State, member: StaffMember, since: datetime | None, until: datetime | None) -> list[Json]:
    """The roster of the caller's communities. Raises Forbidden."""
    rights.may_see_people(member.actor)
    start = since or datetime.combine(datetime.now(CHINA).date(), time(), CHINA)
    people = await colleagues.of_communities(state.direct, member.actor.communities)
    return await absences.turns(
        state.direct,
        member.actor.communities,
        [row["id"] for row in people],
        start,
        until or start + LIFE_OF_A_PLAN,
        TURNS_SHOWN,
    )


async def plan_turns(state: State, member: StaffMember, body: Turns, key: str) -> Json:
    """Turns of duty on the days that `body` names. Raises Forbidden, NotFound, ValidationFailed."""

    async def do() -> Json:
        whose: dict[str, str | None] = {"team": body.team, "community": body.community_id}
        if body.staff is not None:
            row = await _row(state, member, body.staff)
            rights.may_plan(member.actor, colleagues.colleague(row))
            whose = {"staff": row["id"]}
        else:
            rights.may_plan_team(member.actor, body.community_id or "")
        turns = body.turns()
        if not turns:
            raise ValidationFailed("shift_times", field="weekdays")
        planned = await _in_transaction(state, absences.plan, turns, member.id, **whose)
        await _in_transaction(state, delivery.look_again, staff=whose.get("staff"), team=body.team)
        state.announcer.wake_relay()
        return {"planned": planned}

    return await _once(state, member, "turns", key, body.model_dump(mode="json"), do)


async def drop_turn(state: State, member: StaffMember, turn: str, key: str) -> Json:
    """Raises Forbidden, NotFound."""

    async def do() -> Json:
        people = {row["id"]: row for row in await colleagues.of_communities(state.direct, member.actor.communities)}

        def change(conn: Connection) -> None:
            staff, community = absences.turn(conn, turn)
            if staff is None:
                rights.may_plan_team(member.actor, community or "")
            elif staff in people:
                rights.may_plan(member.actor, colleagues.colleague(people[staff]))
            else:
                raise NotFound
            absences.drop_turn(conn, turn)

        await _in_transaction(state, change)
        return {"dropped": turn}

    return await _once(state, member, "drop_turn", key, {"turn": turn}, do)


# -- a technician's day ------------------------------------------------------------------------------------------------


async def day(state: State, member: StaffMember) -> Json:
    """`{items, later}`: the caller's open work of today in the order to do it, and what waits for another day."""
    tomorrow = datetime.combine(datetime.now(CHINA).date() + timedelta(days=1), time(), CHINA)
    rows = await colleagues.day_of(state.direct, member.actor.stands_for, tomorrow, DAY_AT_MOST)
    titles, now = await state.catalog.titles(state.direct), datetime.now(UTC)
    items = [{**views.inbox_task(row, member.actor, now, titles), **_visit(row, tomorrow)} for row in rows]
    return {
        "items": [item for item in items if not item["later"]],
        "later": [item for item in items if item["later"]],
    }


def _visit(row: Mapping[str, Any], tomorrow: datetime) -> Json:
    start, held = row["appointment_from"], row["held_until"]
    window = {"from": start, "to": row["appointment_to"]} if start else None
    times = [at for at in (start, held) if at is not None]
    return {"appointment": window, "held_until": held, "later": bool(times) and max(times) >= tomorrow}
