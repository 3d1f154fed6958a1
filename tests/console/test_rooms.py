"""The rooms over HTTP, against the real stack: fragments, headers, refusals, who sees what."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from models.repositories.engines import sync_engine
from tests.world import World, eventually

pytestmark = pytest.mark.stack

HTMX = {"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
AtDesk = Callable[[str], httpx.Client]


def forms(page: str, **hidden: str) -> dict[str, str]:
    """The hidden fields of the first form that has these."""
    for form in re.findall(r"<form.*?</form>", page, re.S):
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        if all(fields.get(name) == value for name, value in hidden.items()):
            return fields
    raise AssertionError(f"no form with {hidden}")


def act(client: httpx.Client, number: str, fields: dict[str, Any]) -> httpx.Response:
    return client.post(f"/console/orders/{number}/act", data=fields, headers=HTMX)


def search(client: httpx.Client, words: str, **wanted: str) -> httpx.Response:
    return client.post("/console/orders", data={"q": words, **wanted}, headers=HTMX)


def test_strangers_are_sent_to_the_login_and_come_back(world: World) -> None:
    answer = world.http.get("/console/orders?stage=open")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/login?to=/console/orders%3Fstage%3Dopen"
    assert world.http.get("/console/inbox", headers=HTMX).headers["hx-redirect"].startswith("/console/login")
    wrong = world.http.post("/console/login", data={"account": "clerk", "password": "guess"})
    assert wrong.status_code == 401
    assert "账号或密码不正确" in wrong.text
    assert "set-cookie" not in wrong.headers


def test_the_session_is_a_cookie_that_scripts_cannot_read_and_that_ends(at_desk: AtDesk) -> None:
    client = at_desk("clerk2")
    cookie = client.cookies["wuyou_session"]
    assert client.get("/console/me").status_code == 200
    client.post("/console/logout")
    answer = client.get("/console/me", headers={"Cookie": f"wuyou_session={cookie}"})
    assert answer.status_code == 303, "a logged-out session is worth nothing, even to whoever kept the cookie"


def test_every_answer_carries_the_policy_and_pages_are_not_kept(at_desk: AtDesk) -> None:
    client = at_desk("clerk")
    pages = ["/console/login", "/console/inbox", "/console/orders", "/console/register", "/console/me"]
    for path in [*pages, "/console/orders/BX20200101-99999", "/console/static/none.js"]:
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        if path in pages:
            assert answer.status_code == 200, path
            assert answer.headers["cache-control"] == "no-store"
            assert "http://" not in answer.text.replace("http://www.w3.org", "")
            assert not re.search(r"<[^>]+ (style|on\w+)=", answer.text), "nothing inline"


def test_a_mistyped_address_and_a_refusal_are_pages(at_desk: AtDesk) -> None:
    clerk = at_desk("clerk")
    for path, status, said in (
        ("/console/nowhere/at/all", 404, "没有这个页面"),
        ("/console/orders/BX20200101-00001", 404, "没有找到该工单"),
        ("/console/settings", 403, "只有管理员可以修改设置"),
    ):
        answer = clerk.get(path)
        assert answer.status_code == status
        assert f"<h1>{said}</h1>" in answer.text
        assert "回到待办" in answer.text
        assert "req_" not in answer.text, "nobody has to look into a log"


def test_another_site_cannot_act_for_a_logged_in_person(world: World, at_desk: AtDesk) -> None:
    client = at_desk("clerk")
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = client.post("/console/me/duty", data={"on": ""}, headers=headers)
        assert answer.status_code == 403
    own = world.settings.api_url
    assert client.post("/console/me/duty", data={"on": "1"}, headers={"Origin": own}).status_code == 200


def test_a_repair_from_the_call_to_the_confirmation(world: World, at_desk: AtDesk) -> None:
    clerk, dispatcher, technician = at_desk("clerk"), at_desk("dispatcher"), at_desk("tech1")
    hits = clerk.post("/console/register/people", data={"q": "1-1-101"}).text
    picked = re.search(r"resident_id&#34;:&#34;(res_\w+)&#34;,&#34;house_id&#34;:&#34;(hse_\w+)", hits)
    assert picked, hits
    fields = {
        "who": "resident",
        "where": "house",
        "resident_id": picked[1],
        "house_id": picked[2],
        "source": "phone",
        "category": "water",
        "description": "阳台水管接头一直滴水",
        "key": "a" * 32,
    }
    filed = clerk.post("/console/register", data=fields, headers=HTMX)
    assert filed.status_code == 200, filed.text
    again = clerk.post("/console/register", data=fields, headers=HTMX)
    assert again.headers["hx-redirect"] == filed.headers["hx-redirect"], "a double click files one order"
    number = filed.headers["hx-redirect"].rpartition("/")[2]

    page = dispatcher.get(f"/console/orders/{number}").text
    form = forms(page, outcome="assigned")
    refused = act(dispatcher, number, form)
    assert refused.status_code == 422
    assert f'id="{form["form_id"]}-form-staff-says"' in refused.text
    assert "请选择" in refused.text
    done = act(dispatcher, number, {**form, "form.staff": "tech1"})
    assert done.status_code == 200, done.text
    assert "待接单" in done.text
    assert "已指派" in done.text

    stale = act(dispatcher, number, {**form, "form.staff": "tech2", "key": "b" * 32})
    assert stale.status_code == 409
    assert "任务已结束" in stale.text

    for outcome, typed in (("accepted", {}), ("arrived", {}), ("finished", {"form.report": "换了密封圈"})):
        form = forms(technician.get(f"/console/orders/{number}").text, outcome=outcome)
        first = act(technician, number, {**form, **typed})
        second = act(technician, number, {**form, **typed})
        assert (first.status_code, second.status_code) == (200, 200), first.text + second.text

    form = forms(clerk.get(f"/console/orders/{number}").text, outcome="fixed", behalf="1")
    said = {"on_behalf.channel": "phone", "on_behalf.note": "王女士来电说好了"}
    done = act(clerk, number, {**form, **said})
    assert done.status_code == 200, done.text
    assert "已完成" in done.text
    assert "电话代办：王女士来电说好了" in done.text


def test_a_comment_stays_inside_unless_it_is_sent_as_a_reply(world: World, at_desk: AtDesk) -> None:
    owner = world.owner("demo-owner-2")
    number = owner.report()["number"]
    clerk = at_desk("clerk")
    form = forms(clerk.get(f"/console/orders/{number}").text, form_id="comment")
    inside = act(clerk, number, {**form, "text": "这户总是半夜报修", "audience": "staff"})
    assert inside.status_code == 200, inside.text
    form = forms(inside.text, form_id="comment")
    act(clerk, number, {**form, "text": "师傅下午到", "audience": "reporter"})
    heard = str(owner.order(number)["timeline"])
    assert "师傅下午到" in heard
    assert "半夜" not in heard
    empty = act(clerk, number, {**forms(clerk.get(f"/console/orders/{number}").text, form_id="comment"), "text": ""})
    assert empty.status_code == 422
    assert 'id="comment-text-says"' in empty.text


def test_a_phone_is_shown_to_whoever_works_on_the_order_and_every_look_is_written_down(
    world: World, at_desk: AtDesk
) -> None:
    owner = world.owner("demo-owner-3")
    number = owner.report()["number"]
    with_contact = owner.report(contact={"name": "李女士", "phone": "13900139000"})["number"]

    def ask(account: str, order: str) -> httpx.Response:
        return at_desk(account).post(f"/console/orders/{order}/phone", headers=HTMX)

    assert "13800000003" in ask("clerk", number).text
    assert "13900139000" in ask("dispatcher", with_contact).text
    for account in ("tech1", "quality", "cashier"):
        refused = ask(account, number)
        assert refused.status_code == 403
        assert "13800000003" not in refused.text
        assert "/phone" not in at_desk(account).get(f"/console/orders/{number}").text
    world.staff("dispatcher").complete(number, "assigned", staff="tech1")
    assert f"/orders/{number}/phone" in at_desk("tech1").get(f"/console/orders/{number}").text
    assert "13800000003" in ask("tech1", number).text
    found = at_desk("lead").post(f"/console/orders/{with_contact}/phone", headers={"Sec-Fetch-Site": "cross-site"})
    assert found.status_code == 403
    engine = sync_engine(world.settings.database_url, pool_size=1)
    with engine.connect() as conn:
        looks = conn.execute(
            text(
                "SELECT s.account, r.number, r.what FROM reveals r JOIN staff s ON s.id = r.staff_id"
                " WHERE r.number = ANY(:orders) ORDER BY r.at"
            ),
            {"orders": [number, with_contact]},
        ).all()
    engine.dispose()
    assert [tuple(look) for look in looks] == [
        ("clerk", number, "reporter"), ("dispatcher", with_contact, "contact"), ("tech1", number, "reporter")
    ]  # fmt: skip


def test_another_communitys_order_does_not_exist(world: World, at_desk: AtDesk) -> None:
    number = world.owner("hxy-owner-1").report()["number"]
    client = at_desk("dispatcher")
    for path in (f"/console/orders/{number}", f"/console/orders/{number}/sheet"):
        assert client.get(path).status_code == 404
    assert client.post(f"/console/orders/{number}/phone", headers=HTMX).status_code == 404
    assert act(client, number, {"action": "urge", "key": "k"}).status_code == 404
    assert number not in search(client, number).text.split('id="found"')[1]


def test_staff_say_where_they_are_texted_and_it_is_shown_masked(at_desk: AtDesk) -> None:
    client = at_desk("cashier")

    def save(phone: str) -> str:
        return client.post("/console/me/phone", data={"form_id": "phone", "phone": phone}, headers=HTMX).text

    assert "137****" in client.get("/console/me").text
    assert "139****5678" in save("13912345678")
    assert "13912345678" not in client.get("/console/me").text
    assert "phone-phone-says" in save("12345")
    assert "139****5678" in client.get("/console/me").text
    assert "****" not in save("")


def test_the_list_is_filtered_and_pages_without_repeating(at_desk: AtDesk) -> None:
    client = at_desk("manager")
    numbers: list[str] = []
    wanted: dict[str, str] = {"stage": "closed"}
    while wanted and len(numbers) < 90:
        page = client.post("/console/orders", data=wanted, headers={**HTMX, "X-Part": "rows"}).text
        numbers += re.findall(r'<a class="go clip" href="/console/orders/([^"]+)"', page)
        wanted = forms(page, stage="closed") if 'id="more"' in page else {}
    assert len(numbers) == len(set(numbers)) >= 60
    one = search(client, numbers[0])
    assert numbers[0] in one.text
    assert numbers[1] not in one.text
    assert "没有符合条件的工单" in search(client, "绝无此事").text


def test_what_is_searched_for_stands_in_no_address_and_no_log(world: World, at_desk: AtDesk) -> None:
    """A name, a phone or a plate would stay in histories and in proxies' logs."""
    client = at_desk("manager")
    answer = search(client, "沪A12345", stage="open")
    assert answer.headers["hx-push-url"] == "/console/orders?stage=open"
    assert "沪A12345" not in str(client.get("/console/orders", params={"q": "沪A12345"}).text)
    addresses = re.findall(r'(?:href|action|hx-get|hx-post)="([^"]*)"', answer.text)
    assert [address for address in addresses if "q=" in address or "A12345" in address] == []
    assert "A12345" not in (world.settings.home / "logs" / "api.log").read_text()
    table = client.post("/console/orders.csv", data={"q": "绝无此事"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert table.status_code == 200
    assert table.text.count("\n") == 1
    assert client.post("/console/orders", data={"q": "x"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_photos_pass_through_the_console_and_only_to_those_who_may_see_them(world: World, at_desk: AtDesk) -> None:
    owner = world.owner("demo-owner-3")
    photo = owner.photo()
    number = owner.report(photo_ids=[photo])["number"]
    clerk, stranger = at_desk("clerk"), at_desk("hxy-clerk")
    shown = eventually(lambda: ok(clerk.get(f"/console/photos/{photo}?size=thumb")), what="the finalised photo")
    assert shown.headers["content-type"].startswith("image/")
    assert "private" in shown.headers["cache-control"]
    assert stranger.get(f"/console/photos/{photo}").status_code == 404
    assert f"/console/photos/{photo}" in clerk.get(f"/console/orders/{number}").text
    accept = {"Accept": "application/json"}
    wrong = clerk.post("/console/photos", files={"file": ("a.jpg", b"no image", "image/jpeg")}, headers=accept)
    assert wrong.status_code == 422
    assert "图片" in wrong.json()["detail"]


def ok(answer: httpx.Response) -> httpx.Response | None:
    return answer if answer.status_code == 200 else None


def test_an_emergency_shows_the_duty_telephone_before_anything_is_filed(at_desk: AtDesk) -> None:
    client = at_desk("clerk")
    questions = client.get("/console/register/questions", params={"category": "lift"}).text
    urgent = re.search(r'class="urgent"><input type="radio" name="(answer\.\w+)" value="(\w+)"', questions)
    assert urgent, questions
    said = client.get("/console/register/urgency", params={"category": "lift", urgent[1]: urgent[2]}).text
    assert 'href="tel:' in said
    calm = client.get("/console/register/urgency", params={"category": "lift", urgent[1]: "no"}).text
    assert "tel:" not in calm


def test_my_page_draws_the_code_that_binds_wechat(at_desk: AtDesk) -> None:
    client = at_desk("guard")
    page = client.post("/console/me/wechat", headers=HTMX).text
    assert "<svg" in page.partition('class="qr"')[2]
    assert client.post("/console/me/duty", data={"on": ""}, headers=HTMX).text.count("休息") >= 1
    client.post("/console/me/duty", data={"on": "1"}, headers=HTMX)


def test_likeness_is_shown_with_its_points_and_merged_with_one_press(world: World, at_desk: AtDesk) -> None:
    dispatcher, one, other = at_desk("dispatcher"), world.owner("demo-owner-5"), world.owner("demo-owner-6")
    area = {"community_id": one.me["houses"][0]["community_id"], "spot": "gate"}
    said = {"area": area, "category": "public_facility", "description": "大门口的地砖翘起来了，容易绊倒。"}
    primary, child = (person.act("/owner/repairs", said)["number"] for person in (one, other))
    page = dispatcher.get(f"/console/orders/{child}").text
    assert "可能是同一件事" in page
    assert "同一位置 +30" in page
    merged = act(dispatcher, child, forms(page, action="merge", primary=primary))
    assert merged.status_code == 200, merged.text
    assert "已合并到主单" in merged.text
    assert "取消合并" in merged.text
    assert child in dispatcher.get(f"/console/orders/{primary}").text
    linked = dispatcher.post(
        f"/console/orders/{child}/link", data={"key": "link-1", "other": "BX20200101-00001"}, headers=HTMX
    )
    assert linked.status_code == 404


def test_an_incident_is_opened_followed_and_closed_in_its_room(world: World, at_desk: AtDesk) -> None:
    clerk, owner = at_desk("clerk"), world.owner("demo-owner-7")
    page = clerk.get("/console/incidents/new").text
    key = re.findall(r'id="incident".*?name="key" value="([^"]+)"', page, re.S)[0]
    community = re.findall(r'name="community_id" value="([^"]+)"', page)[0]
    said = {"key": key, "community_id": community, "kind": "no_network", "title": "门禁中断", "categories": "greening"}
    missing = clerk.post("/console/incidents", data=said, headers=HTMX)
    assert missing.status_code == 422
    opened = clerk.post("/console/incidents", data=said | {"text": "运营商光缆中断，抢修中。"}, headers=HTMX)
    room = opened.headers["hx-redirect"]
    area = {"community_id": community, "spot": "garden"}
    report = owner.act("/owner/repairs", {"area": area, "category": "greening", "description": "花园的门禁刷不开。"})
    assert report["incident"]["text"] == "运营商光缆中断，抢修中。"
    shown = clerk.get(room).text
    assert report["number"] in shown
    assert "门禁中断" in clerk.get("/console/incidents").text
    assert "门禁中断" in clerk.get(f"/console/orders/{report['number']}").text
    key = re.findall(r'id="close".*?name="key" value="([^"]+)"', shown, re.S)[0]
    closing = {"key": key, "came_to": "finished", "text": "光缆已抢通，门禁恢复。"}
    assert clerk.post(f"{room}/close", data=closing, headers=HTMX).headers["hx-redirect"] == room
    eventually(lambda: owner.task_with(report["number"], "fixed"))


def test_finance_reads_the_days_takings_and_takes_them_along(at_desk: AtDesk) -> None:
    """The demo's technician took money on the spot some hours ago: today, or just before midnight yesterday."""
    finance = at_desk("finance")
    today = finance.get("/console/takings").text
    (earlier,) = re.findall(r'href="/console/takings\?date=([\d-]+)"', today)[:1]
    pages = today + finance.get("/console/takings", params={"date": earlier}).text
    assert "SJ-2041" in pages
    assert "¥180.00" in pages
    assert "微信支付" in today
    file = finance.get("/console/takings/export", params={"date": earlier})
    assert file.headers["content-type"].startswith("text/csv")
    assert "attachment" in file.headers["content-disposition"]
    assert file.text.startswith("\ufeff时间,单号")
    assert at_desk("tech1").get("/console/takings").status_code == 403


def test_the_price_stands_on_the_page_and_on_the_sheet(at_desk: AtDesk) -> None:
    clerk = at_desk("clerk")
    (number,) = set(re.findall(r"BX\d{8}-\d+", search(clerk, "软管老化").text))
    for page in (clerk.get(f"/console/orders/{number}").text, clerk.get(f"/console/orders/{number}/sheet").text):
        assert "不锈钢软管" in page
        assert "¥240.00" in page
