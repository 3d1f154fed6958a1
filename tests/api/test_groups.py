"""Merging, incidents and public works through the JSON interface, as each person sees them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.api.conftest import Api, Caller, refused
from tests.world import eventually, picture

pytestmark = pytest.mark.stack

LIFT = {"community_id": "com_a", "building_id": "bld_a", "spot": "lift"}


def lift_fault(owner: Caller, description: str = "电梯停在3层不动，门开着。", **area: Any) -> str:
    body = {"area": LIFT | area, "category": "lift", "description": description}
    return str(owner.act("/owner/repairs", body)["number"])


def merge(staff: Caller, child: str, primary: str) -> Any:
    return staff.act(f"/staff/work-orders/{child}/merge", {"primary": primary})


def test_merged_each_reporter_sees_the_primarys_way_and_confirms_for_themselves(api: Api) -> None:
    owner, neighbour, dispatcher, tech = (
        api.owner(),
        api.owner("neighbour"),
        api.staff("dispatcher"),
        api.staff("tech1"),
    )
    primary, child = lift_fault(owner), lift_fault(neighbour, "电梯又坏了，按键没反应。")
    (found,) = [
        each for each in dispatcher.read(f"/staff/work-orders/{child}/similar")["items"] if each["number"] == primary
    ]
    assert found["score"] == sum(reason["points"] for reason in found["reasons"]) >= 80
    merged = merge(dispatcher, child, primary)
    assert (merged["group"]["primary"], merged["tasks"], merged["group"]["following"]) == (primary, [], True)
    assert dispatcher.order(primary)["group"]["children"][0]["number"] == child
    dispatcher.complete(primary, "assigned", staff="tech1")
    tech.complete(primary, "accepted")
    dispatcher.act(f"/staff/work-orders/{primary}/comment", {"text": "维保单位已出发", "audience": "reporter"})
    seen = neighbour.order(child)
    assert (seen["stage"], seen["holder"], seen["group"]["following"]) == ("accepted", "张师傅", True)
    assert "维保单位已出发" in str(seen["timeline"])
    assert primary not in str(seen), "a child does not even learn the primary's number"
    assert "停在3层" not in str(seen)
    listed = {item["number"]: item for item in neighbour.read("/owner/work-orders")["items"]}
    assert (listed[child]["stage"], listed[child]["following"]) == ("accepted", True)
    assert child in {item["number"] for item in dispatcher.read("/staff/work-orders", stage="accepted")["items"]}
    api.staff("clerk").act(f"/staff/work-orders/{child}/urge")
    urged = "已催 1 次，已提醒 1 人，已排到同级工单前面"
    eventually(lambda: neighbour.order(child)["bulletin"]["urged"] == urged, what="the technician is told")
    photo = photo_of(tech)
    tech.complete(primary, "arrived")
    tech.complete(primary, "finished", report="更换门机皮带", photo_ids=[photo])
    own = eventually(lambda: next(iter(neighbour.order(child)["tasks"]), None), what="the child's own confirmation")
    assert own["kind"] == "confirm"
    assert "更换门机皮带" in str(neighbour.order(child)["timeline"])
    assert neighbour.complete(child, "fixed").json()["stage"] == "closed"
    assert owner.order(primary)["stage"] == "finished", "the others decide for themselves"
    rated = neighbour.act(f"/owner/work-orders/{child}/rate", {"result": 5, "speed": 5, "manner": 5})
    assert rated["rating"]["result"] == 5


def photo_of(person: Caller) -> str:

    data = picture()
    slip = person.act("/photos", {"content_type": "image/jpeg", "size": len(data)})
    sent = httpx.post(
        slip["upload"]["url"], data=slip["upload"]["fields"], files={"file": ("a.jpg", data, "image/jpeg")}
    )
    assert sent.status_code < 300, sent.text
    person.act(f"/photos/{slip['photo_id']}/complete")
    return str(slip["photo_id"])


def test_of_a_into_b_and_b_into_a_one_group_remains(api: Api) -> None:
    owner, dispatcher, lead = api.owner(), api.staff("dispatcher"), api.staff("lead")
    one, other = (owner.report()["number"] for _ in range(2))
    for number in (one, other):
        eventually(lambda number=number: not dispatcher.order(number)["engine"]["waiting"])
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(person.post, f"/staff/work-orders/{child}/merge", {"primary": primary})
            for person, child, primary in ((dispatcher, one, other), (lead, other, one))
        ]
        answers = [answer.result() for answer in asked]
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    following = [dispatcher.order(number)["group"]["following"] for number in (one, other)]
    assert sorted(following) == [False, True]


def test_each_refusal_of_a_merge_and_taking_out(api: Api) -> None:
    owner, dispatcher, tech = api.owner(), api.staff("dispatcher"), api.staff("tech1")
    primary, child, third = (owner.report()["number"] for _ in range(3))
    merged = f"/staff/work-orders/{child}/merge"
    refused(tech.post(merged, {"primary": primary}), 403, "forbidden")
    refused(api.staff("b-dispatcher").post(merged, {"primary": primary}), 404, "not_found")
    refused(dispatcher.post(merged, {"primary": child}), 422, "validation_failed")
    refused(dispatcher.post(merged, {"primary": "BX20200101-00001"}), 404, "not_found")
    refused(dispatcher.post(merged, {}), 422, "validation_failed")
    far = api.owner("b-owner").report("hse_b1")["number"]
    refused(dispatcher.post(merged, {"primary": far}), 404, "not_found")
    both = refused(api.staff("manager").post(merged, {"primary": far}), 409, "illegal_transition")
    assert both["reason"] == "merge_other_community"
    assert merge(dispatcher, child, primary)["group"]["following"]
    circle = refused(
        dispatcher.post(f"/staff/work-orders/{primary}/merge", {"primary": third}), 409, "illegal_transition"
    )
    assert circle["reason"] == "leads_a_group"
    body = {"outcome": "merged", "form": {"primary": child}}
    deep = refused(dispatcher.post(f"/staff/tasks/{third}.1/complete", body), 409, "illegal_transition")
    assert (deep["reason"], deep["detail"]) == ("primary_follows", f"主单已合并到 {primary}，请直接合并到该单")
    out = dispatcher.act(f"/staff/work-orders/{child}/unmerge", {"reason": "不是同一故障"})
    assert (out["stage"], [task["kind"] for task in out["tasks"]]) == ("submitted", ["dispatch"])


def test_a_primary_that_is_called_off_leaves_its_place_to_the_oldest(api: Api) -> None:
    owner, dispatcher = api.owner(), api.staff("dispatcher")
    primary, eldest, younger = (owner.report()["number"] for _ in range(3))
    merge(dispatcher, eldest, primary)
    merge(dispatcher, younger, primary)
    owner.act(f"/owner/work-orders/{primary}/cancel")
    eventually(lambda: dispatcher.order(eldest)["tasks"])
    eventually(lambda: dispatcher.order(younger)["group"]["primary"] == eldest)
    assert dispatcher.order(eldest)["group"]["followers"] == 1


def test_a_link_is_shown_on_both_and_moves_neither(api: Api) -> None:
    owner, dispatcher = api.owner(), api.staff("dispatcher")
    one, other = (owner.report()["number"] for _ in range(2))
    linked = dispatcher.act(f"/staff/work-orders/{one}/link", {"other": other, "note": "同一户"})
    assert [link["number"] for link in linked["group"]["links"]] == [other]
    assert [link["number"] for link in dispatcher.order(other)["group"]["links"]] == [one]
    dispatcher.act(f"/staff/work-orders/{other}/link", {"other": one})
    assert str(dispatcher.order(one)["timeline"]).count("'linked'") == 1, "linking twice is linking once"
    assert dispatcher.order(one)["stage"] == "submitted"
    assert "同一户" not in str(owner.order(one))
    refused(dispatcher.post(f"/staff/work-orders/{one}/link", {"other": one}), 422, "validation_failed")
    refused(api.staff("tech1").post(f"/staff/work-orders/{one}/link", {"other": other}), 403, "forbidden")


POWER_CUT = {
    "community_id": "com_b",
    "kind": "no_water",
    "title": "1栋停水",
    "text": "1栋水泵检修停水，预计18点恢复。",
    "categories": ["water"],
    "building_ids": ["bld_b"],
}


def test_an_incident_takes_reports_in_at_once_and_lets_them_go_together(api: Api) -> None:
    owner, manager = api.owner("b-owner"), api.staff("manager")
    waiting = owner.report("hse_b1")["number"]
    eventually(lambda: not manager.order(waiting)["engine"]["waiting"])
    refused(api.staff("b-tech").post("/staff/incidents", POWER_CUT), 403, "forbidden")
    refused(api.staff("dispatcher").post("/staff/incidents", POWER_CUT), 404, "not_found")
    refused(manager.post("/staff/incidents", POWER_CUT | {"categories": ["none"]}), 422, "validation_failed")
    incident = manager.act("/staff/incidents", POWER_CUT)
    assert waiting in incident["gathered"]
    eventually(lambda: (manager.order(waiting)["group"] or {}).get("following"))
    assert api.owner("b-owner").read("/owner/catalog")["incidents"][0]["title"] == "1栋停水"
    assert owner.read("/owner/me")["incidents"][0]["id"] == incident["id"]
    told = owner.read("/owner/messages")["items"]
    assert ("merged", waiting) in [(item["kind"], item["number"]) for item in told]
    (announced,) = [item for item in told if item["kind"] == "incident"]
    assert (announced["number"], "18点恢复" in announced["text"]) == (None, True)
    filed = owner.report("hse_b1")
    assert (filed["incident"]["text"], filed["stage"]) == (POWER_CUT["text"], "in_progress")
    emergency = owner.report("hse_b1", answers={"burst": "yes"})
    assert emergency["incident"] is None, "behind an emergency somebody may be in danger"
    number = filed["number"]
    seen = owner.order(number)
    assert (seen["stage"], seen["group"]["incident"]["title"], seen["tasks"]) == ("in_progress", "1栋停水", [])
    members = manager.read(f"/staff/incidents/{incident['id']}")["members"]
    assert {waiting, number} <= {each["number"] for each in members}
    closing = {"came_to": "finished", "text": "1栋已恢复供水。"}
    closed = manager.act(f"/staff/incidents/{incident['id']}/close", closing)
    assert closed["closed_at"] is not None
    refused(manager.post(f"/staff/incidents/{incident['id']}/close", closing), 409, "illegal_transition")
    for each in (number, waiting):
        eventually(lambda each=each: [task["kind"] for task in owner.order(each)["tasks"]] == ["confirm"])
    assert owner.report("hse_b1")["incident"] is None


def test_a_closed_incident_may_free_its_reports(api: Api) -> None:
    owner, manager = api.owner("b-owner"), api.staff("manager")
    incident = manager.act("/staff/incidents", POWER_CUT | {"gather": False})
    number = owner.report("hse_b1")["number"]
    manager.act(f"/staff/incidents/{incident['id']}/close", {"came_to": "free", "text": "与停水无关，逐户处理。"})
    eventually(lambda: [task["kind"] for task in manager.order(number)["tasks"]] == ["dispatch"])
    assert manager.order(number)["stage"] == "submitted"


def test_neighbours_see_public_works_and_join_them(api: Api) -> None:
    owner, neighbour, dispatcher, tech = (
        api.owner("busy"),
        api.owner("neighbour"),
        api.staff("dispatcher"),
        api.staff("tech1"),
    )
    number = lift_fault(owner, "电梯里有人抽烟，烟雾报警器响。", unit="1")
    similar = neighbour.read("/owner/similar", category="lift", **LIFT, unit="1")
    assert number in [item["number"] for item in similar["items"]]
    work = next(item for item in neighbour.read("/owner/public-works")["items"] if item["number"] == number)
    assert (work["joined"], work["mine"], work["stage"]) == (0, False, "submitted")
    assert "抽烟" not in str(work)
    assert "busy" not in str(work)
    refused(api.owner("b-owner").post(f"/owner/public-works/{number}/join"), 404, "not_found")
    refused(owner.post(f"/owner/public-works/{number}/join"), 409, "illegal_transition")
    joined = neighbour.act(f"/owner/public-works/{number}/join")
    assert (joined["joined"], joined["joined_by_me"]) == (1, True)
    assert neighbour.act(f"/owner/public-works/{number}/join")["joined"] == 1
    refused(neighbour.get(f"/owner/work-orders/{number}"), 404, "not_found")
    dispatcher.complete(number, "assigned", staff="tech1")
    tech.complete(number, "accepted")
    tech.complete(number, "arrived")
    photo = photo_of(tech)
    tech.complete(number, "finished", report="已处理", photo_ids=[photo])
    told = [item["kind"] for item in neighbour.read("/owner/messages")["items"] if item["number"] == number]
    assert told == ["public_finished"]
    eventually(lambda: neighbour.read(f"/owner/public-works/{number}")["photos"])
    assert neighbour.read(f"/photos/{photo}")["status"] == "ready"
    refused(api.owner("b-owner").get(f"/photos/{photo}"), 404, "not_found")
    late = refused(api.owner("family").post(f"/owner/public-works/{number}/join"), 409, "illegal_transition")
    assert late["reason"] == "public_work_over"
    assert dispatcher.order(number)["group"]["neighbours"] == 1
