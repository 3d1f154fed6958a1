"""A complaint's whole way on the running stack: by phone into the console, through its pages, out of the engine."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect
from temporalio.client import Client

from integrations.temporal import connect
from tests.console.conftest import Desk
from tests.world import World, eventually

pytestmark = pytest.mark.stack

FILED = re.compile(r"/console/orders/TS\d{8}-\d+$")
TEXT = "深夜装修敲墙，孩子睡不着"


def anonymous(world: World) -> str:
    owner = world.owner("demo-owner-3")
    body = {"house_id": owner.house, "type": "complaint", "category": "noise", "text": TEXT, "anonymous": True}
    return str(owner.act("/owner/complaints", body)["number"])


def test_the_pages_of_a_complaint(world: World, at_desk: Callable[[str], httpx.Client]) -> None:
    number = anonymous(world)
    manager = at_desk("manager")
    page = manager.get(f"/console/orders/{number}").text
    assert TEXT in page
    assert "匿名业主" in page
    assert world.owner("demo-owner-3").me["name"] not in page
    assert world.owner("demo-owner-3").me["name"] in manager.post(f"/console/orders/{number}/identity").text
    assert "查看过身份" in manager.get(f"/console/orders/{number}").text
    outside = at_desk("tech1").get(f"/console/orders/{number}").text
    assert "内容仅经办人可见" in outside
    assert TEXT not in outside
    listed = at_desk("clerk2").get("/console/orders", params={"kind": "complaint"}).text
    assert number in listed
    assert TEXT not in listed
    table = manager.post("/console/orders.csv", data={"kind": "complaint"}).text
    assert number in table
    assert at_desk("guard").get("/console/orders", params={"kind": "complaint"}).text.count("门岗") == 0


def test_complaints_about_one_thing_are_merged_by_who_decides(
    world: World, at_desk: Callable[[str], httpx.Client]
) -> None:
    first, second = anonymous(world), anonymous(world)
    page = at_desk("lead").get(f"/console/orders/{second}").text
    assert "同一对象 +30" in page
    assert first in page
    assert first not in at_desk("clerk2").get(f"/console/orders/{second}").text
    world.staff("lead").complete(second, "merged", primary=first)
    assert "已合并到主单" in at_desk("lead").get(f"/console/orders/{second}").text
    assert "合并的子单 1 张" in at_desk("manager").get(f"/console/orders/{first}").text


def test_nothing_in_the_engine_tells_who_it_is(world: World) -> None:
    """Every payload of the history, decoded as the operator's page would decode it, and the search attributes."""
    owner = world.owner("demo-owner-3")
    number = anonymous(world)
    lead, clerk = world.staff("lead"), world.staff("clerk")
    lead.complete(number, "assigned", staff="clerk")
    clerk.complete(number, "answered", text="已责令停工，限定施工时间")
    owner.complete(number, "dissatisfied", reason="昨晚还在敲")
    world.staff("manager").complete(number, "answered", text="已断电处理并上报执法")
    assert owner.order(number)["complaint"]["further"]

    async def history() -> str:
        client: Client = await connect(world.settings)
        handle = client.get_workflow_handle(number)
        described = await handle.describe()
        said = [str(described.raw_description), str(described.search_attributes)]
        async for event in handle.fetch_history_events():
            for payload in _payloads(event):
                said += [
                    item.data.decode(errors="replace")
                    for item in await client.data_converter.payload_codec.decode([payload])
                ]  # type: ignore[union-attr]
        return "\n".join(said)

    told = asyncio.run(history())
    assert "anon_" in told  # It was decoded at all.
    me = owner.me
    assert [one for one in (me["id"], me["name"], owner.house, TEXT) if one in told] == []
    eventually(lambda: [m for m in owner.read("/owner/messages")["items"] if m["number"] == number])


def test_registered_by_phone_in_the_browser(desk: Desk) -> None:
    page = desk("clerk")
    page.get_by_role("link", name="登记", exact=True).first.click()
    page.get_by_role("link", name="登记投诉建议").click()
    page.fill("#find", "1-1-201")
    page.click("[data-pick]:not([data-other]) >> nth=0")
    page.check("text=噪音扰民")
    page.fill("#text", TEXT)
    page.get_by_text("某户", exact=True).click()
    page.click("button[type=submit].wide")
    expect(page.locator("#register-subject-says")).to_have_text("请选择被投诉的房屋")
    page.get_by_label("被投诉的房屋").fill("1-1-301")
    page.get_by_label("被投诉的房屋").press("Enter")
    expect(page.locator(".about-house [data-picked-words]")).to_have_text("1栋1单元301室")
    page.click("button[type=submit].wide")
    page.wait_for_url(FILED)
    assert TEXT in page.inner_text("#head")
    assert "待分派" in page.inner_text("#head")
    assert "某户 · 1栋1单元301室" in page.inner_text("#head")


def test_a_member_of_staff_is_chosen_by_name(world: World, desk: Desk) -> None:
    page = desk("clerk")
    page.goto(f"{world.settings.api_url}/console/register/complaint")
    page.get_by_text("工作人员", exact=True).click()
    chosen = page.get_by_label("被投诉人")
    expect(chosen.locator("option")).to_have_text(["请先选择投诉人"])
    page.fill("#find", "1-1-201")
    page.click("[data-pick]:not([data-other]) >> nth=0")
    guard = world.staff("guard").me["name"]
    expect(chosen.locator("optgroup[label=秩序部] option", has_text=guard)).to_have_count(1)
    assert world.staff("hxy-clerk").me["name"] not in chosen.inner_text(), "whoever does not work here is not named"
    chosen.select_option(label=guard)
    page.check("text=服务态度")
    page.fill("#text", "门岗态度恶劣，不给开门")
    page.click("button[type=submit].wide")
    page.wait_for_url(FILED)
    assert f"工作人员 · {guard}" in page.inner_text("#head")


def test_what_may_be_complained_of_is_asked_within_ones_scope(
    world: World, at_desk: Callable[[str], httpx.Client]
) -> None:
    home = world.owner("demo-owner-3").house
    for account, sees in (("clerk", True), ("hxy-clerk", False)):
        client = at_desk(account)
        houses = client.post("/console/register/complaint/houses", data={"q": "1-1-301", "house_id": home}).text
        staff = client.post("/console/register/complaint/staff", data={"house_id": home}).text
        assert ("1栋1单元301室" in houses, "秩序部" in staff) == (sees, sees)


def _payloads(message: object) -> list:  # type: ignore[type-arg]
    """All payloads anywhere in a message of Temporal's."""
    found = []
    for field, value in message.ListFields():  # type: ignore[attr-defined]
        if field.message_type is None:
            continue
        several = value.values() if hasattr(value, "values") else value if field.is_repeated else [value]
        for one in several:
            if type(one).__name__ == "Payload":
                found.append(one)
            elif hasattr(one, "ListFields"):
                found += _payloads(one)
    return found
