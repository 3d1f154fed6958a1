"""Visitors on a guard's phone, and what a clerk does for a resident who phoned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from models.domain.numbers import CHINA
from tests.console.conftest import Desk
from tests.world import World

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def invited(world: World, openid: str, name: str, **more: Any) -> str:
    host, now = world.owner(openid), datetime.now(UTC)
    window = {"from": now.isoformat(), "to": (now + timedelta(hours=2)).isoformat()}
    body = {"house_id": host.house, "name": name, "phone": "13700009876", "window": window}
    return str(host.act("/owner/visitors", body | more)["number"])


def test_a_guard_finds_a_visitor_lets_them_in_and_out(world: World, desk: Desk) -> None:
    number = invited(world, "demo-owner-3", "公孙访", plate="沪A77K77", entries=2)
    page = desk("guard", width=390, height=844)
    page.goto(f"{world.settings.api_url}/console/visitors")
    row = page.locator(f"#visit-{number}")
    expect(row).to_contain_text("公孙访")
    for sought in ("公孙访", "沪a·77k77", "9876", world.owner("demo-owner-3").me["houses"][0]["label"]):
        page.get_by_label("查访客").fill("没有这个人")
        expect(row).to_have_count(0)
        page.get_by_label("查访客").fill(sought)
        expect(row).to_be_visible()
        assert "q=" not in page.url, "what was typed stands in no address"
    row.get_by_role("button", name="到访").click()
    expect(row).to_contain_text("已到访")
    row.get_by_role("button", name="离开").click()
    expect(row).to_contain_text("已离开")
    expect(row).to_contain_text("1 / 2")
    world.owner("demo-owner-3").act(f"/owner/work-orders/{number}/cancel")
    expect(row).to_contain_text("已撤销")
    expect(row.get_by_role("button")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "nothing sticks out sideways"


def test_a_guard_asks_about_somebody_at_the_gate_and_telephones(world: World, desk: Desk) -> None:
    page = desk("guard", width=390, height=844)
    page.goto(f"{world.settings.api_url}/console/register/visitor")
    page.get_by_role("button", name="询问业主").click()
    expect(page.locator("#register-house_id-says")).to_contain_text("请选择要去的房屋")
    host = world.owner("demo-owner-4")
    page.get_by_label("房屋").fill(host.me["houses"][0]["label"])
    page.locator("#visit-hits button").first.click()
    page.get_by_role("button", name="询问业主").click()
    expect(page.locator("#register-name-says")).not_to_be_empty()
    page.get_by_label("访客姓名").fill("东方客")
    page.get_by_role("button", name="询问业主").click()
    page.wait_for_url("**/console/orders/FK*")
    expect(page.locator("#head")).to_contain_text("待业主同意")
    expect(page.locator("#work")).to_contain_text("等待在住业主办理")
    page.locator("#head").get_by_role("button", name="显示电话").click()
    expect(page.locator("#head a[href^='tel:']")).to_have_text("13800000004")
    host.complete(page.url.rpartition("/")[2], "denied", reason="不认识")
    expect(page.locator("#head")).to_contain_text("业主拒绝")


def test_a_clerk_registers_for_a_resident_and_grants_a_long_stay(world: World, desk: Desk) -> None:
    page = desk("clerk")
    page.goto(f"{world.settings.api_url}/console/register/visitor")
    page.get_by_role("link", name="替业主登记").click()
    page.get_by_role("button", name="登记访客").click()
    expect(page.locator("#register-reporter-says")).to_contain_text("请选择替谁登记")
    page.get_by_label("查找房屋或住户").fill(world.owner("demo-owner-5").me["houses"][0]["label"])
    page.locator("#hits [data-pick]").first.click()
    page.get_by_label("访客姓名").fill("南宫访")
    page.locator("label", has_text="长期通行").click()
    start = datetime.now(CHINA)
    page.locator("[name='window.from']").fill(f"{start:%Y-%m-%dT%H:%M}")
    page.locator("[name='window.to']").fill(f"{start + timedelta(days=91):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="登记访客").click()
    expect(page.locator("#register-phone-says")).to_contain_text("必须填写")
    page.get_by_label("访客电话").fill("13700001111")
    page.get_by_role("button", name="登记访客").click()
    expect(page.locator("#register-window-to-says")).to_contain_text("最长90天")
    page.locator("[name='window.to']").fill(f"{start + timedelta(days=60):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="登记访客").click()
    page.wait_for_url("**/console/orders/FK*")
    expect(page.locator("#head")).to_contain_text("待客服批准")
    page.locator("#work").get_by_role("button", name="批准", exact=True).click()
    expect(page.locator("#head")).not_to_contain_text("待客服批准")
    assert "南宫访" in world.owner("demo-owner-5").get("/owner/visitors").text
