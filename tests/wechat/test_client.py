"""Our client against the emulator over real HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, text

from integrations import wechat as module
from integrations.wechat import (
    BadField,
    CodeInvalid,
    NoCredit,
    NotFollowing,
    TooOften,
    WeChat,
    WeChatMisconfigured,
    WeChatOutcomeUnknown,
    WeChatRefused,
    WeChatUnavailable,
)
from models.repositories.wechat_tokens import WeChatTokens
from tests.wechat.playground import ROOT, Playground, free_port
from tests.wechat.samples import PAGE, progress, task

OWNER = "demo-owner-1"
SUBSCRIBE = "/cgi-bin/message/subscribe/send"
STABLE = "/cgi-bin/stable_token"


def allow(phone: Playground, *templates: str) -> None:
    phone.tap("subscribe", openid=OWNER, template_ids=list(templates or ["tmpl_progress"]), answer="accept")


def send(wechat: WeChat, **changed: str) -> str:
    return wechat.send_subscribe(OWNER, "tmpl_progress", progress(**changed), PAGE)


def attempt(wechat: WeChat) -> str:
    try:
        return send(wechat)
    except NoCredit:
        return "no credit"


def test_login_needs_no_token(phone: Playground, wechat: WeChat) -> None:
    code = phone.look("login-code", openid=OWNER)["code"]
    assert wechat.login(code).openid == OWNER
    with pytest.raises(CodeInvalid) as used:
        wechat.login(code)
    with pytest.raises(CodeInvalid) as unknown:
        wechat.login("never-issued")
    assert (used.value.errcode, unknown.value.errcode) == (40163, 40029)
    assert phone.calls(STABLE) == phone.calls("/cgi-bin/token") == 0


def test_the_phone_number_of_a_code(phone: Playground, wechat: WeChat) -> None:
    code = phone.look("phone-code", openid=OWNER, phone="13800001111")["code"]
    assert wechat.phone_for(code) == "13800001111"
    with pytest.raises(CodeInvalid):
        wechat.phone_for(code)


def test_a_subscription_message_spends_a_credit(phone: Playground, wechat: WeChat) -> None:
    allow(phone)
    with pytest.raises(BadField) as bad:
        send(wechat, name4="王*明")
    assert bad.value.field == "name4"
    msgid = send(wechat)
    with pytest.raises(NoCredit):
        send(wechat)
    (message,) = phone.look("messages", openid=OWNER)
    assert (str(message["msgid"]), message["target"]) == (msgid, PAGE)


def test_a_template_message_needs_a_follower_and_is_not_doubled(phone: Playground, wechat: WeChat) -> None:
    target = f"gzh-{OWNER}"
    with pytest.raises(NotFollowing):
        wechat.send_template(target, "tmpl_task", task(), client_msg_id="n1")
    phone.tap("follow", openid=OWNER)
    first = wechat.send_template(target, "tmpl_task", task(), client_msg_id="n1", page="pages/task/detail")
    assert wechat.send_template(target, "tmpl_task", task(), client_msg_id="n1") == first
    wechat.send_template(target, "tmpl_task", task(), client_msg_id="n2", url="https://example.org/t")
    targets = [message["target"] for message in phone.look("messages", openid=OWNER)]
    assert targets == ["https://example.org/t", "pages/task/detail"]
    with pytest.raises(WeChatRefused, match="40003"):
        wechat.send_template(OWNER, "tmpl_task", task(), client_msg_id="n3")


def test_a_text_is_judged(phone: Playground, wechat: WeChat) -> None:
    with pytest.raises(WeChatRefused, match="61010"):
        wechat.check_text(OWNER, "厨房漏水")
    phone.login(OWNER)
    verdicts = [wechat.check_text(OWNER, words) for words in ("厨房漏水", "加微信", "赌博")]
    assert verdicts == ["pass", "review", "risky"]


def test_a_bound_person_is_the_same_on_both_accounts(phone: Playground, wechat: WeChat) -> None:
    ticket = wechat.bind_qr("bind_42").rsplit("/", 1)[-1]
    assert wechat.unionid_of(f"gzh-{OWNER}") is None
    phone.tap("scan", openid=OWNER, scene=ticket)
    code = phone.look("login-code", openid=OWNER)["code"]
    assert wechat.unionid_of(f"gzh-{OWNER}") == wechat.login(code).unionid


def test_a_token_that_died_is_replaced_once(phone: Playground, wechat: WeChat) -> None:
    allow(phone)
    assert wechat.login(phone.look("login-code", openid=OWNER)["code"]).openid
    wechat.check_text(OWNER, "厨房漏水")
    phone.stable("mini", force=True)
    assert send(wechat)
    assert phone.calls(STABLE) == 3
    phone.fault("token_storm", SUBSCRIBE)
    allow(phone)
    assert send(wechat)


def test_a_token_storm_does_not_loop(phone: Playground, wechat: WeChat) -> None:
    allow(phone)
    phone.fault("token_storm", count=None)
    for _ in range(3):
        with pytest.raises(WeChatUnavailable, match="40001"):
            send(wechat)
    assert phone.calls(SUBSCRIBE) == 6
    assert phone.calls(STABLE) == 4


def test_many_threads_and_processes_fetch_one_token(
    phone: Playground, tokens: WeChatTokens, token_engine: Engine
) -> None:
    database = token_engine.url.render_as_string(hide_password=False)
    environment = {**os.environ, **phone.settings.as_environment(), "PYTHONPATH": str(ROOT)}
    others = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.wechat.token_process", database],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    clients = [WeChat.of(phone.settings, tokens) for _ in range(20)]

    # The fetch is slow, so that all are waiting for it together.
    phone.fault("delay", STABLE, seconds=1)
    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(attempt, clients)) == ["no credit"] * 20
    assert [other.communicate(timeout=30)[0] for other in others] == ["no credit"] * 2
    assert phone.calls(STABLE) == 1


def test_twenty_who_meet_a_dead_token_fetch_one_more(phone: Playground, tokens: WeChatTokens) -> None:
    clients = [WeChat.of(phone.settings, tokens) for _ in range(20)]
    with pytest.raises(NoCredit):
        send(clients[0])
    phone.stable("mini", force=True)
    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(attempt, clients)) == ["no credit"] * 20
    # The first one's, the forced one, and one for all twenty.
    assert phone.calls(STABLE) == 3


def test_a_token_near_its_end_is_not_used(phone: Playground, tokens: WeChatTokens, token_engine: Engine) -> None:
    assert tokens.refresh("wx1", lambda: ("first", 7200), None) == "first"
    assert tokens.get("wx1") == "first"
    assert tokens.get("wx2") is None
    with token_engine.begin() as connection:
        connection.execute(text("UPDATE wechat_tokens SET expires_at = now() + interval '4 minutes'"))
    assert tokens.get("wx1") is None
    assert tokens.refresh("wx1", lambda: ("second", 7200), None) == "second"
    assert tokens.refresh("wx1", lambda: pytest.fail("fetched twice"), "first") == "second"


def test_a_fetch_that_fails_leaves_the_lock_free(tokens: WeChatTokens) -> None:
    def fail() -> tuple[str, int]:
        raise WeChatUnavailable("busy")

    with pytest.raises(WeChatUnavailable):
        tokens.refresh("wx1", fail, None)
    assert tokens.refresh("wx1", lambda: ("fine", 7200), None) == "fine"


def test_a_lost_answer_is_an_unknown_outcome(phone: Playground, wechat: WeChat) -> None:
    allow(phone)
    phone.fault("reset", SUBSCRIBE)
    with pytest.raises(WeChatOutcomeUnknown):
        send(wechat)
    # It did happen, which is why nobody may send it again.
    assert len(phone.look("messages", openid=OWNER)) == 1
    assert phone.calls(SUBSCRIBE) == 1


def test_a_slow_answer_is_an_unknown_outcome(
    phone: Playground, tokens: WeChatTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.3)
    wechat = WeChat.of(phone.settings, tokens)
    allow(phone)
    wechat.bind_qr("warm-up")
    phone.fault("delay", SUBSCRIBE, seconds=1)
    with pytest.raises(WeChatOutcomeUnknown, match="ReadTimeout"):
        send(wechat)


def test_a_lost_answer_to_a_question_is_only_unavailable(phone: Playground, wechat: WeChat) -> None:
    phone.login(OWNER)
    phone.fault("reset", "/wxa/msg_sec_check")
    with pytest.raises(WeChatUnavailable):
        wechat.check_text(OWNER, "厨房漏水")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "busy"}, WeChatUnavailable),
        ({"kind": "quota"}, WeChatUnavailable),
        ({"kind": "outage"}, WeChatUnavailable),
        ({"kind": "errcode", "errcode": 45011}, TooOften),
        ({"kind": "errcode", "errcode": 40164}, WeChatMisconfigured),
        ({"kind": "errcode", "errcode": 43101}, NoCredit),
        ({"kind": "errcode", "errcode": 40037}, WeChatRefused),
    ],
)
def test_each_failure_says_whether_to_try_again(
    phone: Playground, wechat: WeChat, fault: dict[str, Any], expected: type[Exception]
) -> None:
    allow(phone)
    phone.fault(path=SUBSCRIBE, **fault)
    with pytest.raises(expected) as caught:
        send(wechat)
    assert type(caught.value) is expected
    assert not phone.look("messages", openid=OWNER)
    assert send(wechat)


def test_nobody_there_is_unavailable_and_tells_no_secret(phone: Playground, tokens: WeChatTokens) -> None:
    gone = phone.settings.model_copy(update={"wechat_url": f"http://127.0.0.1:{free_port()}"})
    with pytest.raises(WeChatUnavailable) as caught:
        WeChat.of(gone, tokens).login("code")
    assert caught.value.__cause__ is None
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("change", [{"wechat_mini_secret": "wrong"}, {"wechat_mini_appid": "wx-none"}])
def test_a_wrong_account_needs_an_operator(phone: Playground, tokens: WeChatTokens, change: dict[str, str]) -> None:
    with pytest.raises(WeChatMisconfigured):
        send(WeChat.of(phone.settings.model_copy(update=change), tokens))
    assert phone.calls(STABLE) == 1


def test_an_account_that_is_not_set_is_never_called(phone: Playground, tokens: WeChatTokens) -> None:
    unset = phone.settings.model_copy(update={"wechat_service_appid": "", "wechat_service_secret": ""})
    with pytest.raises(WeChatMisconfigured):
        WeChat.of(unset, tokens).bind_qr("bind_1")
    assert phone.calls(STABLE) == 0
