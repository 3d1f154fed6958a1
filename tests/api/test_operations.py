"""The operator's page as JSON: each trouble is made by hand, shown with its cause, and mended by a press."""

from __future__ import annotations

import asyncio
import subprocess
import time
import uuid
from argparse import Namespace
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from temporalio.common import WorkflowIDReusePolicy

from api import shapes
from devstack import doctor
from devstack.parts.temporal import program
from integrations import temporal
from models.domain.drift import Remedy
from models.domain.errors import IllegalTransition
from tests.api.conftest import Api, refused
from workflows import names, remedies, upkeep

pytestmark = [pytest.mark.stack, pytest.mark.slow]

PAGE = "/staff/operations"


def say(api: Api, statement: str, **values: Any) -> None:
    with api.engine.begin() as conn:
        conn.execute(text(statement), values)


def ask(api: Api, statement: str, **values: Any) -> Any:
    with api.engine.begin() as conn:
        return conn.execute(text(statement), values).scalar_one()


def eventually(look: Callable[[], Any]) -> Any:
    end = time.monotonic() + 20
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


@pytest.fixture
def number(api: Api) -> str:
    """An order whose workflow runs."""
    found = api.owner().report()["number"]
    eventually(lambda: ask(api, "SELECT started_at FROM work_orders WHERE number = :n", n=found))
    return str(found)


def listed(api: Api, number: str) -> Any:
    page = api.staff("operator").read(PAGE)
    return next((line for line in page["orders"] if line["number"] == number), None)


def mend(api: Api, number: str, remedy: str, key: str | None = None) -> Any:
    return api.staff("operator").act(f"{PAGE}/orders/{number}/{remedy}", key=key)


def test_a_lost_workflow_is_started_again_from_the_row(api: Api, number: str) -> None:
    owner = api.owner()
    terminate(api, number)
    refused(owner.post(f"/owner/work-orders/{number}/urge"), 503, "unavailable")
    line = listed(api, number)
    assert (line["trouble"], line["remedies"][0]["remedy"]) == ("lost", "restart")
    assert line["cause"]
    key = uuid.uuid4().hex
    mended = mend(api, number, "restart", key)
    assert mended["trouble"] is None
    assert mend(api, number, "restart", key) == mended
    assert listed(api, number) is None
    assert owner.act(f"/owner/work-orders/{number}/urge")["urges"]["count"] == 1
    again = api.staff("operator").post(f"{PAGE}/orders/{number}/restart")
    refused(again, 409, "illegal_transition")
    (act,) = [act for act in api.staff("operator").read(PAGE)["acts"] if act["subject"] == number]
    assert (act["account"], act["remedy"], act["trouble"], act["outcome"]) == ("operator", "restart", "lost", "done")


def test_a_workflow_whose_history_does_not_fit_is_broken_off_and_restarted_once(api: Api, number: str) -> None:
    wedge(api, number)
    operator, path = api.staff("operator"), f"{PAGE}/orders/{number}"
    line = eventually(lambda: (found := operator.read(path))["trouble"] == "failing" and found)
    assert [(one["remedy"], one["breaks_off"]) for one in line["remedies"]] == [
        ("retry", False),
        ("restart", True),
        ("republish", False),
    ]
    failing = run_of(api, number)
    refused(operator.post(f"{path}/restart"), 409, "illegal_transition")
    refused(api.staff("lead").post(f"{path}/restart", {"break_off": True}), 403, "forbidden")
    assert run_of(api, number) == failing, "nothing happens by a slip"
    with ThreadPoolExecutor(2) as pool:
        pressed = list(pool.map(lambda _: operator.post(f"{path}/restart", {"break_off": True}), range(2)))
    assert sorted(answer.status_code for answer in pressed)[0] == 200, [answer.text for answer in pressed]
    assert operator.read(path)["trouble"] is None
    runs = eventually(lambda: len(found := runs_of(api, number)) == 3 and found)
    assert [run for run, why in runs if why == upkeep.BROKEN_OFF_WHY] == [failing]
    assert runs[0][1] == "", "a double press starts one"
    assert api.owner().act(f"/owner/work-orders/{number}/urge")["urges"]["count"] == 1
    refused(operator.post(f"{path}/restart", {"break_off": True}), 409, "illegal_transition")
    assert run_of(api, number) == runs[0][0], "a healthy one goes on"
    acts = [act for act in operator.read(PAGE)["acts"] if act["subject"] == number]
    assert {(act["account"], act["remedy"], act["trouble"]) for act in acts} == {("operator", "restart", "failing")}
    assert "done" in [act["outcome"] for act in acts]


