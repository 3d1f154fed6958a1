"""A visitor with a car, from the invitation to the camera at the exit, over HTTP on the whole real stack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from integrations.temporal import connect
from tests.journeys.test_move_car import allow_messages, camera, received
from tests.world import World, eventually

pytestmark = pytest.mark.stack

HOST: Final = "demo-owner-7"
NAME, PLATE = "司马小访", "沪A55K55"
MOST_EVENTS: Final = 25


def invited(world: World, **more: Any) -> str:
    now = datetime.now(UTC)
    host = world.owner(HOST)
    body = {
        "house_id": host.house, "name": NAME, "phone": "13711113333", "plate": PLATE,
        "window": {"from": now.isoformat(), "to": (now + timedelta(hours=3)).isoformat()},
    }  # fmt: skip
    return str(host.act("/owner/visitors", body | more)["number"])


def allow_visitors(world: World) -> None:
    host = world.owner(HOST)
    (item,) = host.read("/owner/subscriptions", at="visitor")["items"]
    assert item["name"] == "visitor"
    template = item["template_id"]
    world.wechat.post("/_emulator/subscribe", json={"openid": HOST, "template_ids": [template], "answer": "accept"})
    host.act("/owner/subscriptions", {"answers": {template: "accept"}})


async def test_from_the_invitation_to_the_exit(world: World) -> None:
    allow_visitors(world)
    number = invited(world)
    world.staff("guard").complete(number, "arrived")
    (message,) = eventually(lambda: received(world, HOST), what="the host's message")
    assert (message["data"]["name1"], message["data"]["thing3"]) == (NAME, "访客已到访")
    assert camera(world, plate=PLATE, event_id="evt-visit").json() == {"told": 0}
    host = world.owner(HOST)
    eventually(lambda: host.order(number)["stage"] == "closed", what="the end of the visit")
    assert "道闸记录车辆驶离" in str(host.order(number)["timeline"])


async def test_a_plain_visit_costs_few_events_on_a_real_server(world: World) -> None:
    number, guard = invited(world), world.staff("guard")
    guard.complete(number, "arrived")
    guard.complete(number, "left")
    eventually(lambda: guard.order(number)["engine"]["ended_at"], what="the workflow's end")
    client = await connect(world.settings)
    history = await client.get_workflow_handle(number).fetch_history()
    assert len(history.events) <= MOST_EVENTS


def test_a_visitors_car_is_in_the_way(world: World) -> None:
    """The host is asked in their own words, and neither side learns of the other."""
    invited(world)
    allow_messages(world, world.owner(HOST), HOST)
    asker = world.owner("demo-owner-8")
    community = asker.me["houses"][0]["community_id"]
    asked = {"plate": PLATE, "area": {"community_id": community, "spot": "gate"}, "reason": "exit"}
    number = asker.act("/owner/move-cars", asked | {"photo_ids": [asker.photo()], "text": "我是住在楼上的"})["number"]

    def about_the_car() -> list[Any]:
        return [message["data"] for message in received(world, HOST) if "car_number1" in message["data"]]

    (data,) = eventually(about_the_car, what="the host's message")
    assert (data["car_number1"], data["thing3"]) == (PLATE, "访客车辆挡住出入口")
    assert "您的访客车辆在大门挡住了别人" in world.owner(HOST).get("/owner/messages").text
    host = world.owner(HOST)
    assert host.complete(number, "coming", minutes="10")["stage"] == "acknowledged"
    learned = f"{asker.order(number)}{asker.get('/owner/messages').text}{received(world, 'demo-owner-8')}"
    assert [mark for mark in (NAME, HOST, "访客", "res_demo_owner_7", host.me["houses"][0]["label"])
            if mark in learned] == []  # fmt: skip
    told = f"{host.order(number)}{received(world, HOST)}"
    assert [mark for mark in ("demo-owner-8", "res_demo_owner_8", "楼上") if mark in told] == []
