"""What happens to an order when parts of the system die at the worst moment.

Everything here is real, and really killed.
"""

from __future__ import annotations

import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest
from sqlalchemy import Engine, text

from devstack.parts.temporal import program
from tests.crash.system import agree, answered, events_of, row, started
from tests.world import Owner, Person, World, eventually

pytestmark = [pytest.mark.stack, pytest.mark.slow]

CLAIMERS: Final = 20
INTO_A_STEP: Final = 0.008
"""Seconds by which the worker dies later in each step: an action takes some thirty milliseconds."""


def test_the_worker_is_killed_between_any_two_steps(
    world: World, database: Engine, owner: Owner, dispatcher: Person, tech: Person
) -> None:
    number = started(world, database, owner.report())
    steps: list[tuple[Person, str, dict[str, Any]]] = [
        (dispatcher, "assigned", {"staff": "tech1"}),
        (tech, "accepted", {}),
        (tech, "arrived", {}),
        (tech, "finished", {"report": "换了阀芯"}),
        (owner, "fixed", {}),
    ]
    for who, outcome, form in steps:
        world.stack.kill("worker")
        world.stack.start("worker")
        who.complete(number, outcome, **form)
        assert agree(world, database, number)
    assert row(database, number).stage == "closed"


def test_the_worker_is_killed_in_the_middle_of_any_step(
    world: World, database: Engine, owner: Owner, dispatcher: Person, tech: Person
) -> None:
    """Each press is answered with the truth when it is sent again, and has happened once."""
    number = started(world, database, owner.report())
    steps: list[tuple[Person, str, dict[str, Any]]] = [
        (dispatcher, "assigned", {"staff": "tech1"}),
        (tech, "accepted", {}),
        (tech, "arrived", {}),
        (tech, "finished", {"report": "换了阀芯"}),
        (owner, "fixed", {}),
    ]
    with ThreadPoolExecutor(1) as pool:
        for nth, (who, outcome, form) in enumerate(steps):
            side = "owner" if who is owner else "staff"
            path = f"/{side}/tasks/{who.task_with(number, outcome)}/complete"
            press = (path, {"outcome": outcome, "form": form}, uuid.uuid4().hex)
            first = pool.submit(who.post, *press)
            time.sleep(INTO_A_STEP * nth)
            world.stack.kill("worker")
            world.stack.start("worker")
            first.result()
            eventually(lambda who=who, press=press: answered(who.post(*press)), within=40, what=outcome)
            assert agree(world, database, number)
    told = text("SELECT count(*) FROM timeline_events WHERE number = :number AND stage IS NOT NULL GROUP BY kind")
    with database.connect() as connection:
        assert set(connection.execute(told, {"number": number}).scalars()) == {1}


def test_an_order_is_taken_in_while_temporal_is_down(
    world: World, database: Engine, owner: Owner, dispatcher: Person
) -> None:
    world.stack.kill("temporal")
    order = owner.report(description="停电时也要能报修")
    number = order["number"]
    assert owner.order(number)["stage"] == "submitted"
    assert number in [
        task["order"]["number"] for task in dispatcher.read("/staff/tasks", box="pool", limit=100)["items"]
    ]
    assert row(database, number).started_at is None
    world.stack.start("temporal")
    started(world, database, order)
    press = (
        f"/staff/tasks/{dispatcher.task_with(number, 'pool')}/complete",
        {"outcome": "pool", "form": {}},
        uuid.uuid4().hex,
    )
    after = eventually(lambda: answered(dispatcher.post(*press)), within=40, what="the dispatch after the outage")
    assert after["stage"] == "dispatched"


def test_twenty_claim_at_once_and_one_wins(world: World, database: Engine, owner: Owner, dispatcher: Person) -> None:
    number = started(world, database, owner.report())
    dispatcher.complete(number, "pool")
    technicians = [world.staff(account) for account in ("tech1", "tech2", "tech3")]
    task = technicians[0].task_with(number, "accepted")
    claims = [technicians[index % 3] for index in range(CLAIMERS)]
    since = time.monotonic()
    with ThreadPoolExecutor(CLAIMERS) as pool:
        answers = list(pool.map(lambda who: who.post(f"/staff/tasks/{task}/claim"), claims))
    took = time.monotonic() - since
    codes = sorted(answer.json().get("code", "won") for answer in answers)
    winner = row(database, number).assignee_id
    assert codes.count("won") == 1
    assert set(codes) <= {"won", "task_held_by_other", "task_not_open"}
    assert winner in [technician.me["id"] for technician in technicians]
    assert took < 2


def test_everything_is_killed_right_after_a_commit(
    world: World, database: Engine, owner: Owner, dispatcher: Person, tech: Person
) -> None:
    """The step may be committed and then forgotten by Temporal; the orders agree again by themselves."""
    number = started(world, database, owner.report())
    task = dispatcher.task_with(number, "assigned")
    before = row(database, number).version
    with ThreadPoolExecutor(1) as pool:
        press = pool.submit(_press, dispatcher, f"/staff/tasks/{task}/complete")
        while row(database, number).version == before:
            pass
        for part in ("temporal", "worker", "api"):
            world.stack.kill(part)
        press.result()
    for part in ("temporal", "worker", "api"):
        world.stack.start(part)
    eventually(lambda: agree(world, database, number), what="row and workflow to agree")
    if row(database, number).stage == "submitted":
        dispatcher.complete(number, "assigned", staff="tech1")
    assert tech.complete(number, "accepted")["stage"] == "accepted"
    assert agree(world, database, number)


def _press(dispatcher: Person, path: str) -> Any:
    """A press whose answer may never come."""
    try:
        return dispatcher.post(path, {"outcome": "assigned", "form": {"staff": "tech1"}})
    except Exception:  # The API is killed under it.
        return None


def test_the_same_form_sent_twice_at_once_is_one_order(owner: Owner, database: Engine) -> None:
    key, words = uuid.uuid4().hex, f"同一张表单 {uuid.uuid4().hex}"
    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(lambda _: owner.report(key=key, description=words), range(8)))
    assert len({order["number"] for order in orders}) == 1
    with database.connect() as connection:
        count = connection.execute(
            text("SELECT count(*) FROM work_orders WHERE description = :words"), {"words": words}
        ).scalar_one()
    assert count == 1


def test_a_raw_update_from_the_command_line_is_refused(world: World, database: Engine, owner: Owner) -> None:
    number = started(world, database, owner.report())
    cli = program()
    where = ["--address", world.settings.temporal_address, "--workflow-id", number]
    before = events_of(world, number)
    for words in ('{"id":"nobody"}', '"nonsense"', "{}"):
        said = subprocess.run(
            [cli, "workflow", "update", "execute", *where, "--name", "claim", "--input", words],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert said.returncode != 0
    subprocess.run(
        [cli, "workflow", "signal", *where, "--name", "republish", "--input", '{"what":"is this"}'],
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert row(database, number).stage == "submitted"
    assert events_of(world, number) - before < 8
    assert owner.act(f"/owner/work-orders/{number}/cancel", {"reason": "已经好了"})["stage"] == "cancelled"
