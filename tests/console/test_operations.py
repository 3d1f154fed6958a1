"""运维 in a real Chromium: a lost order is shown with its cause and goes on after one press."""

from __future__ import annotations

import subprocess

import httpx
import pytest
from sqlalchemy import create_engine, text

from devstack.parts.temporal import program
from tests.console.conftest import Desk
from tests.world import World, eventually

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def lost_order(world: World) -> str:
    number = str(world.owner("demo-owner-9").report()["number"])
    engine = create_engine(world.settings.sync_database_url)

    def started() -> bool:
        with engine.connect() as conn:
            said = conn.execute(text("SELECT started_at FROM work_orders WHERE number = :n"), {"n": number})
            return said.scalar_one() is not None

    eventually(started, what="the workflow's start")
    engine.dispose()
    where = ["--address", world.settings.temporal_address, "--workflow-id", number]
    subprocess.run([program(), "workflow", "terminate", *where], check=True, capture_output=True, timeout=30)
    return number


def test_an_operator_brings_a_lost_order_back(world: World, desk: Desk) -> None:
    number = lost_order(world)
    page = desk("admin")
    page.get_by_role("link", name="运维").click()
    trouble = page.locator(f"#order-{number}")
    trouble.get_by_text("流程缺失", exact=True).wait_for()
    trouble.get_by_role("button", name="从工单重新启动流程").click()
    page.get_by_text(f"{number} 已恢复正常").wait_for()
    trouble.get_by_text("正常", exact=True).wait_for()
    page.fill("#number", number)
    page.get_by_role("button", name="检查").click()
    page.get_by_text(f"{number}：数据库与流程一致").wait_for()
    assert "从工单重新启动流程" in page.locator("#operations section").last.inner_text()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_others_neither_see_the_room_nor_enter_it(world: World) -> None:
    with httpx.Client(base_url=world.settings.api_url, timeout=15) as clerk:
        clerk.post("/console/login", data={"account": "clerk", "password": "wuyou-demo"})
        assert "/console/operations" not in clerk.get("/console/inbox").text
        assert clerk.get("/console/operations").status_code == 403
        assert clerk.post("/console/operations/orders/BX20261122-00001/republish").status_code == 403
