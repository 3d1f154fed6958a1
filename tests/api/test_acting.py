"""A repair through the JSON interface, and each refusal that can meet an act."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.conftest import Api, Caller, refused, report
from tests.api.people import PASSWORD

pytestmark = pytest.mark.stack


def test_all_the_way_round_as_each_person_sees_it(api: Api) -> None:
    owner, dispatcher, tech = api.owner(), api.staff("dispatcher"), api.staff("tech1")
    number = owner.report()["number"]
    sent = dispatcher.complete(number, "assigned", staff="tech1").json()
    assert (sent["stage"], sent["holder"], sent["tasks"][0]["holder"]) == ("dispatched", "tech1", "tech1")
    assert api.owner().order(number)["holder"] == "张师傅"
    assert "tech1" not in owner.get(f"/owner/work-orders/{number}").text
    assert tech.complete(number, "accepted").json()["stage"] == "accepted"
    assert tech.complete(number, "arrived").json()["stage"] == "in_progress"
    assert tech.complete(number, "finished", report="更换阀芯").json()["stage"] == "finished"
    (confirm,) = owner.order(number)["tasks"]
    assert confirm["holder"] == "res_owner"
    assert {outcome["outcome"] for outcome in confirm["outcomes"]} == {"fixed", "not_fixed"}
    assert confirm["outcomes"][1]["form"]["properties"]["photo_ids"]["items"]["format"] == "photo"
    assert owner.complete(number, "fixed").json()["stage"] == "closed"
    rated = owner.act(f"/owner/work-orders/{number}/rate", {"result": 5, "speed": 4, "manner": 5})
    assert rated["rating"] == {"result": 5, "speed": 4, "manner": 5, "text": None}
    assert rated["actions"] == [{"action": "comment"}]


def test_hold_shows_why_and_keeps_the_note_inside(api: Api) -> None:
    owner, tech = api.owner(), api.staff("tech1")
    number = owner.report()["number"]
    api.staff("dispatcher").complete(number, "assigned", staff="tech1")
    tech.complete(number, "accepted")
    (task,) = tech.order(number)["tasks"]
    body = {"reason": "parts", "note": "等阀芯到货", "until": _tomorrow()}
    held = tech.act(f"/staff/tasks/{task['id']}/hold", body)
    assert (held["stage"], held["waiting"]["note"]) == ("on_hold", "等阀芯到货")
    seen = owner.order(number)
    assert (seen["stage_title"], seen["waiting"]["title"], seen["waiting"]["note"]) == ("暂缓", "等配件", None)
    assert [line["title"] for line in seen["timeline"] if line["kind"] == "held"] == ["暂缓处理"]
    assert "等阀芯到货" not in str(seen)
    refused(owner.post(f"/owner/work-orders/{number}/urge"), 409, "illegal_transition")
    assert tech.act(f"/staff/tasks/{task['id']}/resume")["stage"] == "accepted"


def _tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


def test_of_many_who_claim_one_gets_it(api: Api) -> None:
    owner, dispatcher = api.owner(), api.staff("dispatcher")
    number = owner.report()["number"]
    assert dispatcher.complete(number, "pool").status_code == 200
    task = api.staff("tech1").order(number)["tasks"][0]["id"]
    people = [api.staff(account) for account in ("tech1", "tech2")] * 5
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda person: person.post(f"/staff/tasks/{task}/claim"), people))
    codes = sorted({answer.json().get("code", "won") for answer in answers})
    assert [answer.status_code for answer in answers].count(200) == 1
    assert set(codes) <= {"won", "task_not_open", "task_held_by_other", "illegal_transition"}


def test_each_refusal(api: Api) -> None:
    owner, dispatcher, tech = api.owner(), api.staff("dispatcher"), api.staff("tech1")
    number = owner.report()["number"]
    task = f"{number}.1"
    complete = f"/staff/tasks/{task}/complete"
    assign = {"outcome": "assigned", "form": {"staff": "tech1"}}
    refused(api.nobody.post(complete, assign), 401, "unauthenticated")
    refused(api.staff("b-dispatcher").post(complete, assign), 404, "not_found")
    refused(tech.post(complete, assign), 403, "forbidden")
    for account in ("clerk", "b-tech", "left", "nobody"):
        wrong = {"outcome": "assigned", "form": {"staff": account}}
        body = refused(dispatcher.post(complete, wrong), 422, "validation_failed")
        assert (body["reason"], body["errors"][0]["field"]) == ("not_assignable", "form.staff")
    assert refused(dispatcher.post(complete, {"outcome": "flown", "form": {}}), 422, "validation_failed")
    body = refused(dispatcher.post(complete, {"outcome": "rejected", "form": {}}), 422, "validation_failed")
    assert body["errors"][0]["field"] == "form.reason"
    dispatcher.act(complete, assign)
    refused(dispatcher.post(complete, assign), 409, "task_not_open")
    refused(api.staff("tech2").post(f"/staff/tasks/{number}.2/claim"), 409, "task_held_by_other")
    tech.complete(number, "accepted")
    refused(tech.complete(number, "finished", report="修好了"), 409, "illegal_transition")
    owner.act(f"/owner/work-orders/{number}/urge")
    limited = owner.post(f"/owner/work-orders/{number}/urge")
    refused(limited, 429, "rate_limited")
    assert 0 < int(limited.headers["retry-after"]) <= 300
    tech.complete(number, "arrived")
    refused(owner.post(f"/owner/work-orders/{number}/cancel"), 409, "illegal_transition")
    refused(tech.post(f"/staff/work-orders/{number}/cancel", {"reason": "不想修了"}), 403, "forbidden")
    tech.complete(number, "finished", report="更换阀芯")
    confirm = owner.order(number)["tasks"][0]["id"]
    refused(api.owner("family").post(f"/owner/tasks/{confirm}/complete", {"outcome": "fixed"}), 404, "not_found")


def test_the_same_person_may_not_do_and_confirm(api: Api) -> None:
    one = api.staff("all-rounder")
    number = one.act("/staff/work-orders", {**report(), "reporter": {"resident_id": "res_owner"}})["number"]
    one.complete(number, "assigned", staff="all-rounder")
    refused(one.post(f"/staff/work-orders/{number}/cancel", {"reason": "登记错了"}), 403, "four_eyes")
    one.complete(number, "accepted")
    one.complete(number, "arrived")
    one.complete(number, "finished", report="更换阀芯")
    (task,) = one.order(number)["tasks"]
    body = {"outcome": "fixed", "form": {}, "on_behalf": {"channel": "phone", "note": "业主来电确认"}}
    refused(one.post(f"/staff/tasks/{task['id']}/complete", body), 403, "four_eyes")
    closed = api.staff("clerk").act(f"/staff/tasks/{task['id']}/complete", body)
    assert closed["stage"] == "closed"


def test_comments_reach_whom_they_are_for(api: Api) -> None:
    owner, clerk = api.owner(), api.staff("clerk")
    number = owner.report()["number"]
    clerk.act(f"/staff/work-orders/{number}/comment", {"text": "业主脾气急"})
    clerk.act(f"/staff/work-orders/{number}/comment", {"text": "师傅马上到", "audience": "reporter"})
    owner.act(f"/owner/work-orders/{number}/comment", {"text": "好的谢谢"})
    said = [event["facts"].get("text") for event in owner.order(number)["timeline"]]
    assert said == [None, "师傅马上到", "好的谢谢"]
    assert "业主脾气急" in str(clerk.order(number))
    refused(owner.post(f"/owner/work-orders/{number}/comment", {"text": "悄悄", "audience": "staff"}), 403, "forbidden")


def test_what_lies_outside_does_not_exist(api: Api) -> None:
    number = api.owner().report()["number"]
    for person in (api.owner("neighbour"), api.owner("former"), api.owner("b-owner"), api.owner("unbound")):
        refused(person.get(f"/owner/work-orders/{number}"), 404, "not_found")
    refused(api.staff("b-dispatcher").get(f"/staff/work-orders/{number}"), 404, "not_found")
    refused(api.owner().get("/owner/work-orders/BX20200101-99999"), 404, "not_found")
    refused(api.owner().post("/owner/work-orders/BX20200101-99999/urge"), 404, "not_found")
    refused(api.staff("tech1").post("/staff/tasks/nonsense/claim"), 404, "not_found")
    assert api.owner("family").order(number)["mine"] is False
    assert api.owner("family").order(number)["actions"] == []
    assert api.staff("quality").order(number)["number"] == number
    listed = api.staff("b-dispatcher").read("/staff/work-orders", limit=100)["items"]
    assert number not in [item["number"] for item in listed]


def test_the_same_key_is_the_same_act(api: Api) -> None:
    owner, clerk = api.owner(), api.staff("clerk")
    key = uuid.uuid4().hex
    first, second = owner.post("/owner/repairs", report(), key), owner.post("/owner/repairs", report(), key)
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    other = owner.post("/owner/repairs", report(description="另一处也在漏水了"), key)
    refused(other, 409, "idempotency_key_reused")
    number, key = first.json()["number"], uuid.uuid4().hex
    path = f"/staff/work-orders/{number}/comment"
    first, second = clerk.post(path, {"text": "已联系"}, key), clerk.post(path, {"text": "已联系"}, key)
    assert first.json() == second.json()
    assert [event["facts"].get("text") for event in clerk.order(number)["timeline"]].count("已联系") == 1
    refused(clerk.post(path, {"text": "未联系"}, key), 409, "idempotency_key_reused")
    assert api.staff("dispatcher").post(path, {"text": "别人的同一个钥匙"}, key).status_code == 200


def test_the_same_key_pressed_at_once_is_one_order(api: Api) -> None:
    owner, key = api.owner("busy"), uuid.uuid4().hex
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: owner.post("/owner/repairs", report("hse_a3"), key), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["number"] for answer in answers}) == 1


def test_the_same_key_pressed_at_once_is_one_act(api: Api) -> None:
    number, tech, key = api.owner().report()["number"], api.staff("tech1"), uuid.uuid4().hex
    api.staff("dispatcher").complete(number, "assigned", staff="tech1")
    (task,) = tech.order(number)["tasks"]
    body = {"outcome": "accepted", "form": {}}
    with ThreadPoolExecutor(16) as pool:
        path = f"/staff/tasks/{task['id']}/complete"
        answers = list(pool.map(lambda _: tech.post(path, body, key), range(16)))
    assert {(answer.status_code, answer.json().get("stage")) for answer in answers} == {(200, "accepted")}
    refused(
        tech.post(path, {**body, "outcome": "returned", "form": {"reason": "不会修"}}, key),
        409,
        "idempotency_key_reused",
    )


def test_a_key_is_obligatory(api: Api) -> None:
    headers = api.owner().headers
    for path in ("/owner/repairs", "/owner/work-orders/BX20200101-00001/urge", "/photos"):
        body = {"/owner/repairs": report(), "/photos": {"content_type": "image/png", "size": 9}}.get(path, {})
        answer = api.http.post(f"/api/v1{path}", headers=headers, json=body)
        assert refused(answer, 422, "validation_failed")["errors"][0]["field"] == "Idempotency-Key"


def test_text_that_postgres_cannot_hold_never_reaches_the_workflow(api: Api) -> None:
    owner, number = api.owner(), api.owner().report()["number"]
    for text in ("a\x00b", "\ud800"):
        headers = {**owner.headers, "Idempotency-Key": uuid.uuid4().hex, "Content-Type": "application/json"}
        answer = api.http.post(
            f"/api/v1/owner/work-orders/{number}/comment", headers=headers, content=json.dumps({"text": text})
        )
        refused(answer, 422, "validation_failed")
    refused(api.staff("clerk").get("/staff/work-orders", q="a\x00b"), 422, "validation_failed")
    assert owner.act(f"/owner/work-orders/{number}/comment", {"text": "还在漏"})["version"] == 2


def outcomes(task: Any) -> list[str]:
    return [outcome["outcome"] for outcome in task["outcomes"]]


def test_a_task_lists_what_its_reader_may_do_about_it_now(api: Api) -> None:
    owner, clerk, tech = api.owner(), api.staff("clerk"), api.staff("tech1")
    number = owner.report()["number"]

    def seen_by(caller: Caller, box: str = "mine") -> Any:
        """The same in the inbox and on the order's page."""
        (task,) = caller.order(number)["tasks"]
        inbox = {each["id"]: each for each in caller.read_all("/staff/tasks", box=box, kind="repair")}
        if task["id"] in inbox:
            listed = inbox[task["id"]]
            assert outcomes(task) == outcomes(listed)
            assert (task["claimable"], task["on_behalf"]) == (listed["claimable"], listed["on_behalf"])
        return task

    waiting = seen_by(api.staff("dispatcher"), "pool")
    assert (outcomes(waiting), waiting["claimable"]) == (["assigned", "pool", "referred", "rejected", "merged"], True)
    assert (outcomes(seen_by(clerk)), seen_by(clerk)["claimable"]) == ([], False)
    api.staff("dispatcher").complete(number, "assigned", staff="tech1")
    assert not seen_by(api.staff("tech2"), "team")["claimable"]
    assert outcomes(seen_by(api.staff("tech2"), "team")) == []
    tech.complete(number, "accepted")
    assert "arrived" in outcomes(seen_by(tech))
    assert "finished" not in outcomes(seen_by(tech))
    body = {"reason": "parts", "until": _tomorrow()}
    task = tech.act(f"/staff/tasks/{seen_by(tech)['id']}/hold", body)["tasks"][0]
    assert outcomes(task) == outcomes(seen_by(tech)) == ["handed_back"]
    tech.act(f"/staff/tasks/{task['id']}/resume")
    tech.complete(number, "arrived")
    assert {"finished", "needs_quote"} <= set(outcomes(seen_by(tech)))
    assert "arrived" not in outcomes(seen_by(tech))
    tech.complete(number, "finished", report="更换阀芯")
    assert (outcomes(seen_by(clerk)), seen_by(clerk)["on_behalf"]) == (["fixed", "not_fixed"], True)
    assert (outcomes(seen_by(tech)), seen_by(tech)["on_behalf"]) == ([], False)
    (confirm,) = owner.order(number)["tasks"]
    assert (outcomes(confirm), confirm["claimable"]) == (["fixed", "not_fixed"], False)


