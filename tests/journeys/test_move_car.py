"""A car in the way, from the photo to the gate's word, over HTTP on the whole real stack; and what nobody learns."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from devstack.demo.cars import plate
from tests.world import CAMERA_SECRET, PASSWORD, Owner, World, eventually

pytestmark = pytest.mark.stack

USER = "demo-owner-3"
OF_THE_USER = ("张秀英", "13800000003", USER, "res_demo_owner_3")
OF_REQUESTERS = ("陈静", "杨帆", "13800000005", "demo-owner-5", "demo-owner-6", "res_demo_owner_5", "res_demo_owner_6")
"""Names, phones, openids and ids that must not reach the other side."""


def allow_messages(world: World, owner: Owner, openid: str) -> None:
    prompt = owner.read("/owner/subscriptions", at="car")
    ids = [item["template_id"] for item in prompt["items"]]
    world.wechat.post("/_emulator/subscribe", json={"openid": openid, "template_ids": ids, "answer": "accept"})
    owner.act("/owner/subscriptions", {"answers": dict.fromkeys(ids, "accept")})


def received(world: World, openid: str) -> list[Any]:
    messages: list[Any] = world.wechat.get("/_emulator/messages", params={"openid": openid}).json()
    return messages


def camera(world: World, secret: str = CAMERA_SECRET, **more: Any) -> httpx.Response:
    said = {"community": "xfl", "plate": plate(3), "event_id": "evt-1", **more}
    return world.http.post("/api/v1/gates/plates-left", json=said, headers={"X-Device-Secret": secret})


def everything(world: World, owner: Owner, openid: str, number: str) -> str:
    """All that somebody can fetch about the request, and all that their phone was sent."""
    lists = [owner.read(path) for path in ("/owner/work-orders", "/owner/asked-of-my-cars", "/owner/messages")]
    return json.dumps([*lists, owner.order(number), received(world, openid)], ensure_ascii=False)


def test_from_the_photo_to_the_gate(world: World) -> None:
    first, second, user = world.owner("demo-owner-5"), world.owner("demo-owner-6"), world.owner(USER)
    for owner, openid in ((first, "demo-owner-5"), (user, USER)):
        allow_messages(world, owner, openid)
    community = first.me["houses"][0]["community_id"]
    asked = {"plate": plate(3), "area": {"community_id": community, "spot": "gate"}, "reason": "exit"}
    order = first.act("/owner/move-cars", asked | {"photo_ids": [first.photo()], "text": "我是陈静，急着出门"})
    number = order["number"]
    assert second.act("/owner/move-cars", asked | {"photo_ids": [second.photo()]})["number"] == number

    (message,) = eventually(lambda: received(world, USER), what="the user's message")
    assert message["data"]["car_number1"] == plate(3)
    (item,) = [one for one in user.read("/owner/asked-of-my-cars")["items"] if one["number"] == number]
    assert (item["place"], item["reason_title"]) == ("大门", "挡住出入口")
    assert user.complete(number, "coming", minutes="5")["stage"] == "acknowledged"
    eventually(lambda: received(world, "demo-owner-5"), what="the promise")
    eventually(lambda: "车主答应来挪" in second.get("/owner/messages").text, what="the promise to who joined")

    assert camera(world, secret="guess").status_code == 401
    assert camera(world, plate="沪A99999").json() == {"told": 0}
    assert camera(world).json() == {"told": 1}
    eventually(lambda: first.order(number)["stage"] == "closed", what="the end")
    assert camera(world).json() == {"told": 0}
    assert [line["stage"] for line in first.order(number)["timeline"]] == [
        "requested",
        "acknowledged",
        "moved",
        "closed",
    ]
    assert {"acknowledged", "moved"}.isdisjoint(line["stage"] for line in user.order(number)["timeline"])
    seen_by_user = everything(world, user, USER, number)
    assert [mark for mark in OF_REQUESTERS if mark in seen_by_user] == []
    for owner, openid in ((first, "demo-owner-5"), (second, "demo-owner-6")):
        seen = everything(world, owner, openid, number)
        assert [mark for mark in OF_THE_USER if mark in seen] == []


def test_whom_wechat_does_not_reach_is_texted_and_learns_nothing_of_who_asked(world: World) -> None:
    first = world.owner("demo-owner-5")
    community = first.me["houses"][0]["community_id"]
    asked = {"plate": plate(9), "area": {"community_id": community, "spot": "gate"}, "reason": "blocking"}
    number = first.act("/owner/move-cars", asked | {"photo_ids": [first.photo()], "text": "我是陈静"})["number"]

    def texts() -> list[Any]:
        found: list[Any] = world.wechat.get("/_emulator/texts", params={"phone": "13800000009"}).json()
        return found

    (text,) = eventually(texts, what="the SMS")
    assert text["content"].startswith(f"您的车辆{plate(9)}停在大门，")
    assert [mark for mark in OF_REQUESTERS if mark in str(text)] == []
    with httpx.Client(base_url=world.settings.api_url, timeout=15) as desk:
        desk.post("/console/login", data={"account": "guard", "password": PASSWORD})
        eventually(lambda: "短信已送达运营商" in desk.get(f"/console/orders/{number}").text, what="its state")
        assert "13800000009" not in desk.get(f"/console/orders/{number}").text
