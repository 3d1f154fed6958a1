"""Acts after the workflow has ended: the same rules, on the locked row, once per request."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from models.domain import commands
from models.domain.errors import IdempotencyKeyReused, IllegalTransition, NotFound, Unavailable
from models.domain.order import OrderState
from models.domain.people import Actor
from models.domain.step import Handled
from models.repositories.aftermath import act_on_ended
from models.repositories.direct import Direct
from models.repositories.publish import mark_ended
from tests.repositories.rows import DISPATCHER, OWNER, STRANGER, filing, minute, rows, take_in


def comment(engine: Engine, number: str, words: str, key: str, actor: Actor = OWNER, digest: str = "d") -> OrderState:
    said = commands.Comment(text=words)
    with engine.begin() as conn:
        return act_on_ended(conn, number, actor, "comment", said, minute(5), Handled(update_id=key, digest=digest))


async def test_late_acts(direct: Direct, engine: Engine, number: str) -> None:
    await take_in(direct, filing(number))
    with pytest.raises(Unavailable):
        comment(engine, number, "还在跑", "early")
    with engine.begin() as conn:
        mark_ended(conn, number, minute(3))

    assert comment(engine, number, "谢谢", f"{number}-a").version == 2
    assert comment(engine, number, "谢谢", f"{number}-a").version == 2
    with pytest.raises(IdempotencyKeyReused):
        comment(engine, number, "不谢", f"{number}-a", digest="other")
    with pytest.raises(NotFound):
        comment(engine, number, "你好", f"{number}-b", STRANGER)
    with pytest.raises(NotFound):
        comment(engine, "BX20261122-66666", "你好", f"{number}-c")
    resume = commands.Resume(task_id=f"{number}.1")
    with pytest.raises(IllegalTransition), engine.begin() as conn:
        act_on_ended(conn, number, DISPATCHER, "resume", resume, minute(6), Handled(update_id="r", digest="d"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: comment(engine, number, f"第{i}条", f"{number}-many-{i}"), range(6)))
    with engine.connect() as conn:
        (order,) = rows(conn, "SELECT version, state FROM work_orders WHERE number = :n", n=number)
        assert order.version == order.state["version"] == 8
        events = rows(conn, "SELECT version FROM timeline_events WHERE number = :n ORDER BY 1", n=number)
        assert [event.version for event in events] == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_an_engine_ahead_of_our_clock_does_not_hide_the_act(direct: Direct, engine: Engine, number: str) -> None:
    state = filing(number)
    state.issued_at = minute(60)
    await take_in(direct, state)
    with engine.begin() as conn:
        conn.exec_driver_sql("UPDATE work_orders SET issued_at = %s WHERE number = %s", (minute(60), number))
        mark_ended(conn, number, minute(3))
    assert comment(engine, number, "在吗", f"{number}-a").version == 2
    with engine.connect() as conn:
        assert len(rows(conn, "SELECT 1 FROM timeline_events WHERE number = :n", n=number)) == 2
