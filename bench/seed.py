"""Years of closed orders in a few seconds: written by SQL in bulk, each as its workflow would have left it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import DateTime

from bench.people import CATEGORY, COLLECTOR, COMMUNITY, OWNERS, TECHNICIANS, house_id, owner_id, settle, technician
from models.domain.forms import Stated, as_json
from models.domain.lifecycles.repair import LEVELS
from models.domain.order import Filing, OrderState, Priority, Reporter, new_order
from models.domain.places import Place

ORDERS: Final = 35_000
"""The size at which the products to compare with were measured."""

FIRST: Final = datetime(2025, 1, 1, tzinfo=UTC)
"""When the newest of them was filed; each one before it is two minutes older."""

EVENTS: Final = ("submitted", "assigned", "accepted", "arrived", "finished", "fixed", "rated")
LATEST_EVENT_MINUTES: Final = 90

_SERIES = "FROM generate_series(1, CAST(:orders AS integer)) AS n"

_ORDERS: Final = f"""
    INSERT INTO work_orders (
        number, kind, community_id, house_id, building_id, place_label, category, description, answers,
        reporter_kind, reporter_id, source, stage, open, priority, assignee_id, urged, submitted_at, finished_at,
        closed_at, rating_result, rating_speed, rating_manner, version, issued_at, touched_at, state, started_at,
        workflow_ended_at)
    SELECT o.number, 'repair', :community, o.house, 'bld_bench', '1栋1单元101室', :category,
        '厨房水龙头一直滴水，关不紧。第 ' || o.n || ' 次。', '{{}}', 'resident', o.reporter, 'app', 'closed', false,
        'normal', o.assignee, 0, o.at, o.ended, o.ended, 5, 4, 5, 8, o.ended, o.ended,
        CAST(:state AS jsonb) || jsonb_build_object(
            'number', o.number, 'submitted_at', o.at, 'entered_at', o.ended, 'issued_at', o.ended,
            'assignee', o.assignee,
            'reporter', CAST(:state AS jsonb) -> 'reporter' || jsonb_build_object('id', o.reporter),
            'place', CAST(:state AS jsonb) -> 'place' || jsonb_build_object('house_id', o.house)),
        o.at, o.ended
    FROM (
        SELECT n, :prefix || lpad(n::text, 6, '0') AS number,
               coalesce(:reporter, 'res_bench_' || lpad((n % :owners)::text, 4, '0')) AS reporter,
               coalesce(:house, 'hse_bench_' || lpad((n % :owners)::text, 4, '0')) AS house,
               'stf_bench-tech' || (n % :technicians) AS assignee,
               :first - n * interval '2 minutes' AS at,
               :first - n * interval '2 minutes' + interval '2 hours' AS ended
        {_SERIES}
    ) AS o"""  # noqa: S608 - only a constant of this module is put in

_EVENTS: Final = f"""
    INSERT INTO timeline_events (number, version, seq, kind, at, by_id, by_kind, audience, stage, facts)
    SELECT :prefix || lpad(n::text, 6, '0'), v, 0, (CAST(:events AS text[]))[v],
           :first - n * interval '2 minutes' + v * interval '10 minutes',
           CASE WHEN v IN (1, 6, 7) THEN 'res_bench_' || lpad((n % :owners)::text, 4, '0')
                ELSE 'stf_bench-tech' || (n % :technicians) END,
           CASE WHEN v IN (1, 6, 7) THEN 'resident' ELSE 'staff' END, 'reporter', NULL, '{{}}'
    {_SERIES}, generate_series(1, 7) AS v"""

_TASKS: Final = f"""
    INSERT INTO tasks (
        id, number, community_id, order_kind, kind, holder_id, roles, also_seen_by, opened_at, opened_version,
        closed_at, closed_version, outcome, closed_by, form)
    SELECT :prefix || lpad(n::text, 6, '0') || '.' || v, :prefix || lpad(n::text, 6, '0'), :community, 'repair',
           (CAST(:tasks AS text[]))[v], 'stf_bench-tech' || (n % :technicians), '{{}}', '{{}}',
           :first - n * interval '2 minutes' + v * interval '10 minutes', v,
           :first - n * interval '2 minutes' + (v + 1) * interval '10 minutes', v + 1, 'done', 'system', '{{}}'
    {_SERIES}, generate_series(1, 6) AS v"""

TASKS: Final = ("dispatch", "accept", "carry_out", "carry_out", "confirm", "rate")

SPREAD: Final = "BX20250101-"
"""Numbers of the orders that are spread over all owners; no number of today's can be among them."""

COLLECTED: Final = "BX20250102-"
"""Numbers of the one owner's orders."""


def seed(engine: Engine, orders: int = ORDERS) -> None:
    """People, then as many orders spread over all owners, then as many again of the one who collects them."""
    with engine.begin() as conn:
        conn.execute(text("SET LOCAL statement_timeout = 0"))
        settle(conn)
        common = {"orders": orders, "owners": OWNERS, "technicians": TECHNICIANS, "first": FIRST}
        filed = common | {"community": COMMUNITY, "category": CATEGORY, "state": closed_state()}
        _orders(conn, filed | {"prefix": SPREAD, "reporter": None, "house": None})
        _run(conn, _EVENTS, common | {"prefix": SPREAD, "events": list(EVENTS)})
        _run(conn, _TASKS, common | {"prefix": SPREAD, "community": COMMUNITY, "tasks": list(TASKS)})
        _orders(conn, filed | {"prefix": COLLECTED, "reporter": COLLECTOR, "house": house_id(OWNERS)})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("SET statement_timeout = 0"))
        conn.execute(text("VACUUM ANALYZE"))
        conn.execute(text("RESET statement_timeout"))
    engine.dispose()


def _orders(conn: Connection, values: dict[str, Any]) -> None:
    _run(conn, _ORDERS, values)


def _run(conn: Connection, statement: str, values: dict[str, Any]) -> None:
    typed = [bindparam("first", type_=DateTime(timezone=True))]
    if ":state" in statement:
        typed.append(bindparam("state", type_=JSONB()))
    conn.execute(text(statement).bindparams(*typed), values)


def new_state() -> OrderState:
    """Of a repair that has just been filed."""
    return new_order(
        Filing(
            number=f"{SPREAD}000000",
            kind="repair",
            community_id=COMMUNITY,
            place=Place(house_id=house_id(0), building_id="bld_bench", unit="1", floor=1),
            category=CATEGORY,
            priority=Priority.NORMAL,
            levels=LEVELS[Priority.NORMAL.value],
            reporter=Reporter(kind="resident", id=owner_id(0)),
            at=FIRST,
        )
    )


def closed_state() -> dict[str, Any]:
    """The state of a repair that went all the way round, as `work_orders.state` holds it."""
    state = new_state()
    state.tasks, state.opened, state.stage, state.version = {}, len(TASKS), "closed", 8
    state.assignee = f"stf_{technician(0)}"
    state.done_by = {kind: f"stf_{technician(0)}" for kind in ("dispatch", "accept", "carry_out")}
    state.rating = Stated(result=5, speed=4, manner=5)
    for clock in state.clocks.values():
        clock.stop(FIRST + timedelta(minutes=LATEST_EVENT_MINUTES))
    document = as_json(state)
    OrderState.model_validate(document)
    return document
