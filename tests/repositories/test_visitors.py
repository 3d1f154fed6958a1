"""Visitors among thousands of others: a day at the gate, a resident's own, and whose names are due to be forgotten, are
found without reading the rest.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from models.repositories import visitors
from models.repositories.direct import Direct, numbered
from models.repositories.visitors import Sought
from tests.repositories import plans
from tests.repositories.rows import START

MANY = 6000
"""One an hour."""

FILL = """
    INSERT INTO houses (id, community_id, label, kind, status)
    VALUES ('hse_visited', 'com_b', '9栋9单元909室', 'residence', 'occupied');
    INSERT INTO work_orders (number, kind, community_id, house_id, place_label, category, description, answers,
        reporter_kind, reporter_id, source, stage, open, priority, urged, submitted_at, version, issued_at, touched_at,
        state)
    SELECT 'FK20260101-' || lpad(n::text, 5, '0'), 'visitor', 'com_b', 'hse_visited', '9栋9单元909室', 'guest', '',
        '{}',
        'resident', CASE WHEN n % 200 = 0 THEN 'res_host' ELSE 'res_' || n END, 'app',
        'closed', n % 500 = 0, 'normal', 0, :at - n * interval '1 hour', 1, :at, :at, '{}'
    FROM generate_series(1, :many) n;
    INSERT INTO visitor_passes (number, community_id, house_id, type, walk_in, since, until, persons, entries, used,
        name_sealed, name_hash)
    SELECT number, community_id, house_id, 'guest', false, submitted_at, submitted_at + interval '1 hour', 1, 1, 1,
        'sealed'::bytea, number
    FROM work_orders WHERE community_id = 'com_b' AND kind = 'visitor'"""

DAY = (START - timedelta(days=100), START - timedelta(days=99))


@pytest.fixture(scope="module")
def crowd(engine: Engine) -> None:
    with engine.begin() as conn:
        for statement in FILL.split(";"):
            conn.execute(text(statement), {"at": START, "many": MANY})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("ANALYZE"))


def of_day(sought: Sought | None) -> Callable[[Direct], Awaitable[Any]]:
    return lambda db: visitors.of_day(db, ["com_b"], [], [], DAY, sought, 201)


ASKED: dict[str, Callable[[Direct], Awaitable[Any]]] = {
    "a day at the gate": of_day(None),
    "somebody of that day": of_day(Sought("王", "王", "FK20260101-02400", None, None)),
    "a resident's own": lambda db: visitors.of_resident(db, "res_host", after=None, limit=21),
    "older ones": lambda db: visitors.of_resident(db, "res_host", after=(DAY[0], "FK"), limit=21),
}


@pytest.mark.parametrize("asked", ASKED)
async def test_what_is_asked_reads_what_it_answers(database: str, engine: Engine, crowd: None, asked: str) -> None:
    assert 0 < await plans.rows_read(database, engine, ASKED[asked]) < MANY / 10


def test_whom_to_forget_is_found_without_reading_the_rest(engine: Engine, crowd: None) -> None:
    """Only the oldest are due, those of a visit that still goes on are not, and a second sweep finds nobody."""
    said = numbered(visitors._ANONYMISE.text)
    now = START - timedelta(hours=MANY - 20) + timedelta(days=30)
    values = {"now": now, "usually": timedelta(days=30), "limit": 500}
    plan = plans.explained(engine, said.sql, [values[name] for name in said.names])
    assert 0 < plans.looked_at(plan) < MANY / 10
    with engine.begin() as conn:
        assert visitors.anonymise(conn, **values) == 18
        assert visitors.anonymise(conn, **values) == 0
        conn.execute(
            text("INSERT INTO policies (community_id, version, settings) VALUES ('com_b', 1, :settings)"),
            {"settings": '{"visitors_known_for": "P29D"}'},
        )
        assert visitors.anonymise(conn, **values) == 24
        conn.execute(text("DELETE FROM policies WHERE community_id = 'com_b'"))
