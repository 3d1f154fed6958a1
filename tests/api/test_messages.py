"""The message centre, the prompts' answers, and WeChat's own events."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from api.scenes import scene_of_staff, staff_of_scene
from integrations.wechat import WeChat
from models.repositories.wechat_tokens import WeChatTokens
from tests.api.conftest import Api, refused

pytestmark = pytest.mark.stack

SCENE_LENGTH = 64
"""What WeChat takes."""


def soon(look: Callable[[], object]) -> None:
    for _ in range(100):
        if look():
            return
        time.sleep(0.1)
    raise AssertionError("it never happened")


def credits(api: Api, openid: str) -> dict[str, int]:
    with api.engine.begin() as conn:
        rows = conn.execute(text("SELECT template, credits FROM wechat_credits WHERE openid = :o"), {"o": openid})
        return {row.template: row.credits for row in rows}


def test_news_is_read_once_by_whom_it_is_for(api: Api) -> None:
    owner = api.owner()
    number = owner.report()["number"]
    api.staff("dispatcher").complete(number, "assigned", staff="tech1")
    message = next(item for item in owner.read("/owner/messages")["items"] if item["number"] == number)
    assert message["read_at"] is None
    assert "水暖" in message["text"]
    unread = owner.read("/owner/me")["unread"]
    refused(api.owner("neighbour").post(f"/owner/messages/{message['id']}/read"), 404, "not_found")
    owner.act(f"/owner/messages/{message['id']}/read")
    owner.act(f"/owner/messages/{message['id']}/read")
    assert owner.read("/owner/me")["unread"] == unread - 1


def test_one_tap_counts_once_whoever_tells_of_it(api: Api) -> None:
    busy = api.owner("busy")
    asked = busy.read("/owner/subscriptions", at="submit")["items"]
    ids = [item["template_id"] for item in asked]
    assert 0 < len(ids) <= 3
    api.wechat.post("/_emulator/subscribe", json={"openid": "api-busy", "template_ids": ids, "answer": "accept"})
    busy.act("/owner/subscriptions", {"answers": {**dict.fromkeys(ids, "accept"), "unknown": "accept"}})
    soon(lambda: credits(api, "api-busy"))
    time.sleep(0.5)
    assert credits(api, "api-busy") == {item["name"]: 1 for item in asked}
    refused(busy.get("/owner/subscriptions", at="nowhere"), 422, "validation_failed")
    refused(busy.post("/owner/subscriptions", {"answers": {ids[0]: "maybe"}}), 422, "validation_failed")


def test_nobody_is_asked_for_what_they_declined_or_gave_often_enough(api: Api) -> None:
    neighbour = api.owner("neighbour")

    def asked() -> dict[str, str]:
        items = neighbour.read("/owner/subscriptions", at="submit")["items"]
        return {item["name"]: item["template_id"] for item in items}

    ids = asked()
    assert set(ids) == {"progress", "your_turn", "finished"}
    neighbour.act("/owner/subscriptions", {"answers": {ids["progress"]: "reject"}})
    assert set(asked()) == {"your_turn", "finished"}
    with api.engine.begin() as conn:
        conn.execute(text("UPDATE wechat_credits SET refused_at = now() - interval '8 days'"))
        conn.execute(
            text("INSERT INTO wechat_credits (openid, template, credits) VALUES ('api-neighbour', 'finished', 3)")
        )
    assert set(asked()) == {"progress", "your_turn"}


def test_a_popup_event_alone_grants_a_credit(api: Api) -> None:
    api.owner("family")
    api.wechat.post(
        "/_emulator/subscribe", json={"openid": "api-family", "template_ids": ["tmpl_money"], "answer": "accept"}
    )
    soon(lambda: credits(api, "api-family").get("money") == 1)


def test_an_unsigned_event_is_refused(api: Api) -> None:
    event = {"Event": "subscribe", "FromUserName": "thief", "EventKey": "qrscene_x", "CreateTime": int(time.time())}
    refused(api.http.post("/wechat/push", json=event), 403, "forbidden")
    refused(
        api.http.get("/wechat/push", params={"signature": "x", "timestamp": "1", "nonce": "n", "echostr": "e"}),
        403,
        "forbidden",
    )


def test_scanning_ones_own_code_binds_wechat(api: Api) -> None:
    scene = scene_of_staff(api.stack.settings.token_secret, "stf_tech2")
    WeChat.of(api.stack.settings, WeChatTokens(api.engine)).bind_qr(scene)
    scanned = api.wechat.post("/_emulator/scan", json={"openid": "api-tech2", "scene": scene})
    assert scanned.status_code == 200, scanned.text
    soon(lambda: api.staff("tech2").read("/staff/me")["wechat_bound"])


def test_whoever_follows_the_service_account_can_be_written_to_there(api: Api) -> None:
    """In whatever order they log in and follow, and until they follow no more."""

    def reached_at(openid: str) -> str | None:
        with api.engine.connect() as conn:
            found: str | None = conn.execute(
                text("SELECT service_openid FROM residents WHERE openid = :openid"), {"openid": openid}
            ).scalar_one_or_none()
            return found

    def follow(openid: str, following: bool = True) -> None:
        api.wechat.post("/_emulator/follow", json={"openid": openid, "following": following}).raise_for_status()

    def log_in(openid: str) -> None:
        code = api.wechat.get("/_emulator/login-code", params={"openid": openid}).json()["code"]
        api.http.post("/api/v1/owner/login", json={"code": code}).raise_for_status()

    log_in("api-first-in")
    assert reached_at("api-first-in") is None
    follow("api-first-in")
    soon(lambda: reached_at("api-first-in") == "gzh-api-first-in")
    follow("api-first-in", following=False)
    soon(lambda: reached_at("api-first-in") is None)

    follow("api-follows-first")
    soon(lambda: followers(api, "gzh-api-follows-first") == 1)
    log_in("api-follows-first")
    assert reached_at("api-follows-first") == "gzh-api-follows-first"


def followers(api: Api, openid: str) -> int:
    with api.engine.connect() as conn:
        count: int = conn.execute(
            text("SELECT count(*) FROM followers WHERE openid = :openid"), {"openid": openid}
        ).scalar_one()
        return count


def test_a_scene_is_ours_and_fresh() -> None:
    scene = scene_of_staff("secret", "stf_" + "x" * 20)
    assert len(scene) <= SCENE_LENGTH
    assert staff_of_scene("secret", scene) == "stf_" + "x" * 20
    for other in (scene[:-1], scene.replace("x", "y"), "bind.stf_1.zz.sig", "", "bind..."):
        assert staff_of_scene("secret", other) is None
    assert staff_of_scene("another", scene) is None
