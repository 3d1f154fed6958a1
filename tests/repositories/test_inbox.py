"""Boxes: what lies in them and in which order, page by page, and that a full one costs no more than a small one."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text

from models.domain.order import LAST_RANK, Priority
from models.repositories import inbox
from models.repositories.direct import Direct
from models.repositories.reading import Onlooker
from models.tables.orders import TaskRow, WorkOrder
from models.tables.places import Building
from models.tables.rounds import Patrol, Round
from tests.repositories import plans
from tests.repositories.rows import START, filing

FEW: dict[str, Any] = {
    "tech": {"me": ["stf_tech"], "roles": ["technician"], "team": "engineering", "communities": ["com_a"]},
    "deputy": {"me": ["stf_tech2", "stf_tech"], "roles": ["technician"], "team": "order", "communities": ["com_a"]},
    "dispatcher": {"me": ["stf_dispatcher"], "roles": ["dispatcher", "lead"], "team": "", "communities": ["com_a"]},
    "all": {"me": ["stf_tech"], "roles": ["clerk"], "team": "engineering", "communities": ["com_a", "com_b"]},
    "narrow": {
        "me": ["stf_tech"],
        "roles": ["technician", "lead"],
        "team": "engineering",
        "communities": ["com_a", "com_b"],
        "narrowed": ["com_a"],
        "buildings": ["bld_2"],
    },
    "nobody": {"me": ["stf_tech"], "roles": ["technician"], "team": "engineering", "communities": []},
}

DEFINED = {
    "mine": "t.holder_id = ANY(:me)",
    "pool": """(t.holder_id IS NULL AND t.roles && CAST(:roles AS varchar[])
        OR t.also_seen_by && CAST(:roles AS varchar[]))""",
    "team": """(t.holder_id IN (SELECT id FROM staff WHERE team = :team) OR t.holder_id IS NULL AND EXISTS (
        SELECT FROM staff m WHERE m.team = :team AND m.active AND m.roles && t.roles))""",
}
"""What lies in a box, said as plainly as it can be."""

PLAIN = """
    SELECT t.id FROM tasks t JOIN work_orders w ON w.number = t.number
    WHERE t.closed_at IS NULL AND {box} AND t.community_id = ANY(:communities) AND NOT :self = ANY(w.excluded)
      AND (t.holder_id = ANY(:me) OR NOT w.community_id = ANY(:narrowed) OR w.building_id IS NULL
           OR w.building_id = ANY(:buildings))
      AND (CAST(:kind AS text) IS NULL OR t.order_kind = :kind)
    ORDER BY CASE w.priority WHEN 'emergency' THEN 1 WHEN 'high' THEN 2 ELSE 3 END, w.urged = 0,
             t.due_at NULLS LAST, t.id"""


def chosen(rng: random.Random, number: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """An order and its task, with few different values of everything, so that much of it is equal."""
    state = filing(number, rng.choice(list(Priority)))
    state.urges.count = rng.choice([0, 0, 1, 3])
    community = rng.choice(["com_a", "com_a", "com_b"])
    order = {
        "number": number,
        "kind": rng.choice(["repair", "complaint"]),
        "community_id": community,
        "building_id": rng.choice([None, "bld_1", "bld_2"]) if community == "com_a" else None,
        "place_label": "1栋",
        "category": "water",
        "description": "漏水",
        "reporter_kind": "resident",
        "stage": "submitted",
        "priority": state.priority.value,
        "urged": state.urges.count,
        "submitted_at": START,
        "issued_at": START,
        "excluded": rng.choice([[], [], [], ["stf_tech"]]),
        "state": {},
    }
    holder = rng.choice([None, None, "stf_tech", "stf_tech2", "stf_dispatcher", "res_owner"])
    task = {
        "id": f"{number}.1",
        "number": number,
        "community_id": community,
        "order_kind": order["kind"],
        "kind": "accept",
        "holder_id": holder,
        "roles": [] if holder == "res_owner" else rng.choice([["technician"], ["dispatcher"], ["clerk", "lead"]]),
        "also_seen_by": rng.choice([[], [], [], ["dispatcher", "lead"]]),
        "rank": state.rank,
        "opened_at": START,
        "opened_version": 1,
        "due_at": rng.choice([None, START, START + timedelta(hours=1)]),
        "closed_at": rng.choice([None, None, None, None, START]),
    }
    return order, task


@pytest.fixture(scope="module", autouse=True)
def tasks(engine: Engine) -> None:
    rng = random.Random(16)
    rows = [chosen(rng, f"BX20261101-{n:05}") for n in range(400)]
    with engine.begin() as conn:
        conn.execute(
            insert(Building), [{"id": "bld_2", "community_id": "com_a", "name": "2栋", "units": 1, "floors": 6}]
        )
        conn.execute(insert(WorkOrder), [order for order, _ in rows])
        conn.execute(insert(TaskRow), [task for _, task in rows])


async def walk(direct: Direct, box: str, who: dict[str, Any], kind: str | None, page: int = 7) -> list[str]:
    """The ids of a whole box, page by page."""
    found: list[str] = []
    after = None
    onlooker = Onlooker(who["me"][0], who["me"], who["roles"])
    while True:
        rows = await inbox.inbox(direct, box, **who, onlooker=onlooker, kind=kind, after=after, limit=page)
        found += [row["id"] for row in rows]
        if len(rows) < page:
            return found
        after = inbox.TaskKey(rows[-1]["sort_rank"], rows[-1]["sort_due"], rows[-1]["id"])


def plainly(engine: Engine, box: str, who: dict[str, Any], kind: str | None) -> list[str]:
    values = {"narrowed": [], "buildings": [], "kind": kind, "self": who["me"][0]} | who
    with engine.connect() as conn:
        return list(conn.execute(text(PLAIN.format(box=DEFINED[box])), values).scalars())


@pytest.mark.parametrize("box", ["mine", "pool", "team"])
@pytest.mark.parametrize("kind", [None, "complaint"])
async def test_pages_hold_the_whole_box_once_and_in_its_order(
    direct: Direct, engine: Engine, box: str, kind: str | None
) -> None:
    for name, who in FEW.items():
        expected = plainly(engine, box, who, kind)
        assert expected or name in ("deputy", "dispatcher", "nobody"), "or nothing is compared"
        assert await walk(direct, box, who, kind) == expected, name
        asked = {**who, "onlooker": Onlooker(who["me"][0]), "now": START + timedelta(minutes=1)}
        counts = await inbox.inbox_counts(direct, **asked)
        assert kind is not None or counts[box] == len(expected), name
        assert await inbox.inbox_counts(direct, **asked, mine_alone=True) == {"mine": counts["mine"]}


async def test_what_is_late_of_mine_is_counted(direct: Direct, engine: Engine) -> None:
    who = FEW["tech"]
    with engine.connect() as conn:
        mine = plainly(engine, "mine", who, None)
        due = conn.execute(text("SELECT due_at FROM tasks WHERE id = ANY(:ids)"), {"ids": mine}).scalars().all()
    now = START + timedelta(minutes=1)
    counts = await inbox.inbox_counts(direct, **who, onlooker=Onlooker("stf_tech"), now=now)
    late = [at for at in due if at is not None and at < now]
    assert late
    assert counts["overdue"] == len(late)


async def test_walks_lie_among_the_tasks(direct: Direct, engine: Engine) -> None:
    """As tasks of usual orders that nobody has urged, paged with them."""
    who = FEW["tech"]
    tasks = await walk(direct, "mine", who, None)
    with engine.begin() as conn:
        conn.execute(insert(Round), [a_round()])
        conn.execute(insert(Patrol), [a_patrol(n, START + timedelta(minutes=20 * n)) for n in range(5)])
    both = await walk(direct, "mine", who, None, page=2)
    assert [each for each in both if not each.startswith("pat")] == tasks
    assert await walk(direct, "mine", who, "patrol", page=2) == [f"pat_{n}" for n in range(5)]
    with engine.begin() as conn:
        due = dict(conn.execute(text("SELECT id, coalesce(due_at, 'infinity')::text FROM tasks WHERE rank = 5")).all())
        due |= dict(conn.execute(text("SELECT id, due_at::text FROM patrols")).all())
        conn.execute(text("DELETE FROM patrols"))
    last = [each for each in both if each in due]
    assert last == both[-len(last) :]
    assert last == sorted(last, key=lambda each: (due[each], each))


def a_round() -> dict[str, Any]:
    return {
        "id": "rnd_1",
        "community_id": "com_a",
        "title": "电梯",
        "spot": "lift",
        "category": "water",
        "checks": ["门"],
        "weekdays": [1],
        "times": ["08:00"],
        "duty_staff": "stf_tech",
        "planned_by": "stf_tech",
        "planned_at": START,
    }


def a_patrol(n: int, due_at: datetime) -> dict[str, Any]:
    of_the_round = {name: a_round()[name] for name in ("community_id", "title", "spot", "category", "duty_staff")}
    return {"id": f"pat_{n}", "round_id": "rnd_1", "scheduled_at": due_at, "due_at": due_at, **of_the_round}


# -- a full box -------------------------------------------------------------------------------------------------------

MANY = 6000

FILL = """
    INSERT INTO work_orders (number, kind, community_id, place_label, category, description, answers, reporter_kind,
        source, stage, open, priority, urged, submitted_at, version, issued_at, touched_at, state)
    SELECT 'BX20261102-' || lpad(n::text, 5, '0'), 'repair', 'com_b', '1栋', 'water', '漏水', '{}', 'resident', 'app',
        'submitted', true, 'normal', 0, :at, 1, :at, :at, '{}' FROM generate_series(1, :many) n;
    INSERT INTO tasks (id, number, community_id, order_kind, kind, holder_id, roles, also_seen_by, rank, opened_at,
        opened_version, due_at, form)
    SELECT number || '.1', number, 'com_b', 'repair', 'accept', CASE n % 3 WHEN 0 THEN 'stf_full' END,
        CASE n % 3 WHEN 1 THEN '{guard}' ELSE '{inspector}' END::varchar[], '{}', n % 6, :at, 1, :at, '{}'
    FROM (SELECT number, right(number, 5)::int AS n FROM work_orders WHERE number LIKE 'BX20261102-%') w"""

FULL: dict[str, Any] = {"me": ["stf_full"], "roles": ["guard"], "team": "order", "communities": ["com_a", "com_b"]}


@pytest.fixture(scope="module")
def full(engine: Engine) -> None:
    with engine.begin() as conn:
        conn.execute(
            text(
                "INSERT INTO staff (id, account, name, password_hash, team, roles, skills, active, on_duty)"
                " VALUES ('stf_full', 'full', 'full', '-', 'order', '{guard}', '{}', true, true)"
            )
        )
        for statement in FILL.split(";"):
            conn.execute(text(statement), {"at": START, "many": MANY})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("ANALYZE"))


@pytest.mark.parametrize("box", ["mine", "pool", "team"])
@pytest.mark.parametrize("kind", [None, "complaint"])
async def test_a_page_of_a_full_box_reads_a_page(
    database: str, engine: Engine, full: None, box: str, kind: str | None
) -> None:
    after = inbox.TaskKey(3, str(START), "")
    onlooker = Onlooker("stf_full")
    for begin in (None, after):
        read = await plans.rows_read(
            database,
            engine,
            lambda db: inbox.inbox(db, box, **FULL, onlooker=onlooker, kind=kind, after=begin, limit=21),  # noqa: B023
        )
        assert 0 < read < MANY / 6


async def test_a_full_box_is_counted_so_far_and_no_further(
    database: str, engine: Engine, direct: Direct, full: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "COUNTED_AT_MOST", 100)

    def counts(db: Direct) -> Any:
        return inbox.inbox_counts(db, **FULL, onlooker=Onlooker("stf_full"), now=START + timedelta(days=1))

    assert await counts(direct) == {"mine": 100, "pool": 100, "team": 100, "overdue": 100}
    assert await plans.rows_read(database, engine, counts) < MANY / 2


def test_usual_orders_that_nobody_has_urged_come_last() -> None:
    orders = [filing("BX20261101-99999", priority) for priority in Priority for _ in range(2)]
    for order in orders[::2]:
        order.urges.count = 1
    assert [order.rank for order in orders] == list(range(LAST_RANK + 1))
