"""The rooms about staff: leaving with progress, days away, roster, scope, a technician's day, acts on many orders."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from models.domain.numbers import CHINA
from models.repositories.engines import sync_engine
from tests.world import World

pytestmark = pytest.mark.stack

HTMX = {"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
AtDesk = Callable[[str], httpx.Client]
TODAY = datetime.now(CHINA).date().isoformat()


@pytest.fixture(autouse=True)
def restored(world: World) -> Iterator[None]:
    yield
    engine = sync_engine(world.settings.database_url, pool_size=1)
    with engine.begin() as conn:
        conn.execute(text("UPDATE staff SET active = true, on_duty = true, cap = NULL"))
        conn.execute(text("UPDATE absences SET ended_at = now() WHERE ended_at IS NULL"))
        conn.execute(text("DELETE FROM duty_turns"))
    engine.dispose()


def press(client: httpx.Client, path: str, **said: object) -> httpx.Response:
    return client.post(f"/console{path}", data={"key": f"k{time.monotonic_ns()}", **said}, headers=HTMX)


def test_an_absence_with_a_deputy_is_recorded_shown_and_ended(at_desk: AtDesk) -> None:
    lead, deputy = at_desk("lead"), at_desk("tech2")
    said = press(lead, "/people/tech1/absences", since=TODAY, until=TODAY, deputy="tech2", form_id="absence")
    assert said.status_code == 200, said.text
    assert "已登记请假" in said.text
    assert "代理办理" in deputy.get("/console/me").text
    again = press(lead, "/people/tech1/absences", since=TODAY, until=TODAY, form_id="absence")
    assert again.status_code == 422
    assert "这些日期已有请假记录" in again.text
    (absence,) = re.findall(r"/absences/(abs_\w+)/end", said.text)
    assert "没有请假记录" in press(lead, f"/people/tech1/absences/{absence}/end").text


def test_a_roster_is_planned_and_taken_back(at_desk: AtDesk) -> None:
    lead = at_desk("lead")
    turn = {"first": TODAY, "last": TODAY, "start": "08:00", "end": "18:00", "form_id": "turns"}
    every_day = {"weekday": [str(n) for n in range(1, 8)]}
    said = press(lead, "/people/tech1/turns", **turn, **every_day)
    (planned,) = re.findall(r"/turns/(sft_\w+)/drop", said.text)
    assert press(lead, "/people/tech1/turns", **turn).status_code == 422, "no day of the week"
    assert "近期没有排班" in press(lead, f"/people/tech1/turns/{planned}/drop").text


def test_only_an_admin_changes_roles_and_only_those_who_plan_come_in(at_desk: AtDesk) -> None:
    admin, lead = at_desk("admin"), at_desk("lead")
    assert "岗位与范围" not in lead.get("/console/people/tech3").text
    assert at_desk("tech1").get("/console/people").status_code == 403
    page = admin.get("/console/people/tech3").text
    (community,) = re.findall(r'name="community" value="(\w+)" checked', page)
    (building, *_) = re.findall(r'name="building" value="(bld_demo_xfl\w+)"', page)
    body = {"role": "technician", "team": "engineering", "skill": "water", "cap": "7", "community": community}
    assert press(lead, "/people/tech3/appoint", **body).status_code == 403
    said = press(admin, "/people/tech3/appoint", **body, building=building, form_id="appoint")
    assert said.status_code == 200, said.text
    assert f'name="building" value="{building}" checked' in said.text
    assert press(admin, "/people/tech3/appoint", **body, form_id="appoint").status_code == 200
    wrong = press(admin, "/people/tech3/appoint", **{**body, "cap": "viele"}, form_id="appoint")
    assert wrong.status_code == 422


def test_leaving_moves_the_tasks_while_one_watches(world: World, desk: Callable[..., Page]) -> None:
    page = desk("manager")
    page.goto(f"{world.settings.api_url}/console/people/tech1")
    page.select_option("#leave-deputy", "tech2")
    page.get_by_role("button", name="办理离职").click()
    expect(page.locator("#person .banner")).to_contain_text("移交")
    expect(page.locator("#person .banner")).to_contain_text(re.compile(r"已移交 (\d+)/\1"), timeout=30_000)
    page.get_by_role("button", name="恢复在职").click()
    expect(page.locator("#person")).to_contain_text("请假与代理")


def test_many_orders_are_acted_on_at_once(world: World, desk: Callable[..., Page]) -> None:
    page = desk("dispatcher")
    page.goto(f"{world.settings.api_url}/console/orders?stage=open")
    boxes = page.locator(".pick input")
    expect(page.locator("#bulk")).to_be_hidden()
    for index in range(3):
        boxes.nth(index).check()
    page.select_option("#bulk-action", "comment")
    page.fill("#bulk-words", "统一安排")
    page.locator("#bulk button").click()
    expect(page.locator("#bulk-outcome")).to_contain_text("完成 3 张，未办 0 张")
    expect(boxes.first).not_to_be_checked()
    expect(page.locator("#bulk")).to_be_hidden()


def test_a_technician_reads_the_day_on_a_phone(world: World, desk: Callable[..., Page]) -> None:
    page = desk("tech2", width=390, height=844)
    page.goto(f"{world.settings.api_url}/console/today")
    expect(page.get_by_role("heading", name="今日")).to_be_visible()
    expect(page.locator("#day article").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
