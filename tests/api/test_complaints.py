"""Complaints over HTTP: kept out at every door, anonymous to handlers, read by few."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.api.conftest import Api, Caller, refused
from tests.api.test_live import Ear
from tests.api.test_photos import photo, ready

pytestmark = pytest.mark.stack

SECRET = "每晚十二点后拖椅子"
HIDDEN = ("res_c-quiet", "c-quiet", "13700137001", "hse_c1", "1栋1单元101室")
"""All that could tell who the anonymous maker is."""
KEPT_OUT = ("c-accused", "c-under", "c-deepest")


def complaint(**changes: Any) -> dict[str, Any]:
    return {
        "community_id": "com_c",
        "type": "complaint",
        "category": "noise",
        "text": f"{SECRET}，提醒多次没有用。",
        **changes,
    }


def filed(caller: Caller, **changes: Any) -> Any:
    return caller.act("/owner/complaints", complaint(**changes))


def until(look: Callable[[], Any], seconds: float = 15) -> Any:
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def hidden(api: Api) -> Any:
    """An anonymous complaint with a photo, about a lead, assigned by the manager, replied to and answered."""
    owner = api.owner("c-quiet")
    picture = photo(owner)
    order = filed(
        owner,
        house_id="hse_c1",
        community_id=None,
        anonymous=True,
        photo_ids=[picture],
        subject={"kind": "staff", "account": "c-accused"},
    )
    number = order["number"]
    assert order["mine"]
    assert order["place"]["label"] == "安宁苑"
    manager, clerk = api.staff("c-manager"), api.staff("c-clerk")
    ready(owner, picture)
    assert manager.complete(number, "assigned", staff="c-clerk").status_code == 200
    assert clerk.complete(number, "replied", text="已与当事人谈话").status_code == 200
    owner.act(f"/owner/work-orders/{number}/comment", {"text": f"{SECRET}昨晚又来了"})
    return {**owner.order(number), "photo": picture}


def test_its_maker_finds_it_everywhere_and_acts_on_it(api: Api, hidden: Any) -> None:
    owner, number = api.owner("c-quiet"), hidden["number"]
    listed = [item for item in owner.read("/owner/work-orders", kind="complaint")["items"] if item["number"] == number]
    assert [item["mine"] for item in listed] == [True]
    assert owner.order(number)["timeline"][0]["by"]["name"] == "我"
    told = until(lambda: [m for m in owner.read("/owner/messages")["items"] if m.get("number") == number])
    owner.act(f"/owner/messages/{told[0]['id']}/read")
    refused(api.owner("c-noisy").get(f"/owner/work-orders/{number}"), 404, "not_found")
    refused(api.owner("c-noisy").post(f"/owner/work-orders/{number}/cancel"), 404, "not_found")


def doors(caller: Caller, number: str, photo_id: str) -> dict[str, str]:
    """Everything through which a member of staff could meet an order; door → what came out."""
    task = f"{number}.2"
    posts: dict[str, Any] = {
        f"/staff/work-orders/{number}/comment": {"text": "让我看看"},
        f"/staff/work-orders/{number}/urge": {},
        f"/staff/work-orders/{number}/cancel": {"reason": "不实"},
        f"/staff/work-orders/{number}/link": {"other": number},
        f"/staff/work-orders/{number}/reveal": {},
        f"/staff/work-orders/{number}/publish": {},
        f"/staff/tasks/{task}/claim": {},
        f"/staff/tasks/{task}/complete": {"outcome": "answered", "form": {"text": "答复内容"}},
        f"/staff/tasks/{task}/reassign": {"staff": "c-clerk2", "reason": "换人"},
    }
    found = {path: caller.post(path, body).text for path, body in posts.items()}
    gets = ["/staff/work-orders?limit=100", "/staff/work-orders?kind=complaint", f"/staff/work-orders?q={SECRET}",
            f"/staff/work-orders?q={number}", "/staff/work-orders.csv", f"/staff/work-orders/{number}",
            f"/staff/assignable?task={task}", f"/staff/work-orders/{number}/similar", f"/photos/{photo_id}",
            *(f"/staff/tasks?box={box}&limit=100" for box in ("mine", "pool", "team"))]  # fmt: skip
    return found | {path: caller.http.get(f"/api/v1{path}", headers=caller.headers).text for path in gets}


@pytest.mark.parametrize("account", KEPT_OUT)
def test_whom_it_is_about_finds_no_door(api: Api, hidden: Any, account: str) -> None:
    caller = api.staff(account)
    found = doors(caller, hidden["number"], hidden["photo"])
    assert [path for path, said in found.items() if "order_not_found" not in said and number_in(said, hidden)] == []
    named = {path: said for path, said in found.items() if hidden["number"] in path and "q=" not in path}
    assert {path: said for path, said in named.items() if '"status":404' not in said} == {}
    counts = caller.read("/staff/tasks/counts")
    assert counts["mine"] == 0
    offered = api.staff("c-manager").read("/staff/assignable", task=f"{hidden['number']}.2")["items"]
    assert account not in [one["account"] for one in offered]
    with api.engine.connect() as conn:
        told = "SELECT count(*) FROM notices WHERE number = :number AND to_id = :staff"
        assert conn.execute(text(told), {"number": hidden["number"], "staff": f"stf_{account}"}).scalar_one() == 0


def number_in(said: str, order: Any) -> bool:
    return order["number"] in said or SECRET in said


def test_no_live_word_reaches_them(api: Api, hidden: Any) -> None:
    deaf, hearing = Ear(api, api.staff("c-accused"), "TS"), Ear(api, api.staff("c-clerk"), "TS")
    api.owner("c-quiet").act(f"/owner/work-orders/{hidden['number']}/comment", {"text": "请尽快"})
    assert hearing.hears(hidden["number"])
    assert not deaf.hears(hidden["number"], within=0.3)


@pytest.mark.parametrize("account", ["c-clerk", "c-lead", "c-tech", "c-manager"])
def test_nothing_that_staff_fetch_tells_who_it_is(api: Api, hidden: Any, account: str) -> None:
    caller = api.staff(account)
    seen = doors(caller, hidden["number"], hidden["photo"])
    seen.pop(f"/staff/work-orders/{hidden['number']}/reveal")
    assert [(path, one) for path, said in seen.items() for one in HIDDEN if one in said] == []
    assert caller.order(hidden["number"])["reporter"]["name"] == "匿名业主"
    refused(caller.get(f"/photos/{hidden['photo']}"), 404, "not_found") if account in ("c-lead", "c-tech") else None


def test_the_engine_does_not_know_either(api: Api, hidden: Any) -> None:
    with api.engine.connect() as conn:
        row = conn.execute(
            text("SELECT to_jsonb(w) - 'contact_phone_sealed' AS row FROM work_orders w WHERE number = :number"),
            {"number": hidden["number"]},
        ).scalar_one()
        lines = conn.execute(
            text("SELECT jsonb_agg(to_jsonb(e)) FROM timeline_events e WHERE number = :number"),
            {"number": hidden["number"]},
        ).scalar_one()
    said = json.dumps([row, lines], ensure_ascii=False)
    assert [one for one in HIDDEN if one in said] == []
    assert row["reporter_id"].startswith("anon_")


def test_only_the_manager_looks_and_each_look_is_noted(api: Api, hidden: Any) -> None:
    number = hidden["number"]
    refused(api.staff("c-clerk").post(f"/staff/work-orders/{number}/reveal"), 403, "forbidden")
    manager = api.staff("c-manager")
    assert manager.act(f"/staff/work-orders/{number}/reveal")["name"] == "c-quiet"
    assert "张c-manager" in [look["by"] for look in manager.order(number)["complaint"]["looks"]]
    assert "looks" not in api.staff("c-clerk").order(number)["complaint"]
    known = filed(api.owner("c-quiet"))["number"]
    refused(manager.post(f"/staff/work-orders/{known}/reveal"), 409, "illegal_transition")


def test_others_in_scope_see_that_it_exists_and_nothing_more(api: Api, hidden: Any) -> None:
    order = api.staff("c-lead").order(hidden["number"])
    assert (order["readable"], order["description"], order["photos"]) == (False, "内容仅经办人可见", [])
    assert SECRET not in json.dumps(order, ensure_ascii=False)
    found = api.staff("c-lead").read("/staff/work-orders", q=hidden["number"])["items"]
    assert [item["description"] for item in found] == ["内容仅经办人可见"]
    found = api.staff("c-lead").read("/staff/work-orders", q=SECRET)["items"]
    assert hidden["number"] not in [item["number"] for item in found]
    reader = api.staff("c-clerk").order(hidden["number"])
    assert reader["readable"]
    assert SECRET in reader["description"]
    assert len(reader["photos"]) == 1
    assert api.staff("c-clerk").read("/staff/work-orders", q=SECRET)["items"] != []
    assert SECRET in api.staff("c-clerk").get("/staff/work-orders.csv").text


def test_nobody_answers_by_phone_for_whom_nobody_knows(api: Api, hidden: Any) -> None:
    clerk, number = api.staff("c-clerk"), hidden["number"]
    if clerk.order(number)["stage"] == "handling":
        assert clerk.complete(number, "answered", text="已调离该岗位").status_code == 200
    (judge,) = [task["id"] for task in api.owner("c-quiet").order(number)["tasks"]]
    body = {"outcome": "satisfied", "form": {}, "on_behalf": {"channel": "phone", "note": "来电说满意"}}
    refused(api.staff("c-lead").post(f"/staff/tasks/{judge}/complete", body), 409, "illegal_transition")
    picture = photo(api.owner("c-quiet"))
    answer = api.owner("c-quiet").complete(number, "dissatisfied", reason="又来了", photo_ids=[picture])
    assert answer.status_code == 200
    assert answer.json()["stage"] == "disputed"


def test_a_household_complained_of_hears_nothing(api: Api) -> None:
    order = filed(api.owner("c-quiet"), subject={"kind": "house", "house_id": "hse_c2"})
    assert (order["place"]["label"], order["place"]["house_id"]) == ("1栋", None)
    assert order["complaint"]["subject"]["name"] == "1栋1单元201室"
    noisy = api.owner("c-noisy")
    assert order["number"] not in noisy.get("/owner/work-orders?limit=100").text + noisy.get("/owner/messages").text
    refused(noisy.get(f"/owner/work-orders/{order['number']}"), 404, "not_found")


def test_it_waits_for_a_repair_and_goes_on_when_that_is_done(api: Api) -> None:
    owner, clerk, tech = api.owner("c-quiet"), api.staff("c-clerk"), api.staff("c-tech")
    about = {"kind": "staff", "account": "c-deepest"}
    number = filed(owner, subject=about)["number"]
    assert api.staff("c-lead").complete(number, "assigned", staff="c-clerk").status_code == 200
    until_ = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    wanted = {"area": {"community_id": "com_c", "spot": "gate"}, "category": "lift", "description": "闭门器砰砰响"}
    path, key = f"/staff/work-orders/{number}/repair", uuid.uuid4().hex
    refused(tech.post(path, {**wanted, "until": until_}), 409, "task_held_by_other")
    waiting = clerk.act(path, {**wanted, "until": until_}, key)
    assert clerk.act(path, {**wanted, "until": until_}, key)["number"] == number
    assert (waiting["stage"], waiting["waiting"]["reason"]) == ("on_hold", "third_party")
    (link,) = waiting["group"]["links"]
    assert link["why_title"] == "等待维修"
    dispatcher = api.staff("c-deepest")  # Sees the repair, and not what waits for it.
    assert number not in json.dumps(dispatcher.order(link["number"]))
    assert dispatcher.complete(link["number"], "rejected", reason="已由厂家更换").status_code == 200
    until(lambda: clerk.order(number)["stage"] == "assigned")


def test_what_is_kept_from_an_operator_is_kept_from_their_page_too(api: Api) -> None:
    about = {"kind": "staff", "account": "operator"}
    number = filed(api.owner("c-quiet"), subject=about)["number"]
    other = filed(api.owner("c-quiet"))["number"]
    operator = api.staff("operator")
    assert operator.read(f"/staff/operations/orders/{other}")["number"] == other
    refused(operator.get(f"/staff/operations/orders/{number}"), 404, "not_found")


def test_what_is_wrong_is_said_at_its_field(api: Api) -> None:
    owner = api.owner("c-quiet")

    def field(**changes: Any) -> str:
        answer = owner.post("/owner/complaints", complaint(**changes))
        return str(refused(answer, 422, "validation_failed")["errors"][0]["field"])

    assert field(category="gossip") == "category"
    assert field(text="短") == "text"
    assert field(subject={"kind": "staff", "account": "tech1"}) == "subject.account"
    assert field(subject={"kind": "house", "house_id": "hse_a1"}) == "subject.house_id"
    refused(owner.post("/owner/complaints", complaint(community_id="com_a")), 403, "not_bound")
    body = complaint(kind="complaint", reporter={"house_id": "hse_c1", "name": "王五", "phone": "13600136000"})
    refused(api.staff("c-tech").post("/staff/work-orders", body), 403, "forbidden")
    wrong = refused(api.staff("c-clerk").post("/staff/work-orders", {**body, "category": ""}), 422, "validation_failed")
    assert wrong["errors"][0]["field"] == "category"
    refused(api.staff("c-clerk").post("/staff/work-orders", {**body, "anonymous": True}), 422, "validation_failed")


LOUD = "张家每晚打麻将"


def test_merged_each_maker_reads_the_answer_and_nothing_of_the_other(api: Api) -> None:
    """The first from a home that handlers may know, the second anonymous; both in one clerk's hands."""
    quiet, noisy = api.owner("c-quiet"), api.owner("c-noisy")
    manager, lead, clerk = api.staff("c-manager"), api.staff("c-lead"), api.staff("c-clerk")
    first = filed(quiet, text=f"{SECRET}，请管一管。")["number"]
    second = filed(noisy, text=f"{LOUD}，请管一管。", anonymous=True)["number"]
    path = f"/staff/work-orders/{second}"
    (alike,) = [one for one in lead.read(f"{path}/similar")["items"] if one["number"] == first]
    assert "same_subject" in [reason["reason"] for reason in alike["reasons"]]
    assert alike["score"] == sum(reason["points"] for reason in alike["reasons"])
    assert clerk.read(f"{path}/similar")["items"] == [], "who may not read it hears of no likeness"
    refused(clerk.post(f"{path}/merge", {"primary": first}), 403, "forbidden")
    about = filed(quiet, subject={"kind": "staff", "account": "c-tech"})["number"]
    unlike = refused(lead.post(f"{path}/merge", {"primary": about}), 409, "illegal_transition")
    assert unlike["reason"] == "merge_other_exclusion"
    assert about not in json.dumps(lead.read(f"{path}/similar"))
    merged = lead.complete(second, "merged", primary=first)
    assert (merged.status_code, merged.json()["group"]["primary"]) == (200, first)
    assert lead.complete(first, "assigned", staff="c-clerk").status_code == 200
    assert LOUD in clerk.order(second)["description"], "whoever handles the first handles its group"
    assert [item["readable"] for item in clerk.read("/staff/work-orders", q=second)["items"]] == [True]
    assert [child["reporter"] for child in clerk.order(first)["group"]["children"]] == ["报事人"]
    assert clerk.complete(first, "replied", text="已上门提醒").status_code == 200
    until(
        lambda: "progress_told" in [m["kind"] for m in noisy.read("/owner/messages")["items"] if m["number"] == second]
    )
    picture = photo(clerk)
    assert clerk.complete(first, "answered", text="已与该户约定", photo_ids=[picture]).status_code == 200
    until(lambda: [task["kind"] for task in noisy.order(second)["tasks"]] == ["judge"])
    seen = noisy.order(second)
    assert (seen["stage"], seen["photos"]) == ("answered", [])
    assert [text for text in ("已上门提醒", "已与该户约定") if text not in json.dumps(seen, ensure_ascii=False)] == []
    secrets = ((seen, (first, SECRET, "c-quiet", picture)), (quiet.order(first), (second, LOUD, "c-noisy", "anon_")))
    for order, kept in secrets:
        assert [secret for secret in kept if secret in json.dumps(order, ensure_ascii=False)] == []
    assert "c-noisy" not in json.dumps([who.order(second) for who in (manager, lead, clerk)], ensure_ascii=False)
    assert noisy.complete(second, "dissatisfied", reason="没有用").json()["stage"] == "disputed"
    assert quiet.complete(first, "satisfied").json()["stage"] == "closed"
    assert manager.complete(second, "answered", text="由我约谈").json()["stage"] == "closed"


