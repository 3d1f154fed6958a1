"""What a load balancer is told: every dependency by name, and whether the API can work."""

from __future__ import annotations

import time

import pytest

from api.routers.health import checks_of
from settings import Settings
from tests.api.conftest import Api

pytestmark = pytest.mark.stack


def test_a_broker_that_is_away_is_told_of_and_keeps_nobody_from_working(api: Api) -> None:
    """This stack runs none, although its address is set."""
    began = time.monotonic()
    answer = api.http.get("/readyz")
    assert time.monotonic() - began < 4
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    checks = answer.json()["checks"]
    assert checks["mqtt"] == {"ok": False, "error": "ConnectionRefusedError", "needed": False}
    assert {name for name, check in checks.items() if check == {"ok": True, "needed": True}} == {
        "postgres",
        "temporal",
        "storage",
        "wechat",
    }


def test_what_is_not_used_is_not_named() -> None:
    assert "mqtt" in checks_of(Settings(mqtt_url="mqtt://broker"))
    assert "mqtt" not in checks_of(Settings(mqtt_url=""))
