"""Staff among themselves over HTTP: leaving with progress, days away, roster, scope, bulk, a technician's day."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from models.domain.numbers import CHINA
from tests.api.conftest import Api, Caller, refused
from tests.world import eventually

pytestmark = pytest.mark.stack

TODAY = datetime.now(CHINA).date().isoformat()
TOMORROW = (datetime.now(CHINA).date() + timedelta(days=1)).isoformat()


@pytest.fixture(autouse=True)
def restored(api: Api) -> Iterator[None]:
    """Nobody is left away, gone or narrowed for the tests of other files."""
    yield
    with api.engine.begin() as conn:
        for statement in (
            "UPDATE absences SET ended_at = now() WHERE ended_at IS NULL",
            "UPDATE departures SET rejoined_at = now() WHERE rejoined_at IS NULL",
            "UPDATE staff SET active = (account <> 'left'), on_duty = true, cap = NULL",
            "UPDATE staff_scopes SET buildings = '{}'",
            "DELETE FROM duty_turns",
        ):
            conn.execute(text(statement))
    api._known.clear()


def assigned(api: Api, to: str = "tech1") -> str:
    order = api.owner().report()
    answer = api.staff("dispatcher").complete(order["number"], "assigned", staff=to)
    assert answer.status_code == 200, answer.text
    return str(order["number"])


def absent(api: Api, account: str, deputy: str | None = None) -> Any:
    return api.staff("manager").act(
        f"/staff/people/{account}/absences", {"since": TODAY, "until": TOMORROW, "deputy": deputy}
    )


def offered(caller: Caller, number: str) -> dict[str, Any]:
    (task,) = caller.order(number)["tasks"]
    return {one["account"]: one for one in caller.read("/staff/assignable", task=task["id"])["items"]}


# -- leaving -----------------------------------------------------------------------------------------------------------


def test_a_leavers_tasks_move_and_the_progress_shows(api: Api) -> None:
    numbers = [assigned(api) for _ in range(2)]
    technician, manager, key = api.staff("tech1"), api.staff("manager"), uuid.uuid4().hex
    mine = len(technician.read_all("/staff/tasks"))
    told = manager.act("/staff/people/tech1/leave", {"deputy": "tech2"}, key=key)
    assert (told["active"], told["leaving"]["tasks"]) == (False, mine)
    refused(technician.get("/staff/tasks"), 401, "unauthenticated")
    again = manager.act("/staff/people/tech1/leave", {"deputy": "tech2"}, key=key)
    assert again == told
    refused(manager.post("/staff/people/tech1/leave", {}), 409, "illegal_transition")
    end = time.monotonic() + 30
    while (progress := manager.read("/staff/people/tech1")["leaving"])["moved"] < progress["tasks"]:
        assert time.monotonic() < end, progress
        time.sleep(0.2)
    for number in numbers:
        order = manager.order(number)
        assert (order["stage"], order["holder"]) == ("dispatched", "tech2")
        assert order["timeline"][-1]["kind"] == "handed_over"
    dispatcher = api.staff("dispatcher")
    fresh = api.owner().report()["number"]
    assert "tech1" not in offered(dispatcher, fresh)
    refused(dispatcher.complete(fresh, "assigned", staff="tech1"), 422, "validation_failed")
    back = manager.act("/staff/people/tech1/rejoin")
    assert (back["active"], back["on_duty"], back["leaving"]) == (True, False, None)


def test_who_may_let_somebody_go(api: Api) -> None:
    manager = api.staff("manager")
    refused(api.staff("dispatcher").post("/staff/people/tech1/leave"), 403, "forbidden")
    refused(api.staff("lead").post("/staff/people/tech1/leave"), 403, "forbidden")
    refused(manager.post("/staff/people/manager/leave"), 403, "forbidden")
    refused(manager.post("/staff/people/quality/leave"), 404, "not_found")
    refused(manager.post("/staff/people/nobody/leave"), 404, "not_found")
    refused(manager.post("/staff/people/tech1/leave", {"deputy": "left"}), 422, "validation_failed")
    refused(manager.post("/staff/people/tech1/rejoin"), 409, "illegal_transition")
    refused(
        manager.http.put(
            "/api/v1/staff/people/tech1", headers=manager.headers, json={"roles": ["admin"], "team": "engineering"}
        ),
        403,
        "forbidden",
    )


# -- days away ---------------------------------------------------------------------------------------------------------


def test_a_deputy_sees_and_does_the_absentees_work(api: Api) -> None:
    number = assigned(api)
    told = absent(api, "tech1", "tech2")
    assert told["absences"][0]["deputy"] == "tech2"
    deputy, dispatcher = api.staff("tech2"), api.staff("dispatcher")
    assert deputy.read("/staff/me")["stands_in_for"] == ["tech1"]
    assert number in [task["order"]["number"] for task in deputy.read_all("/staff/tasks")]
    assert deputy.complete(number, "accepted").status_code == 200
    order = dispatcher.order(number)
    assert (order["holder"], order["timeline"][-1]["by"]["account"]) == ("tech1", "tech2")
    fresh = api.owner().report()["number"]
    person = offered(dispatcher, fresh)["tech1"]
    assert (person["assignable"], person["absent"], person["deputy"]) == (False, True, "张tech2")
    assert person["why_not"] == ["请假中"]
    wrong = refused(dispatcher.complete(fresh, "assigned", staff="tech1"), 422, "validation_failed")
    assert wrong["errors"][0]["message"] == "该人员正在请假，不能派单"
    dispatcher.complete(fresh, "pool")
    (task,) = dispatcher.order(fresh)["tasks"]
    refused(api.staff("tech1").post(f"/staff/tasks/{task['id']}/claim"), 409, "illegal_transition")
    absence = told["absences"][0]["id"]
    assert api.staff("lead").act(f"/staff/people/tech1/absences/{absence}/end")["absences"] == []
    refused(deputy.complete(number, "arrived"), 409, "task_held_by_other")


# -- scope, roster, cap ------------------------------------------------------------------------------------------------


def narrowed(api: Api, account: str) -> None:
    with api.engine.begin() as conn:
        conn.execute(
            text("UPDATE staff_scopes SET buildings = '{bld_elsewhere}' WHERE staff_id = :id"),
            {"id": f"stf_{account}"},
        )


def test_other_buildings_do_not_exist_for_staff_of_one_building(api: Api) -> None:
    number = assigned(api, "tech2")
    narrowed(api, "clerk")
    narrowed(api, "tech1")
    clerk = api.staff("clerk")
    refused(clerk.get(f"/staff/work-orders/{number}"), 404, "not_found")
    refused(clerk.post(f"/staff/work-orders/{number}/comment", {"text": "催一下"}), 404, "not_found")
    assert number not in {item["number"] for item in clerk.read("/staff/work-orders", limit=100)["items"]}
    tasks = clerk.read_all("/staff/tasks", box="team", kind="repair")
    assert number not in {task["order"]["number"] for task in tasks}
    dispatcher, fresh = api.staff("dispatcher"), api.owner().report()["number"]
    assert offered(dispatcher, fresh)["tech1"]["why_not"] == ["不负责该楼栋"]
    refused(dispatcher.complete(fresh, "assigned", staff="tech1"), 422, "validation_failed")


def test_a_full_pair_of_hands_is_refused_but_for_an_emergency(api: Api) -> None:
    with api.engine.begin() as conn:
        conn.execute(text("UPDATE staff SET cap = 0 WHERE account = 'tech2'"))
    dispatcher, fresh = api.staff("dispatcher"), api.owner().report()["number"]
    assert offered(dispatcher, fresh)["tech2"]["why_not"] == ["在手工单已满"]
    refused(dispatcher.complete(fresh, "assigned", staff="tech2"), 422, "validation_failed")
    dispatcher.complete(fresh, "pool")
    (task,) = dispatcher.order(fresh)["tasks"]
    refused(api.staff("tech2").post(f"/staff/tasks/{task['id']}/claim"), 409, "illegal_transition")
    urgent = api.owner().report(answers={"burst": "yes"})["number"]
    assert dispatcher.complete(urgent, "assigned", staff="tech2").status_code == 200


def test_the_roster_and_the_switch(api: Api) -> None:
    lead, tech = api.staff("lead"), api.staff("tech1")
    now = datetime.now(CHINA)
    body = {"staff": "tech1", "first": TODAY, "last": TOMORROW, "start": "00:00", "end": "00:00"}
    assert len(lead.act("/staff/roster", body)["planned"]) == 2
    assert tech.http.put("/api/v1/staff/duty", headers=tech.headers, json={"on_duty": False}).json()["on_duty"] is False
    turns = lead.read("/staff/roster", until=(now + timedelta(days=3)).isoformat())["items"]
    assert [turn["account"] for turn in turns] == ["tech1", "tech1"]
    refused(tech.get("/staff/roster"), 403, "forbidden")
    refused(tech.post("/staff/roster", body), 403, "forbidden")
    refused(lead.post("/staff/roster", {**body, "team": "engineering"}), 422, "validation_failed")
    refused(lead.post("/staff/roster", {**body, "staff": "b-tech"}), 404, "not_found")
    assert lead.act(f"/staff/roster/{turns[0]['id']}/drop") == {"dropped": turns[0]["id"]}
    refused(lead.post(f"/staff/roster/{turns[0]['id']}/drop"), 404, "not_found")


def test_the_list_of_people_is_for_those_who_plan_and_of_their_communities(api: Api) -> None:
    accounts = {one["account"] for one in api.staff("lead").read("/staff/people")["items"]}
    assert {"tech1", "left", "clerk"} <= accounts
    assert not {"b-tech", "quality"} & accounts
    refused(api.staff("tech1").get("/staff/people"), 403, "forbidden")


# -- a day, and many orders at once ------------------------------------------------------------------------------------


def test_a_technicians_day(api: Api) -> None:
    number = assigned(api)
    start = datetime.now(CHINA) + timedelta(days=3)
    window = {"from": start.isoformat(), "to": (start + timedelta(hours=1)).isoformat()}
    today = assigned(api)
    assert api.staff("tech1").complete(number, "accepted", appointment=window).status_code == 200
    assert api.owner().complete(number, "agreed").status_code == 200
    day = api.staff("tech1").read("/staff/day")
    assert today in [task["order"]["number"] for task in day["items"]]
    assert number in [task["order"]["number"] for task in day["later"]]
    assert api.staff("clerk").read("/staff/day") == {"items": [], "later": []}


def test_many_orders_at_once_each_with_its_own_outcome(api: Api) -> None:
    owner, dispatcher, key = api.owner(), api.staff("dispatcher"), uuid.uuid4().hex
    fresh = [owner.report()["number"] for _ in range(3)]
    running, over = assigned(api, "tech2"), owner.report()["number"]
    owner.act(f"/owner/work-orders/{over}/cancel")
    numbers = [*fresh, running, over, "BX20200101-00001", fresh[0]]
    body = {"action": "assign", "numbers": numbers, "staff": "tech1"}
    told = dispatcher.act("/staff/work-orders/bulk", body, key=key)
    assert [item["number"] for item in told["items"]] == numbers[:-1], "each number once"
    assert [item["code"] for item in told["items"]] == [None] * 4 + ["illegal_transition", "not_found"]
    assert (told["done"], told["refused"]) == (4, 2)
    assert dispatcher.order(running)["holder"] == "tech1"
    again = dispatcher.act("/staff/work-orders/bulk", body, key=key)
    assert [item["ok"] for item in again["items"]] == [True] * 4 + [False] * 2
    kinds = [event["kind"] for event in dispatcher.order(running)["timeline"]]
    assert kinds.count("reassigned") == 1
    said = dispatcher.act("/staff/work-orders/bulk", {"action": "comment", "numbers": fresh, "text": "统一处理"})
    assert said["done"] == 3
    gone = {"action": "cancel", "numbers": [*fresh, over], "reason": "重复报修"}
    assert [item["ok"] for item in dispatcher.act("/staff/work-orders/bulk", gone)["items"]] == [True] * 3 + [False]
    refused(
        dispatcher.post("/staff/work-orders/bulk", {"action": "cancel", "numbers": fresh}), 422, "validation_failed"
    )


def test_four_eyes_over_http_by_every_door(api: Api) -> None:
    """Whoever did the work does not confirm it: over the interface, in bulk or as a deputy."""
    with api.engine.begin() as conn:
        conn.execute(text("UPDATE staff SET roles = '{technician,lead,clerk}' WHERE account = 'all-rounder'"))
    handy, dispatcher = api.staff("all-rounder"), api.staff("dispatcher")
    filed = {"reporter": "self", "category": "water", "description": "巡查发现水管滴水", "house_id": "hse_a1"}
    number = api.staff("clerk").act("/staff/work-orders", filed)["number"]
    assert dispatcher.complete(number, "assigned", staff="all-rounder").status_code == 200
    for outcome, form in (("accepted", {}), ("arrived", {}), ("finished", {"report": "换了垫圈"})):
        assert handy.complete(number, outcome, **form).status_code == 200
    refused(handy.complete(number, "fixed"), 403, "four_eyes")
    (absence,) = absent(api, "all-rounder", "tech2")["absences"]
    refused(api.staff("tech2").complete(number, "fixed"), 403, "four_eyes")
    api.staff("manager").act(f"/staff/people/all-rounder/absences/{absence['id']}/end")
    absent(api, "lead", "all-rounder")
    refused(handy.complete(number, "fixed"), 403, "four_eyes")
    body = {"action": "cancel", "numbers": [assigned(api, "tech1")], "reason": "重复报修"}
    refused_one = api.staff("tech1").act("/staff/work-orders/bulk", body)["items"][0]
    assert refused_one["code"] in ("forbidden", "four_eyes")
    with api.engine.begin() as conn:
        conn.execute(text("UPDATE staff SET roles = '{dispatcher,technician,clerk}' WHERE account = 'all-rounder'"))


def test_what_waited_for_ones_duty_rings_when_one_switches_on(api: Api) -> None:
    def switch(on: bool) -> None:
        said = {"on_duty": on}
        assert tech.http.put("/api/v1/staff/duty", headers=tech.headers, json=said).json() == {**said, "absent": False}

    def waits(number: str) -> bool | None:
        asked = text("SELECT delivery, not_before FROM notices WHERE number = :number AND to_id = 'stf_tech2'")
        with api.engine.connect() as conn:
            found = conn.execute(asked, {"number": number}).one_or_none()
        return None if found is None else found.delivery == "pending" and found.not_before is not None

    with api.engine.begin() as conn:
        conn.execute(text("UPDATE staff SET openid = 'gzh-tech2' WHERE id = 'stf_tech2'"))
    tech = api.staff("tech2")
    try:
        switch(False)
        number = assigned(api, "tech2")
        eventually(lambda: waits(number))
        switch(True)
        eventually(lambda: waits(number) is False)
    finally:
        with api.engine.begin() as conn:
            conn.execute(text("UPDATE staff SET openid = NULL WHERE id = 'stf_tech2'"))


def test_a_deputy_hears_of_what_waits_for_the_absentee_and_of_what_comes(api: Api) -> None:
    number = assigned(api)
    (task,) = api.staff("tech1").order(number)["tasks"]
    waits = {"id": f"{number}-waits", "n": number, "task": task["id"]}
    with api.engine.begin() as conn:
        conn.execute(
            text(
                "INSERT INTO notices (id, number, version, kind, to_kind, to_id, template, facts, while_task, urgent,"
                " created_at, delivery) VALUES (:id, :n, 2, 'warned', 'staff', 'stf_tech1', 'task', '{}', :task, false,"
                " now(), 'pending')"
            ),
            waits,
        )
        conn.execute(
            text(
                "INSERT INTO outbox (id, action, number, rank, body, created_at, not_before, attempts) VALUES (:id ||"
                " '@1', 'notice', :n, 3, jsonb_build_object('notice', CAST(:id AS text)), now(),"
                " now() + interval '1 day', 0)"
            ),
            waits,
        )
    absent(api, "tech1", "tech2")
    eventually(lambda: "warned" in told(api, number, "stf_tech2"), what="what has waited")
    api.owner().act(f"/owner/work-orders/{number}/comment", {"text": "请先打电话"})
    eventually(lambda: "reporter_replied" in told(api, number, "stf_tech2"), what="what comes")
    assert told(api, number, "stf_tech2").count("reporter_replied") == 1


def told(api: Api, number: str, staff: str) -> list[str]:
    said = text("SELECT kind FROM notices WHERE number = :n AND to_id = :staff")
    with api.engine.begin() as conn:
        return list(conn.execute(said, {"n": number, "staff": staff}).scalars())
