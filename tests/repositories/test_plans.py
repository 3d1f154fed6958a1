"""What people ask every day reads what it answers, however much else there is: planned once for all values, as on every
connection of ours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, TextClause, text

from models.repositories import outbox, public_works, ratings, reading, relaying, rounds, sweeping
from models.repositories.direct import Direct, numbered
from tests.repositories import plans
from tests.repositories.rows import START

MANY = 6000

FILL = r"""
    INSERT INTO work_orders (number, kind, community_id, house_id, place_label, category, description, answers,
        reporter_kind, reporter_id, source, stage, open, priority, urged, submitted_at, closed_at, rating_result,
        rating_speed, rating_manner, assignee_id, version, issued_at, touched_at, state, started_at, workflow_ended_at,
        next_due_at)
    SELECT 'BX20261102-' || lpad(n::text, 5, '0'),
        CASE WHEN n = 5000 THEN 'visitor' WHEN n % 2000 = 0 THEN 'complaint' ELSE 'repair' END, 'com_a',
        CASE WHEN n % 1000 <> 1 THEN 'hse_2' END, '1栋', 'water', '漏水', '{}', 'resident', 'res_other', 'app',
        CASE WHEN n % 1000 < 3 THEN 'on_hold' ELSE 'closed' END, n % 1000 < 3, 'normal', 0,
        :at - n * interval '1 minute', CASE WHEN n % 1000 >= 3 THEN :at - n * interval '1 minute' END, 5, 5, 5,
        'stf_tech', 1, :at, :at - n * interval '1 minute', '{"place": {}}', :at,
        NULL, :at - n * interval '1 minute'
    FROM generate_series(1, :many) n;
    INSERT INTO notices (id, number, version, kind, to_kind, to_id, facts, urgent, created_at, delivery)
    SELECT number || '-n', number, 1, 'closed', 'resident',
        CASE WHEN right(number, 5)::int % 200 = 0 THEN 'res_owner' ELSE 'res_' || right(number, 3) END, '{}', false,
        submitted_at, 'sent'
    FROM work_orders;
    INSERT INTO outbox (id, action, number, version, rank, body, created_at, not_before, attempts, done_at)
    SELECT number, 'start', number, 1, 2, '{}', submitted_at, submitted_at, 1, submitted_at FROM work_orders;
    INSERT INTO photos (id, owner_kind, owner_id, content_type, declared_size, upload_key, status, created_at, audience)
    SELECT number, 'resident', 'res_other', 'image/png', 1, 'u',
        CASE WHEN right(number, 5)::int % 1000 = 0 THEN 'awaiting' ELSE 'ready' END, submitted_at, 'reporter'
    FROM work_orders;
    INSERT INTO rounds (id, community_id, title, spot, category, checks, weekdays, times, duty_role,
        paused, version, applied_version, planned_by, planned_at)
    VALUES ('rnd_1', 'com_a', '电梯', 'lift', 'water', '{门}', '{1}', '{08\:00}', 'technician', false, 1, 1, 'stf_tech',
        :at);
    INSERT INTO patrols (id, round_id, community_id, title, spot, category, duty_role, scheduled_at, due_at, status)
    SELECT 'pat_' || number, 'rnd_1', 'com_a', '电梯', 'lift', 'water', 'technician', submitted_at, submitted_at, 'done'
    FROM work_orders"""

Ask = Callable[[Direct], Awaitable[Any]]


@pytest.fixture(scope="module")
def crowd(engine: Engine) -> None:
    with engine.begin() as conn:
        for statement in FILL.split(";"):
            conn.execute(text(statement), {"at": START, "many": MANY})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("ANALYZE"))


def staffs_list(**filters: Any) -> Ask:
    return lambda db: reading.orders_of_staff(
        db, ["com_a"], now=START, onlooker=reading.Onlooker(), limit=21, **filters
    )


LATER = (START - timedelta(minutes=3000), "BX")

ASKED: dict[str, Ask] = {
    "all orders": staffs_list(),
    "open orders": staffs_list(is_open=True),
    "late orders": staffs_list(overdue=True),
    "orders on hold": staffs_list(stage="on_hold"),
    "complaints": staffs_list(kind="complaint"),
    "late complaints": staffs_list(kind="complaint", overdue=True),
    "visits": staffs_list(kind="visitor"),
    "messages": lambda db: reading.messages(db, "resident", "res_owner", limit=21),
    "older messages": lambda db: reading.messages(db, "resident", "res_owner", after=LATER, limit=21),
    "a resident": lambda db: reading.resident(db, "res_owner"),
    "public works": lambda db: public_works.near(db, "res_owner", None, 21),
    "older public works": lambda db: public_works.near(db, "res_owner", reading.OrderKey(*LATER), 21),
    "walks": lambda db: rounds.patrols(db, ["com_a"], me="stf_tech", team="", roles=["technician"], limit=21),
    "older walks": lambda db: rounds.patrols(
        db, ["com_a"], me="stf_tech", team="", roles=["technician"], mine=True, after=LATER, limit=21
    ),
    "stars": lambda db: ratings.stars(db, ["com_a"], since=START - timedelta(minutes=100)),
}


@pytest.mark.parametrize("asked", ASKED)
async def test_what_is_asked_all_day_reads_what_it_answers(
    database: str, engine: Engine, crowd: None, asked: str
) -> None:
    assert 0 < await plans.rows_read(database, engine, ASKED[asked]) < MANY / 10


SWEPT: dict[str, tuple[TextClause, dict[str, datetime | int]]] = {
    "wishes carried out long ago": (outbox._FORGET, {"before": START - timedelta(minutes=MANY - 10)}),
    "photos that never came": (sweeping._ABANDONED, {"before": START, "limit": 500}),
    "orders written lately": (relaying._TOUCHED, {"since": START - timedelta(minutes=100), "limit": 500}),
}


@pytest.mark.parametrize("swept", SWEPT)
def test_what_is_swept_is_found_without_reading_the_rest(engine: Engine, crowd: None, swept: str) -> None:
    statement, values = SWEPT[swept]
    said = numbered(statement.text)
    plan = plans.explained(engine, said.sql, [values[name] for name in said.names])
    assert 0 < plans.looked_at(plan) < MANY / 10
