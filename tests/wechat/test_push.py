"""Callbacks: from the emulator's own codec through wechatpy's, and everything that must not get in."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from devstack.wechat_emulator.config import Config
from devstack.wechat_emulator.push import PushTarget, envelope
from integrations.wechat import PushRejected, WeChat, push_key
from models.repositories.wechat_tokens import WeChatTokens
from settings import Settings
from tests.wechat.playground import AES_KEY, PUSH_TOKEN, Letterbox, Playground, emulator, free_port, settings_for

OWNER = "demo-owner-1"
SETTINGS = settings_for(Path("unused"), 1)
EVENT = {"FromUserName": OWNER, "CreateTime": 1795328543, "MsgType": "event", "Event": "SCAN", "EventKey": "bind_1"}


def reader(tokens: Any = None, **changed: str) -> WeChat:
    settings: Settings = SETTINGS.model_copy(update=changed)
    return WeChat.of(settings, tokens)


def sealed(event: Mapping[str, Any] = EVENT, at: float | None = None, **changed: Any) -> tuple[dict[str, str], bytes]:
    target = PushTarget.model_validate({"token": PUSH_TOKEN, "aes_key": AES_KEY, "mode": "aes", **changed})
    stamp = str(int(time.time() if at is None else at))
    return envelope(target, Config.of(SETTINGS).service, event, stamp, "nonce")


@pytest.mark.parametrize("format_", ["xml", "json"])
@pytest.mark.parametrize("mode", ["aes", "plain"])
def test_events_arrive_in_one_shape(phone: Playground, box: Letterbox, mode: str, format_: str) -> None:
    phone.tap("push", url=box.url, token=PUSH_TOKEN, aes_key=AES_KEY, mode=mode, format=format_)
    phone.tap("subscribe", openid=OWNER, template_ids=["tmpl_progress"], answer="accept")
    wechat = reader(**({} if mode == "aes" else {"wechat_push_aes_key": ""}))
    ((query, body),) = box.wait(1)
    event = wechat.verify_push(query, body)
    assert (event["Event"], event["FromUserName"]) == ("subscribe_msg_popup_event", OWNER)
    assert isinstance(event["CreateTime"], int)
    assert event["SubscribeMsgPopupEvent"]["List"] == [
        {"TemplateId": "tmpl_progress", "SubscribeStatusString": "accept", "PopupScene": "0"}
    ]
    if mode == "aes":
        assert b"tmpl_progress" not in body


def test_each_act_of_the_user_is_an_event(phone: Playground, box: Letterbox, wechat: WeChat) -> None:
    phone.tap("push", url=box.url, token=PUSH_TOKEN, aes_key=AES_KEY, mode="aes")
    ticket = wechat.bind_qr("bind_7").rsplit("/", 1)[-1]

    def latest(count: int) -> dict[str, Any]:
        query, body = box.wait(count)[-1]
        return wechat.verify_push(query, body)

    phone.tap("scan", openid=OWNER, scene=ticket)
    first = latest(1)
    assert (first["Event"], first["EventKey"], first["FromUserName"]) == (
        "subscribe",
        "qrscene_bind_7",
        f"gzh-{OWNER}",
    )
    phone.tap("scan", openid=OWNER, scene="bind_7")
    second = latest(2)
    assert (second["Event"], second["EventKey"], second["Ticket"]) == ("SCAN", "bind_7", ticket)
    phone.tap("follow", openid=OWNER, following=False)
    assert latest(3)["Event"] == "unsubscribe"
    phone.tap("follow", openid=OWNER)
    assert (latest(4)["Event"], latest(4)["EventKey"]) == ("subscribe", "")
    phone.tap("settings", openid=OWNER, template_ids=["tmpl_money"])
    assert latest(5)["SubscribeMsgChangeEvent"]["List"][0]["SubscribeStatusString"] == "reject"


def test_a_callback_that_is_not_taken_comes_again_word_for_word(
    phone: Playground, box: Letterbox, wechat: WeChat
) -> None:
    box.refusals = 2
    phone.tap("push", url=box.url, token=PUSH_TOKEN, aes_key=AES_KEY, mode="aes")
    phone.tap("follow", openid=OWNER)
    events = [wechat.verify_push(query, body) for query, body in box.wait(3)]
    assert len({push_key(event) for event in events}) == 1
    assert push_key(events[0]) != push_key(events[0] | {"CreateTime": 1})
    end = time.monotonic() + 5
    while (told := phone.look("pushes")[0])["status"] == "owed" and time.monotonic() < end:
        time.sleep(0.02)
    assert (told["status"], told["tries"]) == ("delivered", 3)


@pytest.mark.parametrize(
    ("seconds", "taken"), [(0, True), (-290, True), (-310, False), (310, False)], ids=["now", "late", "old", "future"]
)
def test_only_fresh_callbacks_count(seconds: int, taken: bool) -> None:
    query, body = sealed(at=time.time() + seconds)
    if taken:
        assert reader().verify_push(query, body)["EventKey"] == "bind_1"
    else:
        with pytest.raises(PushRejected, match="too old"):
            reader().verify_push(query, body)


def _forged_signature(query: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return query | {"signature": "0" * 40}, body


def _swapped_body(query: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return query, sealed(EVENT | {"EventKey": "bind_2"})[1]


def _no_query(_: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return {}, body


def _plain_body(query: dict[str, str], _: bytes) -> tuple[dict[str, str], bytes]:
    return query, json.dumps(EVENT).encode()


def _garbage(query: dict[str, str], _: bytes) -> tuple[dict[str, str], bytes]:
    return query, b"\xff<not xml"


def _too_large(query: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return query, body + b" " * 1_000_000


def _other_key(*_: Any) -> tuple[dict[str, str], bytes]:
    return sealed(aes_key=AES_KEY[::-1])


@pytest.mark.parametrize(
    "forge", [_forged_signature, _swapped_body, _no_query, _plain_body, _garbage, _too_large, _other_key]
)
def test_what_is_not_wechats_is_rejected(forge: Any) -> None:
    query, body = sealed()
    assert reader().verify_push(query, body)["EventKey"] == "bind_1"
    with pytest.raises(PushRejected):
        reader().verify_push(*forge(query, body))


def test_a_callback_for_another_account_is_rejected() -> None:
    stranger = reader(wechat_mini_appid="wx-a", wechat_service_appid="wx-b")
    with pytest.raises(PushRejected, match="another account"):
        stranger.verify_push(*sealed())


def test_a_plain_callback_does_not_slip_past_encryption() -> None:
    plain = sealed(mode="plain")
    with pytest.raises(PushRejected, match="not encrypted"):
        reader().verify_push(*plain)
    assert reader(wechat_push_aes_key="").verify_push(*plain)["EventKey"] == "bind_1"
    with pytest.raises(PushRejected, match="no push token"):
        reader(wechat_push_aes_key="", wechat_push_token="").verify_push(*plain)


def test_the_address_check_is_answered() -> None:
    query, _ = sealed()
    assert reader().verify_url(query | {"echostr": "4711"}) == "4711"
    with pytest.raises(PushRejected):
        reader().verify_url(query | {"echostr": "4711", "nonce": "other"})


def test_what_was_owed_is_sent_after_a_restart(tmp_path: Path, box: Letterbox, tokens: WeChatTokens) -> None:
    settings = settings_for(tmp_path, free_port())
    box.refusals = 1
    with emulator(settings) as before:
        before.tap("push", url=box.url, token=PUSH_TOKEN, aes_key=AES_KEY, mode="aes")
        before.tap("follow", openid=OWNER)
        box.wait(1)
    with emulator(settings):
        query, body = box.wait(2)[-1]
    assert WeChat.of(settings, tokens).verify_push(query, body)["Event"] == "subscribe"
