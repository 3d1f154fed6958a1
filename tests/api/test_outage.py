"""While Temporal is down orders are taken in; what is asked of them answers 503 and may still happen, once."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
from sqlalchemy import text

from integrations.temporal import connect
from tests.api.conftest import Api, Caller, refused

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def test_an_order_is_taken_in_and_acted_on_when_the_engine_is_back(api: Api) -> None:
    owner, key = api.owner(), uuid.uuid4().hex
    before = owner.report()["number"]
    api.staff("clerk").act(f"/staff/work-orders/{before}/comment", {"text": "已登记"})
    api.stack.stop("temporal")
    try:
        number = owner.report()["number"]
        assert number in [item["number"] for item in owner.read("/owner/work-orders")["items"]]
        path = f"/owner/work-orders/{before}/urge"
        down = owner.post(path, key=f"{key} {path}")
        assert refused(down, 503, "unavailable")["outcome"] == "unknown"
        assert int(down.headers["retry-after"]) > 0
        began = time.monotonic()
        refused(owner.post(path, key=f"{key} {path}"), 503, "unavailable")
        assert time.monotonic() - began < 1  # By now it is known, and nobody waits to hear it again.
        checks = api.http.get("/readyz").json()["checks"]
        assert checks["temporal"]["ok"] is False
        assert checks["postgres"]["ok"] is True
        assert api.staff("dispatcher").read("/staff/tasks/counts")["waiting_starts"] >= 1
        operations = api.staff("operator").read("/staff/operations")
        assert (operations["engine"]["up"], operations["engine"]["relay_alive"]) == (False, True)
        assert operations["outbox"]["starts"] >= 1
    finally:
        api.stack.start("temporal")
    for urged in (before, number):
        assert patient(owner, f"/owner/work-orders/{urged}/urge", key)["urges"]["count"] == 1


def patient(caller: Caller, path: str, key: str) -> Any:
    """Pressed again with the same key as long as the outcome is unknown, as clients do; a server that has just started
    may be missed once more.
    """
    end = time.monotonic() + 40
    while (answer := caller.post(path, key=f"{key} {path}")).status_code == 503:
        assert time.monotonic() < end
        time.sleep(0.3)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ended(api: Api, number: str) -> bool:
    with api.engine.begin() as conn:
        found = conn.execute(text("SELECT workflow_ended_at FROM work_orders WHERE number = :n"), {"n": number})
        return found.scalar_one() is not None


def test_after_its_end_an_order_is_acted_on_in_postgres(api: Api) -> None:
    owner, clerk, key = api.owner(), api.staff("clerk"), uuid.uuid4().hex
    number = owner.report()["number"]
    owner.act(f"/owner/work-orders/{number}/cancel")
    end = time.monotonic() + 10
    while not ended(api, number):
        assert time.monotonic() < end
        time.sleep(0.1)
    path = f"/staff/work-orders/{number}/comment"
    first = clerk.act(path, {"text": "已电话回访", "audience": "reporter"}, key)
    assert clerk.act(path, {"text": "已电话回访", "audience": "reporter"}, key) == first
    assert [event["facts"].get("text") for event in owner.order(number)["timeline"]].count("已电话回访") == 1
    refused(clerk.post(path, {"text": "别的话"}, key), 409, "idempotency_key_reused")
    refused(owner.post(f"/owner/work-orders/{number}/urge"), 409, "illegal_transition")
    refused(
        owner.post(f"/owner/work-orders/{number}/rate", dict.fromkeys(("result", "speed", "manner"), 5)),
        409,
        "illegal_transition",
    )


async def test_an_open_order_without_a_workflow_is_lost_and_says_so(api: Api) -> None:
    owner = api.owner()
    number = owner.report()["number"]
    owner.act(f"/owner/work-orders/{number}/comment", {"text": "在吗"})
    client = await connect(api.stack.settings)
    await client.get_workflow_handle(number).terminate()
    body = refused(owner.post(f"/owner/work-orders/{number}/urge"), 503, "unavailable")
    assert (body["reason"], body["outcome"]) == ("lost", "unknown")
