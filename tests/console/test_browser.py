"""What only a browser shows: live changes, what is being typed, dialogs, photos, a phone's width."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.console.conftest import Desk
from tests.world import PASSWORD, World, picture

pytestmark = [pytest.mark.stack, pytest.mark.browser]

SCREENSHOTS = Path(__file__).parents[2] / "docs" / "screenshots"
A_SECOND = 1500
"""Milliseconds. Changes show within a second; two shared cores get half of one more."""


def test_a_new_order_appears_in_the_inbox_by_itself_and_goes_when_it_is_taken(world: World, desk: Desk) -> None:
    first, second = desk("dispatcher"), desk("dispatcher2")
    for page in (first, second):
        page.goto(f"{world.settings.api_url}/console/inbox?box=pool")
        page.wait_for_selector("[data-live-mark].on")
    number = world.owner("demo-owner-4").report()["number"]
    row = re.compile(number)
    expect(second.locator(".row", has_text=row)).to_be_visible(timeout=A_SECOND)
    first.locator(".row", has_text=row).get_by_role("button", name="领取").click()
    expect(first.locator(".toast")).to_contain_text("已领取")
    expect(first.locator(".row", has_text=row)).to_have_count(0)
    expect(second.locator(".row", has_text=row)).to_have_count(0, timeout=A_SECOND)
    expect(first.locator("#nav-count")).not_to_be_empty()


def test_the_interface_is_documented_without_leaving_the_house(world: World, desk: Desk) -> None:
    page = desk("clerk")
    page.goto(f"{world.settings.api_url}/docs")
    expect(page.locator(".opblock-summary", has_text="/api/v1/owner/repairs")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("button", name="Authorize").first).to_be_visible()


def test_a_screen_catches_up_after_the_api_was_away(world: World, chromium: Browser) -> None:
    owner = world.owner("demo-owner-4")
    # Not by `desk`: while nobody answers, Chromium says so in its console.
    context = chromium.new_context(locale="zh-CN")
    try:
        page = context.new_page()
        page.goto(f"{world.settings.api_url}/console/login")
        page.fill("#account", "dispatcher")
        page.fill("#password", PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.goto(f"{world.settings.api_url}/console/inbox?box=pool")
        page.wait_for_selector("[data-live-mark].on")
        world.stack.kill("api")
        page.wait_for_selector("[data-live-mark].off")
        world.stack.start("api")
        # Chromium tries again every three seconds, so nobody listens yet.
        number = owner.report()["number"]
        expect(page.locator(".row", has_text=number)).to_be_visible(timeout=20_000)
        expect(page.locator("[data-live-mark].on")).to_be_visible()
    finally:
        context.close()


def test_what_is_being_typed_survives_other_peoples_changes(world: World, desk: Desk) -> None:
    owner = world.owner("demo-owner-5")
    number = owner.report()["number"]
    page = desk("dispatcher")
    page.goto(f"{world.settings.api_url}/console/orders/{number}")
    page.wait_for_selector("[data-live-mark].on")
    page.get_by_text("不予受理").first.click()
    reason = page.locator("textarea[name='form.reason']")
    reason.fill("不在服务范围内，")
    page.locator("#comment-text").fill("半句话")

    owner.act(f"/owner/work-orders/{number}/comment", {"text": "还漏得更厉害了"})
    expect(page.locator("#trail")).to_contain_text("还漏得更厉害了", timeout=A_SECOND)
    expect(reason).to_have_value("不在服务范围内，")
    expect(page.locator("#comment-text")).to_have_value("半句话")

    world.staff("dispatcher2").complete(number, "assigned", staff="tech2")
    expect(page.locator("#head")).to_contain_text("待接单", timeout=A_SECOND)
    expect(page.locator("[data-stale]")).to_be_visible()
    expect(reason).to_have_value("不在服务范围内，")
    page.get_by_role("button", name="不予受理").click()
    expect(page.locator("#work .says")).to_contain_text("任务已结束")
    page.get_by_role("button", name="更新办理区").click()
    expect(page.locator("#work")).to_contain_text("转单")
    expect(page.locator("#comment-text")).to_have_value("半句话")


def test_a_technician_does_a_repair_on_a_phone(world: World, desk: Desk, tmp_path: Path) -> None:
    owner = world.owner("demo-owner-6")
    number = owner.report()["number"]
    world.staff("dispatcher").complete(number, "assigned", staff="tech3")
    page = desk("tech3", width=390, height=844)
    page.goto(f"{world.settings.api_url}/console/inbox?box=mine")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "nothing sticks out sideways"
    page.locator(".row", has_text=number).locator("a.go").click()
    page.get_by_role("button", name="接单", exact=True).click()
    page.get_by_role("button", name="我已到场").click()

    page.get_by_role("button", name="提交完成").click()
    expect(page.locator("#work .field-says", has_text="请填写")).to_be_visible()
    shot = tmp_path / "after.jpg"
    shot.write_bytes(picture("seagreen"))
    page.locator("#work .outcome input[type=file]").first.set_input_files(shot)
    page.wait_for_selector("#work .shot:not(.busy) .remove")
    page.locator("textarea[name='form.report']").fill("更换角阀，试水不漏")
    page.get_by_role("button", name="提交完成").dblclick()
    expect(page.locator("#head")).to_contain_text("待确认")
    expect(page.locator("#trail li", has_text="处理完成")).to_have_count(1)

    photo = page.locator("#trail button[data-photo]").first
    expect(photo).to_be_visible(timeout=10_000)
    photo.click()
    expect(page.locator("#viewer")).to_be_visible()
    page.locator("#viewer img").evaluate("image => image.decode()")
    page.keyboard.press("Escape")
    expect(page.locator("#viewer")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_hold_and_resume_by_dialog(world: World, desk: Desk) -> None:
    owner = world.owner("demo-owner-7")
    number = owner.report()["number"]
    world.staff("dispatcher").complete(number, "assigned", staff="tech1")
    technician = world.staff("tech1")
    technician.complete(number, "accepted")
    page = desk("tech1")
    page.goto(f"{world.settings.api_url}/console/orders/{number}")
    page.get_by_role("button", name="挂起工单").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_role("button", name="挂起", exact=True).click()
    expect(dialog.locator(".field-says", has_text="请选择").first).to_be_visible()
    dialog.get_by_text("等配件").click()
    tomorrow = time.strftime("%Y-%m-%dT10:00", time.localtime(time.time() + 86_400))
    dialog.locator("[name=until]").fill(tomorrow)
    dialog.get_by_role("button", name="挂起", exact=True).click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("#head")).to_contain_text("已挂起：等配件")
    page.get_by_role("button", name="恢复处理").click()
    page.locator("dialog[open]").get_by_role("button", name="恢复处理").click()
    expect(page.locator("#head")).not_to_contain_text("已挂起")


def test_a_call_is_registered_and_the_buttons_answer_quickly(world: World, desk: Desk, tmp_path: Path) -> None:
    page = desk("clerk")
    page.goto(f"{world.settings.api_url}/console/register")
    page.get_by_role("button", name="提交登记").click()
    expect(page.locator("#register-reporter-says")).to_have_text("请选择报事人")
    page.locator("#find").fill("1-1-101")
    page.locator("[data-pick]").first.click()
    page.locator(".choices").get_by_text("电路").click()
    page.locator("#questions label").first.click()
    page.locator("#description").fill("客厅整屋跳闸，合不上")
    shot = tmp_path / "box.jpg"
    shot.write_bytes(picture("tan"))
    page.locator("#register input[type=file]").set_input_files(shot)
    page.wait_for_selector(".shot:not(.busy) .remove")
    page.get_by_role("button", name="提交登记").click()
    page.wait_for_url("**/console/orders/BX*")
    expect(page.locator("#head")).to_contain_text("客厅整屋跳闸")
    page.get_by_role("button", name="登记催单").click()
    began = time.monotonic()
    page.locator("dialog[open]").get_by_role("button", name="登记催单").click()
    expect(page.locator("#head")).to_contain_text("催 1")
    assert time.monotonic() - began < 2, "far below on a quiet machine; the tests share two cores"


def test_the_work_sheet_fits_one_page(world: World, desk: Desk) -> None:
    number = world.owner("demo-owner-8").report()["number"]
    page = desk("dispatcher")
    page.goto(f"{world.settings.api_url}/console/orders/{number}/sheet")
    expect(page.locator(".sheet svg path").first).to_be_visible()
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.count(b"/Type /Page\n") == 1


def test_a_correction_finds_the_house_by_its_number_and_prints_nothing(world: World, desk: Desk) -> None:
    number = world.owner("demo-owner-6").report()["number"]
    page = desk("clerk")
    page.goto(f"{world.settings.api_url}/console/orders/{number}")
    page.evaluate("window.print = () => { document.title = 'printed' }")
    page.get_by_role("button", name="更正工单").click()
    dialog = page.get_by_role("dialog", name="更正工单")
    dialog.get_by_text("户内", exact=True).click()
    expect(dialog.get_by_label("收费方式")).to_have_count(0)  # That is a dispatcher's to say.
    find = dialog.get_by_label("改为哪套房屋")
    find.fill("2-1-2")
    find.press("Enter")  # Before the answer is there; several are found, so the first one waits for the next Enter.
    expect(dialog.locator(".hits button").first).to_be_focused()
    expect(dialog.locator(".hits button").nth(1)).to_be_visible()
    find.fill("1-2-302")
    expect(dialog.locator(".hits button")).to_have_count(1)
    find.press("Enter")
    expect(dialog.locator("[data-picked-words]")).to_have_text("1栋2单元302室")
    dialog.get_by_label("类别").select_option(label="电路")
    dialog.get_by_label("原因").fill("报错了房号，已电话核实")
    dialog.get_by_role("button", name="保存更正").click()
    expect(page.locator("#head h1")).to_have_text("电路 · 1栋2单元302室")
    expect(dialog).to_be_hidden()
    assert page.title() != "printed"


def test_a_search_stays_out_of_the_address(world: World, desk: Desk) -> None:
    page = desk("manager")
    page.goto(f"{world.settings.api_url}/console/orders?stage=closed")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    first = str(page.locator("#found .num").first.text_content())
    page.locator("#more button").click()
    expect(page.locator("#found .num").nth(45)).to_be_visible()
    page.fill("#q", first)
    expect(page.locator("#found .num")).to_have_count(1)
    page.select_option("#stage", "")
    page.wait_for_url("**/console/orders")
    expect(page.locator("#found .num")).to_have_text([first])
    assert [url for url in asked if "q=" in url or first in url] == []
