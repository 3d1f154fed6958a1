"""While Temporal is down orders are taken in; what is asked of them answers 503 and may still happen, once."""

from __future__ import annotations

import time
import uuid

import pytest

from tests.api.conftest import Api, refused

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def test_an_order_is_taken_in_and_acted_on_when_the_engine_is_back(api: Api) -> None:
    owner, key = api.owner(), uuid.uuid4().hex
    before = owner.report()["number"]
    api.staff("clerk").act(f"/staff/work-orders/{before}/comment", {"text": "已登记"})
    api.stack.stop("temporal")
    try:
        number = owner.report()["number"]
        assert number in [item["number"] for item in owner.read("/owner/work-orders")["items"]]
        down = owner.post(f"/owner/work-orders/{before}/urge", key=key)
        assert refused(down, 503, "unavailable")["outcome"] == "unknown"
        assert int(down.headers["retry-after"]) > 0
        checks = api.http.get("/readyz").json()["checks"]
        assert checks["temporal"]["ok"] is False
        assert checks["postgres"]["ok"] is True
        assert api.staff("dispatcher").read("/staff/tasks/counts")["waiting_starts"] >= 1
    finally:
        api.stack.start("temporal")
    end = time.monotonic() + 40
    while (answer := owner.post(f"/owner/work-orders/{before}/urge", key=key)).status_code == 503:
        assert time.monotonic() < end
        time.sleep(0.3)
    assert (answer.status_code, answer.json()["urges"]["count"]) == (200, 1)
    assert owner.act(f"/owner/work-orders/{number}/urge")["urges"]["count"] == 1
