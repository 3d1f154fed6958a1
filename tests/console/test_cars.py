"""Cars that have to move, on a guard's phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from devstack.demo.cars import plate
from tests.console.conftest import Desk
from tests.world import World, picture

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def joins(world: World, openid: str) -> None:
    """Somebody else asks for the same car."""
    owner = world.owner(openid)
    area = {"community_id": owner.me["houses"][0]["community_id"], "spot": "road"}
    asked = {"plate": plate(8), "area": area, "reason": "fire_lane"}
    owner.act("/owner/move-cars", asked | {"photo_ids": [owner.photo()]})


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

    # The head is drawn anew by what others do, both while the phone is asked for and when it stands there.
    held: list[Route] = []
    page.route("**/car-phone", lambda route: held.append(route))
    page.locator("#head").get_by_role("button", name="显示电话").click()
    joins(world, "demo-owner-6")
    expect(page.locator("#head")).to_contain_text("1人")
    held[0].continue_()
    phone = page.locator("#head a[href^='tel:']")
    expect(phone).to_have_text("13800000008")
    joins(world, "demo-owner-7")
    expect(page.locator("#head")).to_contain_text("2人")
    expect(phone).to_have_text("13800000008")

    page.locator("#work").get_by_role("button", name="抢单", exact=True).first.click()
    expect(page.locator("#head")).to_contain_text("现场处理")
    page.locator("#work").get_by_text("已挪开").first.click()
    page.locator("#work").get_by_role("button", name="已挪开").first.click()
    expect(page.locator("#head .step")).to_have_text(["联系车主中", "现场处理", "已挪开", "已结束"])
    expect(page.locator("#trail")).not_to_contain_text("高洁")


def test_of_a_residents_request_the_cars_user_is_the_one_to_phone(world: World, desk: Desk) -> None:
    joins(world, "demo-owner-9")
    order = world.staff("clerk").read("/staff/work-orders", kind="move_car", q=plate(8))["items"][0]
    page = desk("clerk")
    page.goto(f"{world.settings.api_url}/console/orders/{order['number']}")
    expect(page.locator("#head")).to_contain_text("联系车主")
    expect(page.get_by_role("button", name="显示电话")).to_have_count(1)

    page.goto(f"{world.settings.api_url}/console/orders?kind=move_car")
    expect(page.locator(".row", has_text=order["number"])).to_contain_text(plate(8))
    guard = desk("guard")
    guard.goto(f"{world.settings.api_url}/console/inbox?box=pool")
    expect(guard.locator(".row", has_text=order["number"]).first).to_contain_text(plate(8))

    page.goto(f"{world.settings.api_url}/console/orders/{order['number']}")
    user = world.owner("demo-owner-8")
    user.complete(order["number"], "coming", minutes="5")
    page.reload()
    page.get_by_text("通知送达").click()
    expect(page.locator("#notes")).to_contain_text("车主")
    assert user.me["name"] not in page.locator("body").inner_text(), "who uses a car is read nowhere"


def test_a_clerk_settles_a_plate_that_two_homes_name_and_keeps_a_houses_cars(world: World, desk: Desk) -> None:
    claimer = world.owner("demo-owner-10")
    claimer.act("/owner/plates", {"house_id": claimer.house, "plate": plate(7)})
    page = desk("clerk", width=390, height=844)
    page.goto(f"{world.settings.api_url}/console/cars")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "nothing sticks out sideways"
    doubt = page.locator("#doubts li", has_text=plate(7))
    expect(doubt).to_contain_text(world.owner("demo-owner-7").me["name"])
    doubt.get_by_role("button", name="改归").click()
    expect(doubt).to_have_count(0)

    page.get_by_label("查房屋").fill(claimer.me["houses"][0]["label"])
    page.get_by_label("查房屋").press("Enter")
    page.wait_for_url("**/console/cars/hse_*")
    expect(page.locator("#cars li", has_text=plate(7))).to_be_visible()
    page.get_by_label("车牌号").fill("沪A")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator("#plate-plate-says")).to_contain_text("不像一个车牌号")
    page.get_by_label("车牌号").fill("沪D77777")
    page.get_by_role("button", name="登记", exact=True).click()
    added = page.locator("#cars li", has_text="沪D77777")
    expect(added).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    added.get_by_role("button", name="移除").click()
    expect(added).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
