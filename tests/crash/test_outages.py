"""What happens to orders while a part of the system is away for a minute."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

import pytest
from sqlalchemy import Engine, text

from tests.crash.system import agree, answered, events_of, row, started
from tests.world import Owner, Person, World, eventually

pytestmark = [pytest.mark.stack, pytest.mark.slow]

OUTAGE_SECONDS: Final = 60


@pytest.mark.timeout(240)
def test_postgres_is_down_for_a_minute_under_an_open_command(
    world: World, database: Engine, owner: Owner, dispatcher: Person, tech: Person
) -> None:
    number = started(world, database, owner.report())
    dispatcher.complete(number, "assigned", staff="tech1")
    task = tech.task_with(number, "accepted")
    before = events_of(world, number)
    world.stack.pause("worker")
    with ThreadPoolExecutor(1) as pool:
        press: Future[Any] = pool.submit(
            tech.post, f"/staff/tasks/{task}/complete", {"outcome": "accepted", "form": {}}, "minute"
        )
        time.sleep(1)
        world.stack.kill("postgres")
        world.stack.unpause("worker")
        answer = press.result()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    time.sleep(OUTAGE_SECONDS)
    world.stack.start("postgres")
    eventually(lambda: row(database, number).stage == "accepted", within=40, what="the step after the outage")
    press = f"/staff/tasks/{task}/complete", {"outcome": "accepted", "form": {}}, "minute"
    assert eventually(lambda: answered(tech.post(*press)), what="the truth")["stage"] == "accepted"
    assert events_of(world, number) - before < 20
    assert tech.complete(number, "arrived")["stage"] == "in_progress"
    assert agree(world, database, number)


@pytest.mark.timeout(240)
def test_no_worker_and_no_wechat_for_a_minute(
    world: World, database: Engine, owner: Owner, dispatcher: Person, tech: Person
) -> None:
    """A press is answered as unknown, and the same key tells the truth afterwards. Of the notices none is lost, none
    sent twice."""
    told = started(world, database, owner.report())
    dispatcher.complete(told, "assigned", staff="tech1")
    world.stack.kill("wechat")
    assert tech.complete(told, "accepted")["stage"] == "accepted"
    assert any(told in str(message) for message in owner.read("/owner/messages")["items"])
    number = started(world, database, owner.report())
    task = dispatcher.task_with(number, "assigned")
    body = {"outcome": "assigned", "form": {"staff": "tech1"}}
    world.stack.kill("worker")
    answer = dispatcher.post(f"/staff/tasks/{task}/complete", body, "no-worker")
    assert (answer.status_code, answer.json()["code"], answer.json()["outcome"]) == (503, "unavailable", "unknown")
    assert int(answer.headers["Retry-After"]) > 0
    time.sleep(OUTAGE_SECONDS)
    world.stack.start("worker")
    again = eventually(
        lambda: answered(dispatcher.post(f"/staff/tasks/{task}/complete", body, "no-worker")), what="the truth"
    )
    assert again["stage"] == "dispatched"
    other = dispatcher.post(f"/staff/tasks/{task}/complete", {"outcome": "pool", "form": {}}, "no-worker")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    world.stack.start("wechat")
    eventually(lambda: _all_delivered(database, told), within=90, what="the delivery of the notices")


def _all_delivered(database: Engine, number: str) -> bool:
    statement = text("SELECT count(*) FROM notices WHERE number = :number AND delivery IN ('pending', 'sending')")
    with database.connect() as connection:
        return bool(connection.execute(statement, {"number": number}).scalar_one() == 0)
