"""The emulator's state machines, spoken to as WeChat is: success and every refusal of a call in one place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from devstack.wechat_emulator.accounts import Accounts
from devstack.wechat_emulator.config import Config
from devstack.wechat_emulator.refusals import Refused
from devstack.wechat_emulator.store import Store
from tests.wechat.playground import Playground, emulator, free_port, settings_for
from tests.wechat.samples import PAGE, progress, task

OWNER = "demo-owner-1"
SUBSCRIBE = "/cgi-bin/message/subscribe/send"
TEMPLATE = "/cgi-bin/message/template/send"


def subscribe(phone: Playground, token: str | None = None, **changed: Any) -> Any:
    body = {"touser": OWNER, "template_id": "tmpl_progress", "data": progress(), "page": PAGE} | changed
    return phone.post(SUBSCRIBE, body, phone.token("mini") if token is None else token)


def template(phone: Playground, **changed: Any) -> Any:
    body = {"touser": f"gzh-{OWNER}", "template_id": "tmpl_task", "data": task()} | changed
    return phone.post(TEMPLATE, body, phone.token("service"))


def test_a_login_code_works_once_for_five_minutes(phone: Playground) -> None:
    code = phone.look("login-code", openid="somebody-new")["code"]
    answer = phone.session(code)
    assert answer["openid"] == "somebody-new"
    assert "errcode" not in answer
    assert phone.session(code)["errcode"] == 40163
    old = phone.look("login-code", openid=OWNER)["code"]
    phone.tap("clock", advance=301)
    assert phone.session(old)["errcode"] == 40029
    assert phone.session("never-issued")["errcode"] == 40029


def test_a_login_needs_the_right_account(phone: Playground) -> None:
    code = phone.look("login-code", openid=OWNER)["code"]
    refused = phone.session(code, secret="wrong")
    assert refused["errcode"] == 40125
    assert "rid: " in refused["errmsg"]
    assert phone.session(code, appid="wx-of-nobody")["errcode"] == 40013
    service = phone.settings
    other = phone.session(code, appid=service.wechat_service_appid, secret=service.wechat_service_secret)
    assert other["errcode"] == 40029
    assert phone.session(code)["openid"] == OWNER


def test_one_person_logs_in_at_most_a_hundred_times_a_minute(phone: Playground) -> None:
    phone.begin(60)
    assert [phone.login(OWNER).get("openid") for _ in range(100)] == [OWNER] * 100
    assert phone.login(OWNER)["errcode"] == 45011
    assert phone.login("demo-owner-2")["openid"] == "demo-owner-2"
    phone.tap("clock", advance=60)
    assert phone.login(OWNER)["openid"] == OWNER


def test_a_phone_code_works_once_and_is_no_login_code(phone: Playground) -> None:
    token = phone.token("mini")
    code = phone.look("phone-code", openid=OWNER, phone="13800001111")["code"]
    assert phone.session(code)["errcode"] == 40029
    answer = phone.post("/wxa/business/getuserphonenumber", {"code": code}, token)
    assert answer["phone_info"]["purePhoneNumber"] == "13800001111"
    assert answer["phone_info"]["watermark"]["appid"] == phone.settings.wechat_mini_appid
    assert phone.post("/wxa/business/getuserphonenumber", {"code": code}, token)["errcode"] == 40163


def test_classic_tokens_overlap_for_five_minutes(phone: Playground) -> None:
    asked = {"appid": phone.settings.wechat_mini_appid, "secret": phone.settings.wechat_mini_secret}
    first = phone.get("/cgi-bin/token", grant_type="client_credential", **asked)["access_token"]
    second = phone.get("/cgi-bin/token", grant_type="client_credential", **asked)["access_token"]
    assert first != second
    assert subscribe(phone, first)["errcode"] == 43101
    phone.tap("clock", advance=301)
    assert subscribe(phone, first)["errcode"] == 42001
    assert subscribe(phone, second)["errcode"] == 43101


def test_the_stable_token_stays_until_its_last_minutes(phone: Playground) -> None:
    first = phone.stable("mini")
    assert (len(first["access_token"]), first["expires_in"]) == (512, 7200)
    phone.tap("clock", advance=6000)
    assert phone.stable("mini")["access_token"] == first["access_token"]
    phone.tap("clock", advance=1000)
    second = phone.stable("mini")["access_token"]
    assert second != first["access_token"]
    assert subscribe(phone, first["access_token"])["errcode"] == 43101
    phone.tap("clock", advance=301)
    assert subscribe(phone, first["access_token"])["errcode"] == 42001
    assert subscribe(phone, second)["errcode"] == 43101


def test_a_forced_renewal_kills_the_old_token_and_is_rationed(phone: Playground) -> None:
    phone.begin(86400)
    old = phone.token("mini")
    new = phone.stable("mini", force=True)["access_token"]
    assert subscribe(phone, old)["errcode"] == 40001
    assert subscribe(phone, new)["errcode"] == 43101
    assert phone.stable("mini", force=True)["errcode"] == 45011
    for _ in range(19):
        phone.tap("clock", advance=31)
        assert "access_token" in phone.stable("mini", force=True)
    phone.tap("clock", advance=31)
    assert phone.stable("mini", force=True)["errcode"] == 45009
    assert "access_token" in phone.stable("mini")


def test_the_classic_token_has_a_daily_quota(tmp_path: Path) -> None:
    config = Config.of(settings_for(tmp_path, 1))
    store = Store(config.state_file)
    store.advance(86400 - store.now() % 86400)
    accounts = Accounts(config, store)
    for _ in range(2000):
        accounts.classic_token(config.mini.appid, config.mini.secret)
    with pytest.raises(Refused, match="45009"):
        accounts.classic_token(config.mini.appid, config.mini.secret)
    assert accounts.classic_token(config.service.appid, config.service.secret)["access_token"]
    store.advance(86400)
    assert accounts.classic_token(config.mini.appid, config.mini.secret)["access_token"]
    store.close()


def test_each_acceptance_is_one_message(phone: Playground) -> None:
    assert subscribe(phone)["errcode"] == 43101
    told = phone.tap("subscribe", openid=OWNER, template_ids=["tmpl_progress", "tmpl_money"], answer="accept")
    assert told == {"errMsg": "requestSubscribeMessage:ok", "tmpl_progress": "accept", "tmpl_money": "accept"}
    phone.tap("subscribe", openid=OWNER, template_ids=["tmpl_progress"], answer="accept")
    phone.tap("subscribe", openid=OWNER, template_ids=["tmpl_progress"], answer="reject")
    assert phone.look("credits", openid=OWNER)["tmpl_progress"] == 2
    first, second, third = (subscribe(phone) for _ in range(3))
    assert (first["errcode"], second["errcode"], third["errcode"]) == (0, 0, 43101)
    assert first["msgid"] != second["msgid"]
    received = phone.look("messages", openid=OWNER)
    assert [message["msgid"] for message in received] == [second["msgid"], first["msgid"]]
    assert received[0]["fields"][0] == ["工单编号", "BX20261122-00017"]


def test_switching_off_takes_the_credits(phone: Playground) -> None:
    phone.tap("subscribe", openid=OWNER, template_ids=["tmpl_progress"], answer="accept")
    phone.tap("settings", openid=OWNER, template_ids=["tmpl_progress"])
    assert subscribe(phone)["errcode"] == 43101


def test_checks_come_in_wechats_order(phone: Playground) -> None:
    wrong: dict[str, Any] = {
        "touser": "nobody-at-all",
        "template_id": "tmpl_unknown",
        "data": progress(phrase2="not Chinese"),
        "page": "/admin",
    }
    fixed = {"touser": OWNER, "template_id": "tmpl_progress", "data": progress(), "page": PAGE}
    codes = [phone.post(SUBSCRIBE, wrong)["errcode"], subscribe(phone, "x" * 512, **wrong)["errcode"]]
    for key in ("touser", "template_id", "data", "page"):
        codes.append(subscribe(phone, **wrong)["errcode"])
        wrong[key] = fixed[key]
    codes.append(subscribe(phone, **wrong)["errcode"])
    assert codes == [41001, 40001, 40003, 40037, 47003, 41030, 43101]


def test_the_first_wrong_field_is_named(phone: Playground) -> None:
    phone.tap("subscribe", openid=OWNER, template_ids=["tmpl_progress"], answer="accept")
    missing = progress()
    del missing["thing3"]
    assert "data.thing3.value is empty" in subscribe(phone, data=missing)["errmsg"]
    assert "data.name4.value invalid" in subscribe(phone, data=progress(name4="王*明"))["errmsg"]
    assert "data.phrase2.value invalid" in subscribe(phone, data=progress(phrase2="a", name4="1"))["errmsg"]
    extra = subscribe(phone, data=progress(thing9="extra"))
    assert extra["errcode"] == 0


def test_a_template_message_reaches_followers_once(phone: Playground) -> None:
    assert template(phone)["errcode"] == 43004
    assert template(phone, touser=OWNER)["errcode"] == 40003
    assert template(phone, template_id="tmpl_none")["errcode"] == 40037
    phone.tap("follow", openid=OWNER)
    first = template(phone, client_msg_id="notice-1")
    again = template(phone, client_msg_id="notice-1")
    assert first == again
    assert template(phone, client_msg_id="notice-2")["msgid"] != first["msgid"]
    phone.tap("clock", advance=601)
    assert template(phone, client_msg_id="notice-1")["msgid"] != first["msgid"]
    assert len(phone.look("messages", openid=OWNER)) == 3
    phone.tap("follow", openid=OWNER, following=False)
    assert template(phone)["errcode"] == 43004


def test_each_account_has_its_own_token_and_templates(phone: Playground) -> None:
    assert subscribe(phone, phone.token("service"))["errcode"] == 48001
    assert subscribe(phone, template_id="tmpl_task")["errcode"] == 40037
    mini = phone.get("/wxaapi/newtmpl/gettemplate", access_token=phone.token("mini"))["data"]
    service = phone.get("/cgi-bin/template/get_all_private_template", access_token=phone.token("service"))
    assert len(mini) == 8
    assert len(service["template_list"]) == 9
    assert mini[0]["content"].startswith("工单编号:{{character_string1.DATA}}")


def test_a_scene_code_expires(phone: Playground) -> None:
    body = {"expire_seconds": 60, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "bind_7"}}}
    made = phone.post("/cgi-bin/qrcode/create", body, phone.token("service"))
    assert phone.tap("scan", openid="staff-tech1", scene=made["ticket"]) == {"openid": "gzh-staff-tech1"}
    info = phone.get("/cgi-bin/user/info", access_token=phone.token("service"), openid="gzh-staff-tech1")
    assert (info["subscribe"], info["unionid"]) == (1, phone.login("staff-tech1")["unionid"])
    listed = phone.get("/cgi-bin/user/get", access_token=phone.token("service"))
    assert listed["data"]["openid"] == ["gzh-staff-tech1"]
    phone.tap("clock", advance=61)
    with pytest.raises(requests.HTTPError, match="404"):
        phone.tap("scan", openid="staff-tech1", scene=made["ticket"])


def test_text_is_judged_only_for_people_who_are_there(phone: Playground) -> None:
    token = phone.token("mini")
    body = {"version": 2, "openid": OWNER, "scene": 2, "content": "厨房漏水"}
    assert phone.post("/wxa/msg_sec_check", body, token)["errcode"] == 61010
    phone.login(OWNER)
    judged = [
        phone.post("/wxa/msg_sec_check", body | {"content": text}, token)["result"]["suggest"]
        for text in ("厨房漏水", "加微信办宽带", "楼下有人赌博")
    ]
    assert judged == ["pass", "review", "risky"]
    assert phone.post("/wxa/msg_sec_check", body | {"scene": 9}, token)["errcode"] == 40129
    assert phone.post("/wxa/msg_sec_check", body | {"version": 1}, token)["errcode"] == 40097


def test_oauth_gives_the_service_openid(phone: Playground) -> None:
    account = {"appid": phone.settings.wechat_service_appid, "secret": phone.settings.wechat_service_secret}
    code = phone.look("oauth-code", openid=OWNER)["code"]
    assert phone.get("/sns/oauth2/access_token", code=code, **account)["openid"] == f"gzh-{OWNER}"
    assert phone.get("/sns/oauth2/access_token", code=code, **account)["errcode"] == 40163
    assert phone.get("/sns/oauth2/access_token", **account)["errcode"] == 41008
    page = requests.get(
        f"{phone.url}/connect/oauth2/authorize",
        params={"redirect_uri": "http://127.0.0.1/back?a=1", "state": "s", "person": OWNER},
        allow_redirects=False,
        timeout=5,
    )
    assert page.headers["Location"].startswith("http://127.0.0.1/back?a=1&code=")


def test_a_popup_asks_for_one_to_three_known_templates(phone: Playground) -> None:
    four = ["tmpl_progress", "tmpl_money", "tmpl_finished", "tmpl_visitor"]
    for templates in ([], four, ["tmpl_task"]):
        with pytest.raises(requests.HTTPError, match="422"):
            phone.tap("prompt", openid=OWNER, template_ids=templates)
    assert phone.tap("prompt", openid=OWNER, template_ids=four[:3])["prompt"] > 0


def test_the_page_plays_the_user(phone: Playground) -> None:
    phone.tap("subscribe", openid=OWNER, template_ids=["tmpl_progress"], answer="accept")
    subscribe(phone, data=progress(thing3="<b>厨房</b>"))
    prompt = phone.tap("prompt", openid=OWNER, template_ids=["tmpl_money", "tmpl_visitor"])["prompt"]
    page = requests.get(phone.url, params={"person": OWNER}, timeout=5).text
    assert "工单进度通知" in page
    assert "&lt;b&gt;厨房&lt;/b&gt;" in page
    assert "<b>厨房" not in page
    assert "发送一次以下消息" in page
    pressed = {"person": OWNER, "prompt": prompt, "accept": ["tmpl_money"]}
    after = requests.post(f"{phone.url}/page/prompt", data=pressed, timeout=5).text
    assert "发送一次以下消息" not in after
    assert phone.look("credits", openid=OWNER) == {"tmpl_progress": 0, "tmpl_money": 1}
    followed = requests.post(f"{phone.url}/page/follow", data={"person": OWNER, "following": 1}, timeout=5).text
    assert "已关注" in followed


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, free_port())
    with emulator(settings) as before:
        code = before.look("login-code", openid=OWNER)["code"]
        used = before.look("login-code", openid=OWNER)["code"]
        before.session(used)
        token = before.token("mini")
        before.tap("subscribe", openid=OWNER, template_ids=["tmpl_progress"], answer="accept")
        before.tap("follow", openid=OWNER)
        sent = template(before, client_msg_id="notice-1")
    with emulator(settings) as after:
        assert after.token("mini") == token
        assert after.session(used)["errcode"] == 40163
        assert after.session(code)["openid"] == OWNER
        assert template(after, client_msg_id="notice-1") == sent
        assert [subscribe(after, token)["errcode"] for _ in range(2)] == [0, 43101]


def test_faults_hit_what_they_name_as_often_as_told(phone: Playground) -> None:
    phone.fault("busy", "/cgi-bin/message", count=2)
    assert "access_token" in phone.stable("mini")
    assert [subscribe(phone)["errcode"] for _ in range(3)] == [-1, -1, 43101]
    phone.fault("outage", count=None)
    assert requests.get(f"{phone.url}/cgi-bin/token", timeout=5).status_code == 503
    assert requests.delete(f"{phone.url}/_emulator/faults", timeout=5).ok
    phone.fault("outage", how="reset")
    with pytest.raises(requests.ConnectionError):
        phone.get("/cgi-bin/token")
    assert phone.get("/cgi-bin/token")["errcode"] == 41002
