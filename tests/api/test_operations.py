"""The operator's page as JSON: each trouble is made by hand, shown with its cause, and mended by a press."""

from __future__ import annotations

import subprocess
import time
import uuid
from argparse import Namespace
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from api import shapes
from devstack import doctor
from devstack.parts.temporal import program
from tests.api.conftest import Api, refused

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
