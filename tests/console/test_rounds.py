"""Rounds and the guard post's log at the console, by people with a mouse and people with a phone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from models.repositories import patrolling
from models.repositories.engines import sync_engine
from tests.console.conftest import Desk
from tests.console.test_browser import A_SECOND
from tests.world import World, eventually, picture

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def opened(world: World, round_id: str) -> Any:
    """The walk of a round, opened as its Schedule's workflow opens it."""
    engine = sync_engine(world.settings.database_url, pool_size=1)
    now = datetime.now(UTC)
    with engine.begin() as conn:
        patrolling.open_patrol(conn, round_id, now, now + timedelta(hours=2), "open")
        patrol = patrolling.patrol_at(conn, round_id, now)
    engine.dispose()
    return patrol.id


def fits(page: Page, width: int = 390) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "nothing sticks out sideways"


def test_a_lead_plans_a_round_and_a_technician_walks_it_on_a_phone(world: World, desk: Desk, tmp_path: Path) -> None:
    base = world.settings.api_url
    lead = desk("lead")
    lead.goto(f"{base}/console/rounds?show=plans")
    expect(lead.locator(".row", has_text="生活水泵房巡检")).to_be_visible()
    lead.get_by_role("link", name="新建巡检").click()
    lead.get_by_role("button", name="保存").click()
    expect(lead.locator("#round-title-says")).not_to_be_empty()
    expect(lead.locator("#round-times-says")).not_to_be_empty()
    lead.fill("#title", "配电房巡检")
    lead.get_by_text("其他区域").click()
    lead.fill("#checks", "变压器无异响\n柜门已上锁")
    lead.fill("#times", "09:00，21：00")
    lead.select_option("#duty", label="维修师傅")
    lead.select_option("#category", label="电路")
    lead.get_by_role("button", name="保存").click()
    row = lead.locator(".row", has_text="配电房巡检")
    expect(row).to_contain_text("每天 09:00、21:00")
    plans = world.staff("lead").read("/staff/rounds")["items"]
    made = next(plan for plan in plans if plan["title"] == "配电房巡检")
    eventually(lambda: world.staff("lead").read(f"/staff/rounds/{made['id']}")["scheduled"], what="its Schedule")
    lead.reload()
    expect(row).not_to_contain_text("排程更新中")

    page, other = desk("tech1", width=390, height=844), desk("tech2")
    for inbox in (page, other):
        inbox.goto(f"{base}/console/inbox?box=pool&kind=patrol")
        inbox.wait_for_selector("[data-live-mark].on", state="attached")
    patrol = opened(world, made["id"])
    walk = page.locator("#list .row", has_text="配电房巡检")
    expect(walk).to_contain_text("维修师傅", timeout=A_SECOND)
    expect(other.locator("#list .row", has_text="配电房巡检")).to_be_visible(timeout=A_SECOND)
    fits(page)
    walk.locator(f"a.go[href$='{patrol}']").click()
    fits(page)
    page.locator("#item-1").get_by_role("button", name="正常").click()
    expect(page.locator("#item-1")).to_contain_text("张伟")
    second = page.locator("#item-2")
    second.get_by_text("发现问题").click()
    second.get_by_role("button", name="提交并报修").click()
    expect(second.locator(".says")).to_contain_text("至少 5 个字")
    second.locator("textarea").fill("2号柜门锁坏了，关不上")
    shot = tmp_path / "door.jpg"
    shot.write_bytes(picture("tan"))
    second.locator("input[type=file]").set_input_files(shot)
    page.wait_for_selector("#item-2 .shot:not(.busy) .remove")
    second.get_by_role("button", name="提交并报修").dblclick()
    expect(page.locator("#patrol")).to_contain_text("已完成")
    expect(other.locator("#list .row", has_text="配电房巡检")).to_have_count(0, timeout=A_SECOND)
    link = second.get_by_role("link", name=re.compile("^BX"))
    expect(link).to_have_count(1)
    link.click()
    expect(page.locator("#head")).to_contain_text("柜门已上锁：2号柜门锁坏了，关不上")
    page.locator("#head").get_by_role("link", name="配电房巡检").click()
    expect(page.locator("#patrol")).to_contain_text("发现 1 处")
    assert world.staff("tech1").read(f"/staff/rounds/patrols/{patrol}")["findings"] == 1


def test_a_shift_is_handed_over_by_one_and_taken_over_by_another(world: World, desk: Desk) -> None:
    base = world.settings.api_url
    first = desk("guard", width=390, height=844)
    first.goto(f"{base}/console/shifts")
    fits(first)
    first.get_by_role("button", name="新岗位开班").click()
    dialog = first.locator("dialog[open]")
    dialog.locator("#begin-post").fill("西门岗")
    dialog.get_by_role("button", name="开班").click()
    expect(first.locator("h1")).to_have_text("西门岗")
    fits(first)
    first.get_by_role("button", name="记录", exact=True).click()
    expect(first.locator("#entry-text-says")).not_to_be_empty()
    first.fill("#entry-text", "西门摄像头黑屏，已报修")
    first.get_by_text("下一班须跟进").click()
    first.get_by_role("button", name="记录", exact=True).click()
    expect(first.locator(".log .open")).to_contain_text("西门摄像头黑屏")
    first.get_by_role("button", name="交班", exact=True).click()
    expect(first.locator("#shift")).to_contain_text("待接班")
    expect(first.locator("#entry")).to_have_count(0)
    expect(first.get_by_role("button", name="接班", exact=True)).to_have_count(0)

    second = desk("guard2")
    second.goto(first.url)
    second.get_by_role("button", name="接班", exact=True).click()
    expect(second.locator(".log .open")).to_contain_text("上一班移交")
    second.get_by_role("button", name="办结").click()
    expect(second.locator(".log")).to_contain_text("韩磊 于")
    second.get_by_role("link", name="上一班记录").click()
    expect(second.locator("#shift")).to_contain_text("已交接")


def test_rooms_are_shown_to_whom_they_concern(world: World, desk: Desk) -> None:
    page = desk("tech2")
    nav = page.locator("nav.nav")
    expect(nav.get_by_role("link", name="巡检")).to_be_visible()
    expect(nav.get_by_role("link", name="交接班")).to_have_count(0)
    page.goto(f"{world.settings.api_url}/console/rounds?show=plans")
    expect(page.get_by_role("link", name="新建巡检")).to_have_count(0)
