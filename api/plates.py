"""The plates of a house, as its people and the clerks keep them: what the JSON interface and the console call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeVar

from sqlalchemy import Connection

from api.idempotency import Request
from api.sessions import StaffMember
from api.state import State
from models.domain import plate_rights as rights
from models.domain import words
from models.domain.errors import Forbidden, NotBound, NotFound
from models.domain.people import Actor
from models.domain.plates import plate_of
from models.repositories import plates as rows
from models.repositories import reading

Json = dict[str, Any]
Done = TypeVar("Done")
Outcome = Literal["holds", "ends"]

IN_DOUBT_AT_MOST: Final = 100
"""A clerk who has more to settle sees the oldest."""


# -- a household's own -------------------------------------------------------------------------------------------------


async def own(state: State, owner: Actor) -> Json:
    """`{items}`: what the caller's households have registered."""
    found = await rows.own(state.direct, owner.id)
    return {"items": await _shown(state, found, lambda row: _to_household(row, row["tie"], mine=row["mine"]))}


async def add(state: State, owner: Actor, house_id: str, typed: str, key: str) -> Json:
    """The plate as registered. Whoever names a plate that another home has registered hears the same.

    Raises NotBound, Forbidden, ValidationFailed for no plate, IllegalTransition.
    """
    text = plate_of(typed).text
    request = Request.of(state, owner, "", "plate", key, {"house": house_id, "plate": text})

    def register(conn: Connection) -> str:
        tie = rows.tie(conn, owner.id, house_id)
        if tie is None:
            raise NotBound
        rights.may_register(tie["kind"], is_minor=tie["is_minor"])
        return _register(state, conn, tie["community_id"], house_id, owner.id, text)

    row = await _once(state, request, register)
    tie = next((one["tie"] for one in await rows.own(state.direct, owner.id) if one["id"] == row["id"]), "")
    (shown,) = await _shown(state, [row], lambda it: _to_household(it, tie, mine=it["resident_id"] == owner.id))
    return shown


async def remove(state: State, owner: Actor, vehicle_id: str, key: str) -> Json:
    """What is left. Raises NotFound, Forbidden."""
    request = Request.of(state, owner, "", "remove_plate", key, {"id": vehicle_id})
    if await request.before(state) is None:
        found = [one for one in await rows.own(state.direct, owner.id) if one["id"] == vehicle_id]
        if not found:
            raise NotFound
        if not rights.may_remove(found[0]["tie"], mine=found[0]["mine"]):
            raise Forbidden("plate_of_another")
        await _in_transaction(state, lambda conn: rows.end(conn, vehicle_id, datetime.now(UTC)))
        await request.remember_whole(state, {"id": vehicle_id})
    return await own(state, owner)


def _to_household(row: Json, tie: str, *, mine: bool) -> Json:
    return {"mine": mine, "may_remove": rights.may_remove(tie, mine=mine)}


# -- at the desk -------------------------------------------------------------------------------------------------------


async def of_house(state: State, member: StaffMember, house_id: str) -> Json:
    """`{house, residents, items}`. Raises Forbidden, NotFound outside the scope."""
    house = await _house(state, member, house_id)
    found = await rows.of_house(state.direct, house_id)
    people = await rows.residents(state.direct, house_id)
    return {
        "house": {"id": house["id"], "label": house["label"]},
        "residents": [person | {"tie_title": words.TIES[person["tie"]]} for person in people],
        "items": await _shown(state, found, lambda row: {"in_doubt": row["claimed"]}),
    }


async def add_at_desk(state: State, member: StaffMember, house_id: str, resident_id: str, typed: str, key: str) -> Json:
    """For any resident of the house, a tenant too. Raises Forbidden, NotFound, NotBound, ValidationFailed,
    IllegalTransition."""
    house = await _house(state, member, house_id)
    text = plate_of(typed).text
    body = {"house": house_id, "resident": resident_id, "plate": text}
    request = Request.of(state, member.actor, "", "plate", key, body)

    def register(conn: Connection) -> str:
        if rows.tie(conn, resident_id, house_id) is None:
            raise NotBound
        return _register(state, conn, house["community_id"], house_id, resident_id, text)

    await _once(state, request, register)
    return await of_house(state, member, house_id)


