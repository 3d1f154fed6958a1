"""运维 in a real Chromium: a lost order is shown with its cause and goes on after one press."""

from __future__ import annotations

import asyncio
import subprocess
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from playwright.sync_api import expect
from sqlalchemy import create_engine, text
from temporalio.common import WorkflowIDReusePolicy

from devstack.parts.temporal import program
from integrations import temporal
from tests.console.conftest import Desk
from tests.world import World, eventually
from workflows import names

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


def test_an_operator_breaks_off_what_fails_after_a_question(world: World, desk: Desk) -> None:
    number = lost_order(world)

    async def wedge() -> None:
        client = await temporal.connect(world.settings)
        how = {"id": number, "task_queue": names.ORDERS, "id_reuse_policy": WorkflowIDReusePolicy.ALLOW_DUPLICATE}
        await client.start_workflow("Repair", {"no": "state"}, **how)

    # Playwright's own event loop occupies this thread.
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(asyncio.run, wedge()).result(timeout=30)
    page = desk("admin")
    page.goto(f"{world.settings.api_url}/console/operations")
    trouble, button = page.locator(f"#order-{number}"), page.get_by_role("button", name="终止流程并从工单重新启动")

    def looked(says: str) -> bool:
        """One look, drawn to its end, so that nothing is swapped under the next press."""
        page.fill("#number", number)
        with page.expect_response("**/operations/look"):
            page.get_by_role("button", name="检查").click()
        expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
        return says in trouble.inner_text()

    eventually(lambda: looked("流程步骤反复失败"), what="the failing step")
    page.once("dialog", lambda question: question.dismiss())
    button.click()
    trouble.get_by_text("流程步骤反复失败", exact=True).wait_for()
    questions: list[str] = []
    page.once("dialog", lambda question: (questions.append(question.message), question.accept()))
    with page.expect_response("**/restart"):
        button.click()
    assert number in questions[0]
    # On a busy machine the new workflow may need longer than the press waits for it.
    eventually(lambda: looked("正常") and button.count() == 0, what="the order to go on")


def test_others_neither_see_the_room_nor_enter_it(world: World) -> None:
    with httpx.Client(base_url=world.settings.api_url, timeout=15) as clerk:
        clerk.post("/console/login", data={"account": "clerk", "password": "wuyou-demo"})
        assert "/console/operations" not in clerk.get("/console/inbox").text
        assert clerk.get("/console/operations").status_code == 403
        assert clerk.post("/console/operations/orders/BX20261122-00001/republish").status_code == 403


def test_every_dependency_of_the_stack_is_named_and_well(world: World) -> None:
    answer = httpx.get(f"{world.settings.api_url}/readyz", timeout=15)
    assert answer.status_code == 200
    named = {name: check["ok"] for name, check in answer.json()["checks"].items()}
    assert named == dict.fromkeys(("postgres", "temporal", "storage", "wechat", "mqtt"), True)
