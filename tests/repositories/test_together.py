"""Writes that come at the same time: one transaction for all, and nobody is refused for another's sake."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Engine, insert

from models.domain.errors import ValidationFailed
from models.domain.order import OrderState
from models.repositories import intake, reading, together
from models.repositories.direct import Direct, numbered
from models.repositories.intake import NumberBlocks, Taken, Words
from models.repositories.together import AT_MOST, AT_ONCE
from models.tables.people import Resident, Tie
from models.tables.photos import Photo
from models.tables.places import House
from tests.repositories.rows import START, WORDS, filing, rows

SECONDS = 20
MANY = AT_MOST * AT_ONCE * 2
ECHO = numbered("SELECT it, txid_current() AS within FROM jsonb_to_recordset(:all) AS said(it integer)")

SLOW = numbered("SELECT pg_sleep(seconds) FROM jsonb_to_recordset(:all) AS said(seconds float)")


async def states(direct: Direct, count: int) -> list[OrderState]:
    numbers = NumberBlocks(direct)
    return [filing(await numbers.number("repair", START)) for _ in range(count)]


async def take_in(direct: Direct, state: OrderState, words: Words, key: str) -> Taken:
    return await intake.take_in(direct, state, words, update_id=key, digest="digest")


async def test_many_at_once_share_a_transaction_and_each_finds_its_own(direct: Direct) -> None:
    async with asyncio.timeout(SECONDS):
        answers = await asyncio.gather(*(direct.rows_in_company(ECHO, {"it": it}) for it in range(MANY)))
    mine = [next(row for row in found if row["it"] == it) for it, found in enumerate(answers)]
    assert len({row["within"] for row in mine}) <= MANY / AT_MOST + AT_ONCE


async def test_whoever_comes_while_the_last_is_leaving_is_written_too(
    direct: Direct, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "AT_ONCE", 1)
    async with asyncio.timeout(SECONDS):
        for it in range(3):
            await direct.rows_in_company(ECHO, {"it": it})


async def test_one_that_is_stuck_holds_up_no_other(direct: Direct) -> None:
    stuck = asyncio.create_task(direct.rows_in_company(SLOW, {"seconds": 5}))
    await asyncio.sleep(0)
    async with asyncio.timeout(2):
        for _ in range(3):
            await asyncio.gather(*(direct.rows_in_company(SLOW, {"seconds": 0}) for _ in range(3)))
    assert not stuck.done()
    stuck.cancel()


async def test_one_that_fails_takes_no_other_along(direct: Direct, engine: Engine) -> None:
    filed = await states(direct, 6)
    filed[2].community_id = "com_unknown"  # The database refuses it.
    said = dict.fromkeys(range(len(filed)), WORDS) | {
        0: replace(WORDS, photo_ids=["no-such-photo"], photo_owner=("resident", "res_owner")),
        4: replace(WORDS, description=b"no text"),  # It cannot be sent there.
    }
    async with asyncio.timeout(SECONDS):
        taken = await asyncio.gather(
            *(take_in(direct, state, said[turn], f"alone-{state.number}") for turn, state in enumerate(filed)),
            return_exceptions=True,
        )
    assert [type(one) for one in taken] == [
        ValidationFailed,
        Taken,
        asyncpg.ForeignKeyViolationError,
        Taken,
        asyncpg.DataError,
        Taken,
    ]
    with engine.connect() as conn:
        found = rows(conn, "SELECT number FROM work_orders WHERE number = ANY(:n)", n=[one.number for one in filed])
    assert {row.number for row in found} == {filed[1].number, filed[3].number, filed[5].number}


async def test_twins_in_company_are_one_order(direct: Direct, engine: Engine) -> None:
    filed = await states(direct, MANY)
    async with asyncio.timeout(SECONDS):
        taken = await asyncio.gather(
            *(take_in(direct, state, WORDS, f"twins-{turn % 2}") for turn, state in enumerate(filed))
        )
    assert sum(one.created for one in taken) == 2
    assert len({one.number for one in taken}) == 2
    with engine.connect() as conn:
        found = rows(conn, "SELECT number FROM work_orders WHERE number = ANY(:n)", n=[one.number for one in filed])
    assert {row.number for row in found} == {one.number for one in taken}


async def test_a_photo_that_two_name_in_one_moment_goes_to_one_of_them(direct: Direct, engine: Engine) -> None:
    filed = await states(direct, 6)
    with engine.begin() as conn:
        for turn in range(5):
            conn.execute(insert(Photo), photo(f"p{turn}"))
    named = ["p0"], ["p1", "p4"], ["p1", "p2"], [], ["p3"], ["p3"]  # The last two are one request, sent twice.
    keys = [f"named-{min(turn, 4)}" for turn in range(6)]
    async with asyncio.timeout(SECONDS):
        taken = await asyncio.gather(
            *(
                take_in(direct, state, replace(WORDS, photo_ids=photos, photo_owner=("resident", "res_owner")), key)
                for state, photos, key in zip(filed, named, keys, strict=True)
            ),
            return_exceptions=True,
        )
    assert [isinstance(one, Taken) and one.created for one in taken] == [True, True, False, True, True, False]
    assert isinstance(taken[2], ValidationFailed)
    assert isinstance(taken[5], Taken)
    assert taken[5].number == filed[4].number
    with engine.connect() as conn:
        found = dict(rows(conn, "SELECT id, number FROM photos ORDER BY id"))
    owners = {"p0": filed[0], "p1": filed[1], "p2": None, "p3": filed[4], "p4": filed[1]}
    assert found == {name: state and state.number for name, state in owners.items()}


def photo(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "owner_kind": "resident",
        "owner_id": "res_owner",
        "content_type": "image/jpeg",
        "declared_size": 1,
        "upload_key": name,
        "status": "uploaded",
    }


async def test_who_asks_in_company_where_they_live_hears_of_no_other_s_home(direct: Direct, engine: Engine) -> None:
    people = {f"res_{turn}": f"hse_{turn}" for turn in range(10, 16)}
    with engine.begin() as conn:
        for person, house in people.items():
            conn.execute(insert(Resident), {"id": person, "name": person})
            conn.execute(insert(House), {"id": house, "community_id": "com_a", "label": house})
            conn.execute(insert(Tie), {"resident_id": person, "house_id": house, "kind": "owner", "since": START})
    asked = [(person, house) for person in people for house in people.values()]
    async with asyncio.timeout(SECONDS):
        found = await asyncio.gather(
            *(reading.tied_house(direct, person, house_id=house) for person, house in asked),
            *(reading.tied_house(direct, person, community_id="com_a") for person in people),
            reading.tied_house(direct, "res_10", community_id="com_b"),
        )
    told = [(row["resident_id"], row["id"]) if row else None for row in found]
    homes = list(people.items())
    assert told == [pair if pair in homes else None for pair in asked] + homes + [None]


async def test_an_outage_is_heard_by_all() -> None:
    gone = Direct("postgresql://nobody@127.0.0.1:1/nothing", 1)
    async with asyncio.timeout(SECONDS):
        heard = await asyncio.gather(
            *(gone.rows_in_company(ECHO, {"it": it}) for it in range(3)), return_exceptions=True
        )
    assert all(isinstance(one, OSError) for one in heard)
