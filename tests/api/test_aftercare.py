"""What follows an order: work done again, an objection to a cancellation, the answer to its stars, a vacant home."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.api.conftest import Api, Caller, refused

pytestmark = pytest.mark.stack

AGAIN = {"description": "修好三天又开始漏水了。"}
STARS = {"result": 2, "speed": 4, "manner": 5}


def worked_on(api: Api, number: str, **finished: Any) -> None:
    tech = api.staff("tech1")
    api.staff("dispatcher").complete(number, "assigned", staff="tech1")
    for outcome, form in (("accepted", {}), ("arrived", {}), ("finished", {"report": "更换阀芯", **finished})):
        assert tech.complete(number, outcome, **form).status_code == 200


def closed(api: Api, **finished: Any) -> str:
    number: str = api.owner().report()["number"]
    worked_on(api, number, **finished)
    assert api.owner().complete(number, "fixed").json()["stage"] == "closed"
    return number


def rework(who: Caller, number: str) -> Any:
    return who.post(f"/{who.side}/work-orders/{number}/rework", AGAIN)


def test_work_that_failed_is_done_again_first_by_the_leads_word_and_free_of_charge(api: Api) -> None:
    number = closed(api)
    assert api.owner().order(number)["may_rework"] == "rework"
    filed = rework(api.owner(), number)
    assert filed.status_code == 201
    order = api.staff("lead").order(filed.json()["number"])
    assert (order["priority"], order["charge"], order["category"]) == ("high", "warranty", "water")
    assert order["follows"] == {"number": number, "why": "rework", "title": "返修"}
    assert order["tasks"][0]["candidates"] == ["lead"]
    before = api.owner().order(number)
    assert (before["followed_by"]["number"], before["may_rework"]) == (order["number"], None)
    refused(rework(api.staff("clerk"), number), 409, "illegal_transition")
    assert api.staff("lead").complete(order["number"], "assigned", staff="tech2").status_code == 200


def test_two_who_ask_for_the_same_rework_at_once_get_one(api: Api) -> None:
    number = closed(api)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda who: rework(who, number), [api.owner(), api.staff("clerk")] * 2))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


def test_rework_has_its_time_and_its_people(api: Api) -> None:
    number = api.owner().report()["number"]
    refused(rework(api.owner(), number), 409, "illegal_transition")
    number = closed(api)
    refused(rework(api.owner("neighbour"), number), 404, "not_found")
    refused(rework(api.staff("b-dispatcher"), number), 404, "not_found")
    refused(rework(api.staff("guard"), number), 403, "forbidden")
    _closed_days_ago(api, number, 31)
    refused(rework(api.owner(), number), 409, "illegal_transition")


def _closed_days_ago(api: Api, number: str, days: int) -> None:
    then = datetime.now(UTC) - timedelta(days=days)
    with api.engine.begin() as conn:
        sql = "UPDATE work_orders SET state = jsonb_set(state, '{entered_at}', to_jsonb(CAST(:then AS text)))"
        conn.execute(text(f"{sql} WHERE number = :number"), {"then": then.isoformat(), "number": number})


def test_a_clerk_files_the_rework_in_the_reporters_name_and_a_makeshift_is_mended_for_good(api: Api) -> None:
    number = closed(api, temporary=True)
    assert api.owner().order(number)["temporary"] is True
    order = rework(api.staff("clerk"), number).json()
    assert order["follows"]["why"] == "lasting"
    assert order["reporter"] == {"kind": "resident", "name": "owner", "filed_by": "clerk", "filed_by_name": "张clerk"}
    assert (order["priority"], order["tasks"][0]["candidates"]) == ("normal", ["dispatcher"])


def test_what_was_cancelled_wrongly_lives_on_under_a_new_number(api: Api) -> None:
    owner, number = api.owner(), api.owner().report()["number"]
    refused(owner.post(f"/owner/work-orders/{number}/object", {"reason": "还没取消呢"}), 409, "task_not_open")
    assert api.staff("clerk").act(f"/staff/work-orders/{number}/cancel", {"reason": "重复报修"})["stage"] == "cancelled"
    owner.act(f"/owner/work-orders/{number}/object", {"reason": "不是重复的，是另一处"})
    assert api.staff("lead").complete(number, "filed_again", reason="取消有误").status_code == 200
    seen = owner.order(number)
    again = owner.order(seen["followed_by"]["number"])
    assert (again["follows"]["why"], again["stage"]) == ("objection", "submitted")
    assert again["description"] == seen["description"]
    assert api.staff("dispatcher").complete(again["number"], "pool").json()["stage"] == "dispatched"


def test_stars_are_answered_once_also_long_after_the_end(api: Api) -> None:
    number = api.owner().report()["number"]
    worked_on(api, number)
    assert api.owner().complete(number, "fixed", rating=STARS).json()["stage"] == "closed"
    clerk = api.staff("clerk")
    refused(
        api.staff("tech1").post(f"/staff/work-orders/{number}/reply-to-rating", {"text": "对不起"}), 403, "forbidden"
    )
    assert clerk.complete(number, "not_reached", reason="三次无人接听").status_code == 200
    _ended(api, number)
    answered = clerk.act(f"/staff/work-orders/{number}/reply-to-rating", {"text": "抱歉，我们会改进"})
    assert answered["timeline"][-1]["kind"] == "rating_answered"
    assert "抱歉，我们会改进" in str(api.owner().order(number)["timeline"])
    again = clerk.post(f"/staff/work-orders/{number}/reply-to-rating", {"text": "再说一次"})
    refused(again, 409, "illegal_transition")
    assert "三次无人接听" not in str(api.owner().order(number))


def test_averages_need_five_ratings_and_are_ones_own(api: Api) -> None:
    assert refused(api.owner().get("/staff/ratings"), 401, "unauthenticated")
    before = api.staff("tech1").read("/staff/ratings")["items"]
    for _ in range(max(0, 5 - (before[0]["ratings"] if before else 0))):
        number = api.owner().report()["number"]
        worked_on(api, number)
        api.owner().complete(number, "fixed", rating=STARS)
        seen = api.staff("tech1").read("/staff/ratings")["items"][0]
        assert (seen["averages"] is None) == (seen["ratings"] < 5)
    assert [item["account"] for item in api.staff("tech1").read("/staff/ratings")["items"]] == ["tech1"]
    assert api.staff("tech2").read("/staff/ratings")["items"] == []
    assert "tech1" in [item["account"] for item in api.staff("lead").read("/staff/ratings")["items"]]
    assert api.staff("b-tech").read("/staff/ratings")["items"] == []
    assert "owner" not in api.staff("lead").get("/staff/ratings").text


def _ended(api: Api, number: str) -> None:
    end = time.monotonic() + 10
    while api.staff("clerk").order(number)["engine"]["ended_at"] is None:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_vacant_home_is_entered_with_consent_or_before_two_witnesses(api: Api) -> None:
    with api.engine.begin() as conn:
        conn.execute(text("UPDATE houses SET status = 'vacant' WHERE id = 'hse_a1'"))
    try:
        numbers = [api.owner().report()["number"] for _ in range(2)]
    finally:
        with api.engine.begin() as conn:
            conn.execute(text("UPDATE houses SET status = 'occupied' WHERE id = 'hse_a1'"))
    tech, consent = api.staff("tech1"), {"given_by": "owner", "channel": "phone"}
    for number in numbers:
        api.staff("dispatcher").complete(number, "assigned", staff="tech1")
        tech.complete(number, "accepted")
        refused(tech.complete(number, "arrived"), 409, "illegal_transition")
    asked, forced = numbers
    assert api.staff("clerk").act(f"/staff/work-orders/{asked}/consent", consent)["entry"] == consent
    assert tech.complete(asked, "arrived").json()["stage"] == "in_progress"
    witnesses = {"reason": "水漏到楼下", "first_witness": "guard", "second_witness": "nobody-known"}
    problem = refused(tech.complete(forced, "forced_entry", **witnesses), 422, "validation_failed")
    assert problem["errors"][0]["field"] == "form.second_witness"
    entered = tech.complete(forced, "forced_entry", **{**witnesses, "second_witness": "guard2"}).json()
    assert entered["stage"] == "in_progress"
    assert entered["timeline"][-1]["facts"]["second_witness_name"] == "张guard2"


def test_the_same_key_files_one_rework(api: Api) -> None:
    number, key = closed(api), uuid.uuid4().hex
    first = api.owner().post(f"/owner/work-orders/{number}/rework", AGAIN, key)
    assert api.owner().post(f"/owner/work-orders/{number}/rework", AGAIN, key).json() == first.json()
