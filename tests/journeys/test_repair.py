"""A repair all the way round, over HTTP, on the whole real stack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.world import World, eventually

pytestmark = pytest.mark.stack


def soon() -> str:
    return (datetime.now(UTC) + timedelta(hours=2)).isoformat()


def accept_prompt(world: World, openid: str, templates: list[str]) -> None:
    answer = world.wechat.post(
        "/_emulator/subscribe", json={"openid": openid, "template_ids": templates, "answer": "accept"}
    )
    assert answer.status_code == 200, answer.text


def test_from_submitted_to_rated(world: World) -> None:
    owner, dispatcher, tech = world.owner("demo-owner-1"), world.staff("dispatcher"), world.staff("tech1")
    photo = owner.photo()
    order = owner.report(photo_ids=[photo])
    number = order["number"]
    assert order["stage"] == "submitted"
    prompt = owner.read("/owner/subscriptions", at="submit")
    owner.act("/owner/subscriptions", {"answers": {item["template_id"]: "accept" for item in prompt["items"]}})
    accept_prompt(world, "demo-owner-1", [item["template_id"] for item in prompt["items"]])

    inbox = dispatcher.read("/staff/tasks", box="pool", kind="repair")["items"]
    assert number in [task["order"]["number"] for task in inbox]
    assert dispatcher.complete(number, "assigned", staff="tech1")["stage"] == "dispatched"
    assert tech.complete(number, "accepted")["stage"] == "accepted"
    assert owner.act(f"/owner/work-orders/{number}/urge")["urges"]["count"] == 1
    again = owner.post(f"/owner/work-orders/{number}/urge")
    assert (again.status_code, again.json()["code"]) == (429, "rate_limited")
    assert int(again.headers["Retry-After"]) > 0

    assert tech.complete(number, "arrived")["stage"] == "in_progress"
    held = tech.act(
        f"/staff/tasks/{tech.task_with(number, 'finished')}/hold",
        {"reason": "parts", "note": "等阀芯", "until": soon()},
    )
    assert (held["stage"], owner.order(number)["stage_title"]) == ("on_hold", "暂缓")
    refused = tech.post(
        f"/staff/tasks/{tech.task_with(number, 'handed_back')}/complete",
        {"outcome": "finished", "form": {"report": "好了"}},
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    assert tech.act(f"/staff/tasks/{tech.task_with(number, 'handed_back')}/resume")["stage"] == "in_progress"
    done = tech.complete(number, "finished", report="更换阀芯，已试水", photo_ids=[tech.photo()])
    assert done["stage"] == "finished"
    closed = owner.complete(number, "fixed")
    assert closed["stage"] == "closed"
    rated = owner.act(f"/owner/work-orders/{number}/rate", {"result": 5, "speed": 4, "manner": 5, "text": "很及时"})
    assert rated["rating"]["result"] == 5

    kinds = [event["kind"] for event in owner.order(number)["timeline"]]
    assert kinds[:7] == ["submitted", "assigned", "accepted", "urged", "arrived", "held", "resumed"]
    received = eventually(
        lambda: [
            message
            for message in world.wechat.get("/_emulator/messages", params={"openid": "demo-owner-1"}).json()
            if number in str(message)
        ][:2],
        what="WeChat messages",
    )
    assert received