def test_a_refused_complaint_frees_those_that_followed_it(api: Api) -> None:
    quiet, noisy, lead = api.owner("c-quiet"), api.owner("c-noisy"), api.staff("c-lead")
    first, second = filed(quiet)["number"], filed(noisy)["number"]
    lead.act(f"/staff/work-orders/{second}/merge", {"primary": first})
    assert lead.complete(first, "rejected", reason="非物业职责").json()["stage"] == "refused"
    until(lambda: [task["kind"] for task in lead.order(second)["tasks"]] == ["assign"])
    seen = noisy.order(second)
    assert (seen["stage"], "refused" in json.dumps(seen), "非物业职责" in json.dumps(seen)) == (
        "submitted",
        False,
        False,
    )


def test_a_clerk_files_for_who_phoned(api: Api) -> None:
    body = complaint(kind="complaint", reporter={"resident_id": "res_c-quiet"}, anonymous=True)
    order = api.staff("c-clerk").act("/staff/work-orders", body)
    assert (order["kind"], order["reporter"]["name"]) == ("complaint", "匿名业主")
    assert api.owner("c-quiet").order(order["number"])["mine"]


def test_a_suggestion_hangs_on_the_board_with_its_makers_leave(api: Api) -> None:
    owner, manager, clerk = api.owner("c-quiet"), api.staff("c-manager"), api.staff("c-clerk")
    suggestion = filed(owner, type="suggestion", text="=建议在北门装充电桩", may_publish=True, anonymous=True)
    number = suggestion["number"]
    path = f"/staff/work-orders/{number}/publish"
    refused(manager.post(path), 409, "illegal_transition")
    assert api.staff("c-lead").complete(number, "assigned", staff="c-clerk").status_code == 200
    assert clerk.complete(number, "answered", text="采纳，下月安装").status_code == 200
    refused(clerk.post(path), 403, "forbidden")
    key = uuid.uuid4().hex
    assert manager.act(path, {}, key) == manager.act(path, {}, key)
    refused(manager.post(path), 409, "illegal_transition")
    (post,) = api.owner("c-noisy").read("/owner/board")["items"]
    assert (post["answer"], post["by"]) == ("采纳，下月安装", "匿名业主")
    assert api.owner("neighbour").read("/owner/board")["items"] == []
    assert "'=建议在北门装充电桩" in manager.get("/staff/work-orders.csv").text  # No formula to a spreadsheet.


