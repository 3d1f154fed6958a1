"""Intake: one statement, one order per request, photos only of the caller's own."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy import Engine, insert, text

from models.domain.errors import ValidationFailed
from models.domain.order import OrderState, Priority, Reporter, Source
from models.repositories import intake
from models.repositories.direct import Direct, numbered
from models.repositories.intake import NumberBlocks
from models.tables.photos import Photo
from tests.repositories.rows import START, WORDS, filing, rows, take_in


async def test_everything_of_version_one_is_written(direct: Direct, engine: Engine, number: str) -> None:
    state = filing(number)
    taken = await take_in(direct, state, key="everything")
    assert (taken.created, taken.number) == (True, number)
    with engine.connect() as conn:
        (order,) = rows(conn, "SELECT * FROM work_orders WHERE number = :n", n=number)
        assert OrderState.model_validate(order.state) == state
        assert (order.stage, order.open, order.version, order.issued_at) == ("submitted", True, 1, START)
        assert order.next_due_at == state.clocks["accept"].due_at
        (task,) = rows(conn, "SELECT * FROM tasks WHERE number = :n", n=number)
        assert (task.id, task.kind, task.roles) == (f"{number}.1", "dispatch", ["dispatcher"])
        assert task.due_at == order.next_due_at
        (event,) = rows(conn, "SELECT * FROM timeline_events WHERE number = :n", n=number)
        assert (event.kind, event.by_id, event.stage) == ("submitted", "res_owner", "submitted")
        (wish,) = rows(conn, "SELECT * FROM outbox WHERE number = :n", n=number)
        assert (wish.id, wish.action, wish.rank) == (number, "start", 2)
        (handled,) = rows(conn, "SELECT * FROM handled_requests WHERE update_id = 'everything'")
        assert (handled.number, handled.answer) == (number, None)


async def test_an_emergency_rings_and_goes_first(direct: Direct, engine: Engine, number: str) -> None:
    await take_in(direct, filing(number, Priority.EMERGENCY))
    with engine.connect() as conn:
        (notice,) = rows(conn, "SELECT * FROM notices WHERE number = :n", n=number)
        assert (notice.to_kind, notice.to_id, notice.urgent) == ("role", "dispatcher", True)
        wishes = rows(conn, "SELECT id, action, rank FROM outbox WHERE number = :n ORDER BY action", n=number)
        assert [tuple(wish) for wish in wishes] == [(notice.id, "notice", 1), (number, "start", 1)]


async def test_filed_by_a_clerk_says_so(direct: Direct, engine: Engine, number: str) -> None:
    state = filing(number)
    state.reporter = Reporter(kind="resident", id="res_owner", source=Source.PHONE, filed_by="stf_dispatcher")
    await take_in(direct, state)
    with engine.connect() as conn:
        (event,) = rows(conn, "SELECT * FROM timeline_events WHERE number = :n", n=number)
        assert (event.kind, event.by_id, event.facts) == ("filed", "stf_dispatcher", {"source": "phone"})


async def test_the_same_request_twenty_times_at_once_is_one_order(direct: Direct, engine: Engine) -> None:
    numbers = NumberBlocks(direct)
    states = [filing(await numbers.number("repair", START)) for _ in range(20)]
    taken = await asyncio.gather(*(take_in(direct, state, key="twin") for state in states))
    assert sum(one.created for one in taken) == 1
    assert len({one.number for one in taken}) == 1
    with engine.connect() as conn:
        found = rows(conn, "SELECT number FROM work_orders WHERE number = ANY(:n)", n=[s.number for s in states])
        assert [row.number for row in found] == [taken[0].number]


async def test_a_repetition_hears_the_first_answer(direct: Direct, number: str) -> None:
    state = filing(number)
    await intake.take_in(direct, state, WORDS, update_id="answered", digest="one", answer={"number": number})
    again = await intake.take_in(direct, filing("BX20261122-99999"), WORDS, update_id="answered", digest="two")
    assert (again.created, again.digest, again.answer) == (False, "one", {"number": number})


async def test_photos_are_claimed_once_and_only_by_their_owner(direct: Direct, engine: Engine, number: str) -> None:
    def photo(name: str, owner: str = "res_owner", status: str = "uploaded") -> dict[str, object]:
        return {
            "id": name,
            "owner_kind": "resident",
            "owner_id": owner,
            "content_type": "image/jpeg",
            "declared_size": 1,
            "upload_key": name,
            "status": status,
        }

    with engine.begin() as conn:
        conn.execute(insert(Photo), [photo("a"), photo("b", status="ready")])
        conn.execute(insert(Photo), [photo("waiting", status="awaiting"), photo("foreign", owner="res_other")])
    own = replace(WORDS, photo_owner=("resident", "res_owner"))

    for refused in ("waiting", "foreign", "unknown"):
        with pytest.raises(ValidationFailed) as error:
            await take_in(direct, filing(number), replace(own, photo_ids=["a", refused]), key=f"bad-{refused}")
        assert error.value.reason == "photo_not_yours"
    assert (await take_in(direct, filing(number), replace(own, photo_ids=["a", "b"]), key="good")).created
    assert not (await take_in(direct, filing(number), replace(own, photo_ids=["a", "b"]), key="good")).created
    with pytest.raises(ValidationFailed):
        await take_in(direct, filing("BX20261122-88888"), replace(own, photo_ids=["b"]), key="again")
    with engine.connect() as conn:
        found = rows(conn, "SELECT id, used_as FROM photos WHERE number = :n ORDER BY id", n=number)
        assert [tuple(row) for row in found] == [("a", "report"), ("b", "report")]
        assert not rows(conn, "SELECT 1 FROM work_orders WHERE number = 'BX20261122-88888'")


async def test_a_dead_connection_is_not_given_to_the_next_caller(database: str, engine: Engine, number: str) -> None:
    direct = Direct(database, pool_size=1)
    (mine,) = await direct.rows(numbered("SELECT pg_backend_pid() AS pid"), {})
    with engine.connect() as conn:
        conn.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": mine["pid"]})
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await take_in(direct, filing(number))
    assert (await take_in(direct, filing(number))).created
    await direct.close()


async def test_an_interrupted_statement_leaves_nothing_to_the_next_caller(database: str) -> None:
    direct = Direct(database, pool_size=1)
    sleep, one = numbered("SELECT pg_sleep(5)"), numbered("SELECT CAST(:said AS jsonb) AS said")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(direct.rows(sleep, {}), 0.1)
    (row,) = await direct.rows(one, {"said": {"door": ["一"]}})
    assert row["said"] == {"door": ["一"]}
    with pytest.raises(asyncpg.DataError):
        await direct.rows(numbered("SELECT CAST(:said AS integer)"), {"said": "three"})
    await direct.close()


async def test_numbers_never_repeat_between_processes(direct: Direct) -> None:
    first, second = NumberBlocks(direct), NumberBlocks(direct)
    taken = await asyncio.gather(*(blocks.take() for _ in range(120) for blocks in (first, second)))
    assert len(set(taken)) == len(taken) == 240
