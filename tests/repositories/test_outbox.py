"""Leasing: in order, once, given back, and slower after each failure."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert, text

from models.repositories import outbox, relaying
from models.repositories.direct import Direct
from models.tables.plumbing import OutboxRow
from tests.repositories.rows import START, filing, minute, rows, take_in


@pytest.fixture(autouse=True)
def _empty(engine: Engine) -> Iterator[None]:
    yield
    with engine.begin() as conn:
        conn.execute(text("DELETE FROM outbox"))


def fill(engine: Engine, *wishes: tuple[str, int, float]) -> None:
    """Each wish: id, rank, the minute from which it is due."""
    with engine.begin() as conn:
        conn.execute(
            insert(OutboxRow),
            [
                {"id": name, "action": "photo", "rank": rank, "body": {"for": name}, "not_before": minute(at)}
                for name, rank, at in wishes
            ],
        )


def lease(engine: Engine, limit: int, at: float) -> list[str]:
    with engine.begin() as conn:
        return [row.id for row in outbox.lease(conn, limit, minute(at))]


def test_emergencies_first_then_the_oldest_and_nothing_before_its_time(engine: Engine) -> None:
    fill(engine, ("late", 3, 1), ("later", 3, 2), ("start", 2, 3), ("emergency", 1, 4), ("tomorrow", 1, 1440))
    assert lease(engine, 3, 5) == ["emergency", "start", "late"]
    assert lease(engine, 3, 5) == ["later"]
    assert lease(engine, 3, 5) == []
    with engine.begin() as conn:
        assert outbox.waiting(conn, minute(5)) == 4


def test_starts_that_may_not_go_yet_are_left_alone_and_hold_up_nothing(engine: Engine) -> None:
    fill(engine, *((f"start-{turn}", 2, turn) for turn in range(5)), ("emergency", 1, 6), ("notice", 3, 7))
    with engine.begin() as conn:
        assert [row.id for row in outbox.lease(conn, 9, minute(8), starts=2)] == [
            "emergency",
            "start-0",
            "start-1",
            "notice",
        ]
        assert outbox.lease(conn, 9, minute(8), starts=0) == []
        left = rows(conn, "SELECT id, attempts FROM outbox WHERE leased_until IS NULL ORDER BY id")
        assert [tuple(row) for row in left] == [("start-2", 0), ("start-3", 0), ("start-4", 0)]
        assert [row.id for row in outbox.lease(conn, 2, minute(8))] == ["start-2", "start-3"]


def test_a_lease_runs_out(engine: Engine) -> None:
    fill(engine, ("one", 3, 0))
    assert lease(engine, 1, 0) == ["one"]
    after = outbox.LEASE / timedelta(minutes=1)
    assert lease(engine, 1, after - 0.01) == []
    assert lease(engine, 1, after) == ["one"]


def test_two_relays_never_lease_the_same_row(engine: Engine) -> None:
    fill(engine, *((f"row-{number:03}", 3, 0) for number in range(200)))
    with ThreadPoolExecutor(4) as pool:
        leased = [row for found in pool.map(lambda _: lease(engine, 25, 1), range(8)) for row in found]
    assert len(leased) == len(set(leased)) == 200


def test_given_back_failed_and_done(engine: Engine) -> None:
    fill(engine, ("back", 3, 0), ("bad", 3, 0), ("good", 3, 0))
    assert len(lease(engine, 9, 0)) == 3
    with engine.begin() as conn:
        outbox.release(conn, ["back"])
        outbox.fail(conn, "bad", "no luck", minute(0))
        outbox.done(conn, ["good"], minute(0))
    with engine.begin() as conn:
        (again,) = outbox.lease(conn, 9, minute(0))
    assert (again.id, again.attempts, again.body) == ("back", 1, {"for": "back"})
    second = outbox.FIRST_DELAY / timedelta(minutes=1)
    assert lease(engine, 9, second) == ["bad"]
    assert lease(engine, 9, 10) == ["back", "bad"]  # The leases of the first two have run out meanwhile.
    with engine.begin() as conn:
        conn.execute(text("UPDATE outbox SET attempts = 40 WHERE id = 'bad'"))
        outbox.fail(conn, "bad", "still none", minute(20))
        (bad,) = rows(conn, "SELECT not_before, error FROM outbox WHERE id = 'bad'")
        assert (bad.not_before, bad.error) == (minute(20) + outbox.LONGEST_DELAY, "still none")
        assert outbox.forget_done(conn, START + outbox.KEEP_DONE) == 0
        assert outbox.forget_done(conn, START + outbox.KEEP_DONE + timedelta(seconds=1)) == 1


async def test_a_start_that_is_done_marks_its_order(direct: Direct, engine: Engine, number: str) -> None:
    await take_in(direct, filing(number))
    with engine.begin() as conn:
        outbox.done(conn, [number], minute(1))
        outbox.done(conn, [number], minute(2))
        (order,) = rows(conn, "SELECT started_at FROM work_orders WHERE number = :n", n=number)
    assert order.started_at == minute(1)


async def test_whoever_starts_an_order_names_it_alike(direct: Direct, engine: Engine, number: str) -> None:
    await take_in(direct, filing(number))
    with engine.begin() as conn:
        by_the_relay = relaying.starting(conn, [number])[number]
    assert await relaying.starting_of(direct, number) == by_the_relay
    assert (by_the_relay.category, by_the_relay.building) == ("水暖", "1栋")