def test_whoever_did_the_work_is_not_offered_to_ask_how_it_was(api: Api) -> None:
    """Neither by the inbox, which shows it to every clerk, nor by the button on its row."""
    owner, handy = api.owner(), api.staff("all-rounder")
    number = owner.report()["number"]
    handy.complete(number, "assigned", staff="all-rounder")
    for outcome, form in (("accepted", {}), ("arrived", {}), ("finished", {"report": "换了垫圈"})):
        assert handy.complete(number, outcome, **form).status_code == 200
    assert owner.complete(number, "fixed", rating={"result": 1, "speed": 4, "manner": 4}).status_code == 200

    def call_back(caller: Caller) -> Any:
        found = caller.read_all("/staff/tasks", box="pool", kind="repair")
        (task,) = [each for each in found if (each["order"]["number"], each["kind"]) == (number, "call_back")]
        return task

    task = call_back(handy)
    assert (task["claimable"], outcomes(task)) == (False, [])
    refused(handy.post(f"/staff/tasks/{task['id']}/claim"), 403, "four_eyes")
    assert call_back(api.staff("clerk"))["claimable"]
    offers = [f'name="task_id" value="{task["id"]}"' in inbox_page(api, who) for who in ("clerk", "all-rounder")]
    assert offers == [True, False]


def inbox_page(api: Api, account: str) -> str:
    """The console's pool as a browser gets it."""
    with httpx.Client(base_url=api.stack.settings.api_url, timeout=15) as browser:
        said = {"account": account, "password": PASSWORD}
        assert browser.post("/console/login", data=said).status_code == 303
        return browser.get("/console/inbox?box=pool&pages=10").text
