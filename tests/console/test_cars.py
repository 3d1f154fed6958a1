"""Cars that have to move, on a guard's phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from devstack.demo.cars import plate
from tests.console.conftest import Desk
from tests.world import World, picture

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def test_a_guard_registers_a_car_calls_its_user_and_sees_it_go(world: World, desk: Desk, tmp_path: Path) -> None:
    page = desk("guard", width=390, height=844)
    page.goto(f"{world.settings.api_url}/console/register/car")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "nothing sticks out sideways"
    page.get_by_role("button", name="提交挪车请求").click()
    expect(page.locator("#car-reason-says")).to_contain_text("请选择挪车原因")
    page.fill("#plate", "不是车牌")
    page.locator("label", has_text="占用消防通道").click()
    page.locator("label", has_text="道路").click()
    shot = tmp_path / "car.jpg"
    shot.write_bytes(picture("firebrick"))
    page.locator("#car input[type=file]").set_input_files(shot)
    page.wait_for_selector("#car .shot:not(.busy) .remove")
    page.get_by_role("button", name="提交挪车请求").click()
    expect(page.locator("#car-plate-says")).to_contain_text("不像一个车牌号")
    page.fill("#plate", plate(8))
    page.get_by_role("button", name="提交挪车请求").click()

    page.wait_for_url("**/console/orders/NC*")
    expect(page.locator("#head")).to_contain_text(plate(8))
    expect(page.locator("#head")).to_contain_text("联系车主中")
    page.locator("#head").get_by_role("button", name="显示电话").click()
    expect(page.locator("#head a[href^='tel:']")).to_have_text("13800000008")
    page.locator("#work").get_by_role("button", name="抢单", exact=True).first.click()
    expect(page.locator("#head")).to_contain_text("现场处理")
    page.locator("#work").get_by_text("已挪开").first.click()
    page.locator("#work").get_by_role("button", name="已挪开").first.click()
    expect(page.locator("#head")).to_contain_text("已结束")
    expect(page.locator("#trail")).not_to_contain_text("高洁")
