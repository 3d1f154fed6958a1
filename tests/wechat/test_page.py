"""The emulator's page in a real browser: messages come by themselves, buttons do what they say."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from integrations.sms import Sms
from integrations.wechat import WeChat
from tests.wechat.playground import Playground
from tests.wechat.samples import PAGE, progress

OWNER = "demo-owner-1"

pytestmark = pytest.mark.browser


@pytest_asyncio.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        yield page
        await browser.close()
        assert problems == []


async def test_the_phone_fills_by_itself(phone: Playground, wechat: WeChat, page: Page) -> None:
    await page.goto(f"{phone.url}/?person={OWNER}")
    await expect(page.get_by_text("还没有收到消息")).to_be_visible()
    phone.tap("prompt", openid=OWNER, template_ids=["tmpl_progress", "tmpl_money"])
    await page.get_by_label("费用变动通知").uncheck()
    await page.get_by_role("button", name="允许").click()
    await expect(page.get_by_role("button", name="允许")).to_have_count(0)
    assert phone.look("credits", openid=OWNER) == {"tmpl_progress": 1}
    wechat.send_subscribe(OWNER, "tmpl_progress", progress(), PAGE)
    await expect(page.get_by_role("heading", name="工单进度通知")).to_be_visible()
    await expect(page.get_by_text("1栋1单元101室 厨房")).to_be_visible()


async def test_refusing_gives_nothing_and_scanning_follows(phone: Playground, wechat: WeChat, page: Page) -> None:
    phone.tap("prompt", openid=OWNER, template_ids=["tmpl_progress"])
    await page.goto(f"{phone.url}/?person={OWNER}")
    await page.get_by_role("button", name="拒绝").click()
    await expect(page.get_by_role("button", name="拒绝")).to_have_count(0)
    assert phone.look("credits", openid=OWNER) == {}
    await page.goto(wechat.bind_qr("bind_1"))
    await page.get_by_role("button", name="张师傅").click()
    await expect(page.get_by_text("已扫码")).to_be_visible()
    await expect(page.get_by_text("已关注，可以收到模板消息")).to_be_visible()


async def test_an_sms_shows_on_its_phone_also_where_there_is_no_wechat(phone: Playground, page: Page) -> None:
    sms = Sms.of(phone.settings)
    assert sms is not None
    await page.goto(f"{phone.url}/?person={OWNER}")
    sms.send("13800000001", "text_no_access", ["BX20261122-00017"], reference="n1")
    await expect(page.get_by_text("【物优物业】您的报修BX20261122-00017师傅上门时无人在家")).to_be_visible()
    sms.send("13800000022", "text_no_access", ["BX20261122-00018"], reference="n2")
    await page.goto(f"{phone.url}/")
    await page.get_by_role("link", name="13800000022").click()
    await expect(page.get_by_text("BX20261122-00018")).to_be_visible()