def wedge(api: Api, number: str) -> None:
    """In place of the order's workflow one that our code cannot read, as after a release that forgot about it."""

    async def run() -> None:
        client = await temporal.connect(api.stack.settings)
        await client.get_workflow_handle(number).terminate()
        how = {"id": number, "task_queue": names.ORDERS, "id_reuse_policy": WorkflowIDReusePolicy.ALLOW_DUPLICATE}
        await client.start_workflow("Repair", {"no": "state"}, **how)

    asyncio.run(run())


def runs_of(api: Api, number: str) -> list[tuple[str, str]]:
    """The runs that were ever started, the latest first, each with why it was terminated by us."""

    async def run() -> list[tuple[str, str]]:
        client = await temporal.connect(api.stack.settings)
        found = []
        async for each in client.list_workflows(f"WorkflowId = '{number}'"):
            history = await client.get_workflow_handle(number, run_id=each.run_id).fetch_history()
            found.append((each.run_id, history.events[-1].workflow_execution_terminated_event_attributes.reason))
        return found

    return asyncio.run(run())


def run_of(api: Api, number: str) -> str:
    async def run() -> str:
        client = await temporal.connect(api.stack.settings)
        return str((await client.get_workflow_handle(number).describe()).run_id)

    return asyncio.run(run())


async def test_what_does_not_fail_is_never_broken_off(api: Api, number: str) -> None:
    """Neither by a press that comes too late nor by one that finds the worker away."""
    client = await temporal.connect(api.stack.settings)
    before = await client.get_workflow_handle(number).describe()
    assert not await upkeep.break_off(client, number)
    with pytest.raises(IllegalTransition):
        await remedies.apply(client, api.engine, Remedy.RESTART, number, datetime.now(UTC), break_off=True)
    unattended = f"{number}-unattended"
    await client.start_workflow("Repair", {"no": "state"}, id=unattended, task_queue="nobody-works-here")
    assert not await upkeep.break_off(client, unattended)
    after = await client.get_workflow_handle(number).describe()
    assert (after.run_id, after.status) == (before.run_id, before.status)
    await client.get_workflow_handle(unattended).terminate()


def terminate(api: Api, number: str) -> None:
    where = ["--address", api.stack.settings.temporal_address, "--workflow-id", number]
    subprocess.run([program(), "workflow", "terminate", *where], check=True, capture_output=True, timeout=30)


def test_what_the_doctor_has_found_is_shown_until_it_agrees(api: Api, number: str) -> None:
    say(api, "UPDATE work_orders SET urged = 5 WHERE number = :n", n=number)
    one = api.staff("operator").read(f"{PAGE}/orders/{number}")
    assert (one["trouble"], one["detail"]) == ("row", "urged")
    assert listed(api, number) is None, "nobody has compared it yet"
    doctor.examine(api.stack.settings, Namespace(fix=False, quick=False, replay=False))
    assert listed(api, number)["trouble"] == "row"
    assert api.staff("operator").read(PAGE)["comparison"]["left"] >= 1
    assert mend(api, number, "republish")["trouble"] is None
    assert listed(api, number) is None
    assert ask(api, "SELECT urged FROM work_orders WHERE number = :n", n=number) == 0
    assert ask(api, "SELECT count(*) FROM drift_findings WHERE number = :n", n=number) == 0


def test_a_refused_publish_is_published_again(api: Api, number: str) -> None:
    say(api, "UPDATE work_orders SET projection_error = 'violates a rule' WHERE number = :n", n=number)
    line = listed(api, number)
    assert (line["trouble"], line["detail"]) == ("refused", "violates a rule")
    assert mend(api, number, "republish")["trouble"] is None
    assert api.owner().act(f"/owner/work-orders/{number}/urge")["urges"]["count"] == 1


def test_an_order_that_nobody_started_is_started(api: Api, number: str) -> None:
    waits = f"{number[:-5]}{90000 + int(number[-5:]) % 10000}"
    for table in ("work_orders", "tasks"):
        say(api, COPY.format(table=table), old=number, new=waits)
    say(
        api,
        "UPDATE work_orders SET started_at = NULL, submitted_at = now() - interval '1 hour' WHERE number = :n",
        n=waits,
    )
    assert listed(api, waits)["trouble"] == "waiting"
    assert mend(api, waits, "start")["trouble"] is None