def test_a_suggestion_that_followed_another_is_published_with_the_answer_to_both(api: Api) -> None:
    lead, manager = api.staff("c-lead"), api.staff("c-manager")
    first = filed(api.owner("c-quiet"), type="suggestion", text="建议加装路灯")["number"]
    second = filed(api.owner("c-noisy"), type="suggestion", text="北门路灯太少", may_publish=True)["number"]
    other = filed(api.owner("c-noisy"))["number"]
    assert other not in json.dumps(lead.read(f"/staff/work-orders/{second}/similar"))
    unlike = lead.post(f"/staff/work-orders/{second}/merge", {"primary": other})
    assert refused(unlike, 409, "illegal_transition")["reason"] == "merge_other_kind"
    lead.act(f"/staff/work-orders/{second}/merge", {"primary": first})
    assert lead.complete(first, "assigned", staff="c-clerk").status_code == 200
    assert api.staff("c-clerk").complete(first, "answered", text="下月加装").status_code == 200
    until(lambda: manager.order(second)["stage"] == "answered" and manager.order(second)["tasks"])
    manager.act(f"/staff/work-orders/{second}/publish")
    posts = api.owner("c-quiet").read("/owner/board")["items"]
    assert ("北门路灯太少", "下月加装") in [(post["text"], post["answer"]) for post in posts]
