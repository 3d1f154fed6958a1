"""The demo is what `contract.md` promises, agrees with the rules, and is written once."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, text

from devstack.demo.__main__ import run
from devstack.demo.people import PASSWORD
from devstack.words import DEMO_PASSWORD, DEMO_STAFF
from models.domain.order import OrderState
from models.domain.people import Actor, Role
from models.domain.plates import PlateKind, plate_of
from models.domain.rights import allowed
from models.repositories import engines, outbox
from models.repositories.people import staff_by_account
from models.repositories.sealing import Sealing
from settings import Settings
from tests import postgres

KEY = b"k" * 32


def settings(url: str, demo: bool = True) -> Settings:
    return Settings(database_url=url, privacy_key=b64encode(KEY).decode(), demo=demo)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="module")
def demo(url: str) -> Iterator[Engine]:
    assert run(settings(url)) == 0
    engine = engines.sync_engine(url)
    yield engine
    engine.dispose()


def ask(engine: Engine, sql: str, **values: Any) -> list[Any]:
    with engine.connect() as conn:
        return list(conn.execute(text(sql), values).all())


def test_a_second_run_changes_nothing(url: str, demo: Engine) -> None:
    before = ask(demo, "SELECT count(*), max(number) FROM work_orders")
    assert run(settings(url)) == 0
    assert ask(demo, "SELECT count(*), max(number) FROM work_orders") == before


def test_an_installation_without_demo_stays_empty() -> None:
    with postgres.database() as url:
        assert run(settings(url, demo=False)) == 0
        engine = engines.sync_engine(url)
        assert ask(engine, "SELECT 1 FROM communities") == []
        engine.dispose()


def test_people_and_places(demo: Engine) -> None:
    communities = ask(demo, "SELECT code, name FROM communities ORDER BY code DESC")
    assert [tuple(row) for row in communities] == [("xfl", "幸福里"), ("hxy", "和谐苑")]
    homes = ask(
        demo,
        "SELECT h.label, r.openid FROM houses h JOIN communities c ON c.id = h.community_id"
        " LEFT JOIN ties t ON t.house_id = h.id AND t.kind = 'owner' LEFT JOIN residents r ON r.id = t.resident_id"
        " WHERE c.code = 'xfl' AND h.kind = 'residence' ORDER BY h.building_id, h.unit, h.floor, h.label",
    )
    assert len(homes) == 60
    assert homes[0].label == "1栋1单元101室"
    assert [home.openid for home in homes[:20]] == [f"demo-owner-{number}" for number in range(1, 21)]
    statuses = {row.status for row in ask(demo, "SELECT DISTINCT status FROM houses")}
    assert statuses >= {"occupied", "vacant", "renovating", "let"}
    second = ask(
        demo,
        "SELECT h.kind FROM ties t JOIN residents r ON r.id = t.resident_id JOIN houses h ON h.id = t.house_id"
        " WHERE r.openid = 'demo-owner-2' ORDER BY 1",
    )
    assert [row.kind for row in second] == ["parking_space", "residence", "residence"]
    openids = {row.openid for row in ask(demo, "SELECT openid FROM residents WHERE openid IS NOT NULL")}
    assert openids >= {"demo-family-1", "demo-minor-1", "demo-tenant-1", "demo-unbound", "demo-visitor", "hxy-owner-3"}
    (owner,) = ask(demo, "SELECT phone_sealed, phone_hash FROM residents WHERE openid = 'demo-owner-1'")
    sealing = Sealing(KEY)
    phone = sealing.open(bytes(owner.phone_sealed))
    assert sealing.search_hash(phone) == owner.phone_hash


def test_every_login_that_is_announced_works(demo: Engine) -> None:
    accounts = [account.strip() for line, _ in DEMO_STAFF for account in line.split(",")]
    with demo.connect() as conn:
        found = {account: staff_by_account(conn, account) for account in [*accounts, "hxy-dispatcher"]}
    assert all(found.values())
    assert PASSWORD == DEMO_PASSWORD
    (hashed,) = {row.password_hash for row in ask(demo, "SELECT DISTINCT password_hash FROM staff")}
    assert PasswordHasher().verify(hashed, PASSWORD)
    ours, theirs = found["dispatcher"], found["hxy-dispatcher"]
    assert ours is not None
    assert theirs is not None
    assert set(ours[0].communities).isdisjoint(theirs[0].communities)


def test_owners_one_to_ten_start_clean(demo: Engine) -> None:
    clean = "res_demo_owner_([1-9]|10)"
    assert ask(demo, "SELECT 1 FROM work_orders WHERE reporter_id ~ ('^' || :who || '$')", who=clean) == []
    assert ask(demo, "SELECT 1 FROM work_orders WHERE community_id = 'com_demo_hxy'") == []


def test_every_order_agrees_with_the_rules(demo: Engine) -> None:
    """The row, its state, its open tasks and its timeline tell the same story, and somebody can go on with it."""
    now = datetime.now(UTC)
    tasks: dict[str, dict[str, str | None]] = {}
    for task in ask(demo, "SELECT id, number, holder_id FROM tasks WHERE closed_at IS NULL"):
        tasks.setdefault(task.number, {})[task.id] = task.holder_id
    last = dict(tuple(row) for row in ask(demo, "SELECT number, max(version) FROM timeline_events GROUP BY 1"))
    lead = Actor(kind="staff", id="x", roles=tuple(Role), communities=("*",))
    for order in ask(demo, "SELECT * FROM work_orders"):
        state = OrderState.model_validate(order.state)
        assert (order.stage, order.version, order.open) == (state.stage, state.version, state.open)
        assert last[order.number] == state.version
        assert tasks.get(order.number, {}) == {task.id: task.holder for task in state.tasks.values()}
        assert order.submitted_at < order.issued_at <= now or state.version == 1
        assert (order.workflow_ended_at is None) == bool(state.open or state.tasks)
        if state.open:
            assert allowed(state, lead, now)


def test_one_repair_per_stage_and_the_special_ones(demo: Engine) -> None:
    living = "FROM work_orders WHERE workflow_ended_at IS NULL AND kind = 'repair'"
    stages = {row.stage for row in ask(demo, f"SELECT stage {living}")}
    expected = {
        "submitted",
        "dispatched",
        "accepted",
        "in_progress",
        "quoting",
        "on_hold",
        "referred",
        "finished",
        "closed",
    }
    assert stages == expected
    assert 14 <= len(ask(demo, f"SELECT 1 {living}")) <= 25
    for special in (
        "urged = 3",
        "source = 'phone' AND filed_by IS NOT NULL",
        "state->'hold'->>'reason' = 'parts'",
        "state->'hold'->>'rebooking' = 'reporter'",
        "follows IS NOT NULL AND state->'follows'->>'why' = 'rework'",
        "priority = 'emergency'",
        "category = 'lift' AND accompanied",
        "primary_number IS NOT NULL",
        "incident_id IS NOT NULL",
        "stage = 'submitted' AND next_due_at < now()",
    ):
        assert ask(demo, f"SELECT 1 {living} AND {special}"), special


def test_every_owner_has_a_car_and_three_were_in_the_way(demo: Engine) -> None:
    sealing = Sealing(KEY)
    found = ask(demo, "SELECT plate_sealed, claimed FROM vehicles")
    assert [row.claimed for row in found].count(True) == 1, "one for the clerk to settle"
    plates = [sealing.open(bytes(row.plate_sealed)) for row in found if not row.claimed]
    kinds = [plate_of(text).kind for text in plates]
    assert (len(plates), kinds.count(PlateKind.NEW_ENERGY)) == (20, 1)
    assert [
        tuple(row)
        for row in ask(
            demo,
            "SELECT w.stage, array_agg(p.side ORDER BY p.side) FROM move_cars m JOIN work_orders w USING (number)"
            " JOIN move_car_people p USING (number) GROUP BY m.number, w.stage ORDER BY 1",
        )
    ] == [("acknowledged", ["requester", "user"]), ("closed", ["requester", "user"]), ("guard_on_site", ["requester"])]


def test_visitors_awaited_inside_gone_and_at_the_gate(demo: Engine) -> None:
    sealing = Sealing(KEY)
    found = ask(demo, "SELECT w.stage, v.* FROM visitor_passes v JOIN work_orders w USING (number)")
    stages = ["arrived", "closed", "invited", "invited", "invited", "waiting_approval"]
    assert sorted(row.stage for row in found) == stages
    names = {sealing.open(bytes(row.name_sealed)): row for row in found}
    assert (names["施明"].stage, names["施明"].tail_hash) == ("invited", sealing.tail_hash("13800000105"))
    assert [row.type for row in found if row.until - row.since > timedelta(days=7)] == ["long_stay"]
    (inside,) = [row for row in found if row.stage == "arrived"]
    assert (inside.used, inside.arrived_at is not None, inside.left_at) == (1, True, None)
    (asked,) = ask(demo, "SELECT resident_id FROM visitor_asked")
    assert asked.resident_id == "res_demo_owner_15"


def test_complaints_in_every_stage_one_of_them_by_somebody_unknown(demo: Engine) -> None:
    rows = ask(demo, "SELECT stage, reporter_id, excluded, next_due_at FROM work_orders WHERE kind = 'complaint'")
    assert {row.stage for row in rows} == {"submitted", "assigned", "handling", "answered", "disputed", "closed"}
    (hidden,) = [row for row in rows if row.reporter_id.startswith("anon_")]
    assert ask(demo, "SELECT 1 FROM aliases WHERE id = :id", id=hidden.reporter_id)
    assert [row.excluded for row in rows if row.excluded] == [["stf_demo_guard"]]
    assert ask(demo, "SELECT 1 FROM board_posts")


def test_a_quarter_of_closed_orders_with_ratings(demo: Engine) -> None:
    (figures,) = ask(
        demo,
        "SELECT count(*) AS orders, max(submitted_at) - min(submitted_at) AS span, min(rating_result) AS worst,"
        " max(rating_result) AS best FROM work_orders WHERE workflow_ended_at IS NOT NULL AND kind = 'repair'",
    )
    assert figures.orders == 200
    assert figures.span > timedelta(days=80)
    assert (figures.worst, figures.best) == (2, 5)


def test_living_orders_wait_for_the_relay_and_the_rest_does_not(demo: Engine) -> None:
    with demo.connect() as conn:
        leased = outbox.lease(conn, 100, datetime.now(UTC))
        conn.rollback()
    assert {row.action for row in leased} == {"start"}
    living = {row.number for row in ask(demo, "SELECT number FROM work_orders WHERE workflow_ended_at IS NULL")}
    assert {row.number for row in leased} == living
    # Nobody's telephone rings for what is told as the past.
    assert ask(demo, "SELECT 1 FROM notices WHERE delivery = 'pending' AND not_before < now()") == []


def test_rounds_with_their_walks_and_the_log_of_a_post(demo: Engine) -> None:
    (figures,) = ask(
        demo,
        "SELECT (SELECT count(*) FROM rounds) AS rounds, count(*) FILTER (WHERE status = 'missed') AS missed,"
        " count(*) FILTER (WHERE status = 'open') AS open, count(*) FILTER (WHERE status = 'done') AS done"
        " FROM patrols",
    )
    assert (figures.rounds, figures.missed) == (3, 1)
    assert figures.open <= 3
    assert figures.done > 5
    linked = ask(demo, "SELECT w.source FROM patrol_items i JOIN work_orders w ON w.number = i.number")
    assert [row.source for row in linked] == ["patrol"]
    shifts = ask(demo, "SELECT begun_by, handed_over_by, taken_over_by FROM shifts ORDER BY begun_at")
    assert [shift.taken_over_by is None for shift in shifts] == [False, False, True]
    assert all(before.taken_over_by == after.begun_by for before, after in pairwise(shifts))