async def in_doubt(state: State, member: StaffMember) -> Json:
    """`{items}`: plates that two homes name, and plates that their household denied. Raises Forbidden."""
    rights.may_keep(member.actor)
    found = await rows.in_doubt(state.direct, member.actor.communities, IN_DOUBT_AT_MOST)
    reached = [row for row in found if member.actor.reaches(row["community_id"], row["building_id"])]
    return {"items": await _shown(state, reached, _doubt)}


def _doubt(row: Json) -> Json:
    return {
        "in_doubt": row["claimed"],
        "community": row["community"],
        "denied_at": row["denied_at"],
        "held_by": {"name": row["holder"], "house": row["holder_house"]} if row["holder"] else None,
    }


async def settle(state: State, member: StaffMember, vehicle_id: str, outcome: Outcome) -> Json:
    """`holds`: the record is true, and another home's of the same plate ends. `ends`: it was not, or is given up.
    Whoever registered it hears what has become of theirs, in words that say nothing of another home.

    Answers the house as it now stands. Raises Forbidden, NotFound.
    """
    rights.may_keep(member.actor)
    row = await rows.one(state.direct, vehicle_id)
    if row is None:
        raise NotFound
    await _house(state, member, row["house_id"])
    await _in_transaction(state, lambda conn: _settle(conn, vehicle_id, outcome, datetime.now(UTC)))
    state.announcer.wake_relay()
    return await of_house(state, member, row["house_id"])


def _settle(conn: Connection, vehicle_id: str, outcome: Outcome, at: datetime) -> None:
    if outcome == "holds":
        ended = rows.hold(conn, vehicle_id, at)
        rows.tell(conn, [vehicle_id], "plate_holds", at)
    else:
        ended = rows.end(conn, vehicle_id, at)
    rows.tell(conn, ended, "plate_ended", at)


async def _house(state: State, member: StaffMember, house_id: str) -> Json:
    rights.may_keep(member.actor)
    house = await reading.house(state.direct, house_id)
    if house is None or not member.actor.reaches(house["community_id"], house["building_id"]):
        raise NotFound
    return house


# -- both ways ---------------------------------------------------------------------------------------------------------


def _register(state: State, conn: Connection, community: str, house: str, resident: str, text: str) -> str:
    return rows.register(
        conn,
        community=community,
        house=house,
        resident=resident,
        sealed=state.sealing.seal(text),
        hashed=state.sealing.plate_hash(text),
        at=datetime.now(UTC),
    )


async def _once(state: State, request: Request, register: Callable[[Connection], str]) -> Json:
    """The record that this request has made, now or before; the answer that is kept holds no plate."""
    before = await request.before(state)
    made = before.answer["id"] if before and before.answer else await _in_transaction(state, register)
    kept = await request.remember_whole(state, {"id": made})
    row = await rows.one(state.direct, kept["id"])
    if row is None:
        raise NotFound
    return row


async def _in_transaction(state: State, change: Callable[[Connection], Done]) -> Done:
    def run() -> Done:
        with state.sync_engine.begin() as conn:
            return change(conn)

    return await asyncio.to_thread(run)


async def _shown(state: State, found: Sequence[Json], more: Callable[[Json], Json]) -> list[Json]:
    plates = await asyncio.to_thread(lambda: [state.sealing.open(bytes(row["plate_sealed"])) for row in found])
    return [
        {
            "id": row["id"],
            "plate": plate,
            "house": {"id": row["house_id"], "label": row["label"]},
            "registrant": row["name"],
            "registered_at": row["registered_at"],
            **more(row),
        }
        for row, plate in zip(found, plates, strict=True)
    ]