COPY = """
    INSERT INTO {table} SELECT (jsonb_populate_record(CAST(NULL AS {table}),
        CAST(replace(CAST(to_jsonb(t) AS text), :old, :new) AS jsonb))).*
    FROM {table} t WHERE number = :old
"""


def test_dead_effects_are_tried_again_but_never_those_that_may_have_arrived(api: Api, number: str) -> None:
    for notice, delivery in (("dead", "centre_only"), ("unsure", "uncertain")):
        say(
            api,
            "INSERT INTO notices (id, number, version, kind, to_kind, to_id, template, facts, urgent, created_at,"
            " delivery, error) VALUES (:id, :n, 1, 'accepted', 'resident', 'res_owner', 'progress', '{}', false,"
            " now(), :delivery, 'broke off')",
            id=f"{number}-{notice}",
            n=number,
            delivery=delivery,
        )
    say(
        api,
        "INSERT INTO outbox (id, action, number, rank, body, created_at, not_before, attempts, error) VALUES"
        " (:id, 'command', :n, 3, '{}', now(), now() + interval '1 hour', 3, 'KeyError')",
        id=f"{number}-failing",
        n=number,
    )
    operator = api.staff("operator")
    dead = {row["id"]: row for row in operator.read(PAGE)["effects"] if row["number"] == number}
    assert {id.removeprefix(f"{number}-"): row["may_retry"] for id, row in dead.items()} == {
        "dead": True,
        "unsure": False,
        "failing": True,
    }
    refused(operator.post(f"{PAGE}/effects/notice/{number}-unsure/retry"), 409, "illegal_transition")
    left = operator.act(f"{PAGE}/effects/notice/{number}-dead/retry")["effects"]
    assert f"{number}-dead" not in [row["id"] for row in left]
    eventually(lambda: ask(api, "SELECT error IS NULL FROM notices WHERE id = :id", id=f"{number}-dead"))
    operator.act(f"{PAGE}/effects/outbox/{number}-failing/retry")
    due = "SELECT attempts > 3 OR not_before <= now() FROM outbox WHERE id = :id"
    eventually(lambda: ask(api, due, id=f"{number}-failing"))
    say(api, "DELETE FROM outbox WHERE id = :id", id=f"{number}-failing")


def test_it_is_for_operators_and_admins_and_their_communities(api: Api, number: str) -> None:
    for account in ("clerk", "lead", "quality"):
        refused(api.staff(account).get(PAGE), 403, "forbidden")
        refused(api.staff(account).post(f"{PAGE}/orders/{number}/republish"), 403, "forbidden")
        refused(api.staff(account).post(f"{PAGE}/effects/outbox/x/retry"), 403, "forbidden")
    refused(api.owner().get(PAGE), 401, "unauthenticated")
    say(api, "UPDATE work_orders SET projection_error = 'violates a rule' WHERE number = :n", n=number)
    elsewhere = api.staff("b-admin")
    assert number not in [line["number"] for line in elsewhere.read(PAGE)["orders"]]
    refused(elsewhere.get(f"{PAGE}/orders/{number}"), 404, "not_found")
    refused(elsewhere.post(f"{PAGE}/orders/{number}/republish"), 404, "not_found")
    refused(api.staff("operator").get(f"{PAGE}/orders/BX20200101-00001"), 404, "not_found")
    assert mend(api, number, "republish")["trouble"] is None


def test_an_operator_moves_a_task_from_somebody_who_cannot(api: Api, number: str) -> None:
    api.staff("dispatcher").complete(number, "assigned", staff="tech1")
    task = api.staff("operator").order(number)["tasks"][0]["id"]
    moved = api.staff("operator").act(f"/staff/tasks/{task}/reassign", {"staff": "tech2", "reason": "账号停用"})
    assert moved["holder"] == "tech2"


def test_the_page_has_the_shape_that_is_promised(api: Api, number: str) -> None:
    operator = api.staff("operator")
    page = shapes.Operations.model_validate(operator.read(PAGE))
    assert page.engine.up
    assert page.engine.relay_alive
    shapes.TroubledOrder.model_validate(operator.read(f"{PAGE}/orders/{number}"))
