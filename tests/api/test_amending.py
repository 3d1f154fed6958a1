"""Correcting an order over HTTP: what follows from it, who may, and what never enters the workflow."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from tests.api.conftest import Api, refused
from tests.world import eventually

pytestmark = pytest.mark.stack


def test_a_corrected_order_has_the_levels_the_place_and_the_contact_it_should_have_had(api: Api) -> None:
    owner, clerk = api.owner(), api.staff("clerk")
    number = owner.report()["number"]
    body = {
        "category": "lift",
        "priority": "emergency",
        "place": {"building_id": "bld_a", "unit": "1", "spot": "lift"},
        "contact": {"name": "李四", "phone": "13912345678"},
        "reason": "业主说有人被困电梯",
    }
    key = "amend-once"
    seen = clerk.act(f"/staff/work-orders/{number}/amend", body, key)
    assert (seen["category"], seen["priority"]) == ("lift", "emergency")
    assert seen["place"]["label"].endswith("电梯")
    assert seen["contact"]["name"] == "李四"
    due = datetime.fromisoformat(seen["next_deadline"]["due_at"])
    assert due - datetime.fromisoformat(seen["submitted_at"]) == timedelta(minutes=5)
    assert clerk.act(f"/staff/work-orders/{number}/amend", body, key)["number"] == number
    event = next(event for event in owner.order(number)["timeline"] if event["kind"] == "amended")
    assert event["facts"]["reason"] == "业主说有人被困电梯"
    with api.engine.connect() as conn:
        row = conn.execute(
            text("SELECT category, house_id, place_label, state::text FROM work_orders WHERE number = :number"),
            {"number": number},
        ).one()
    assert (row.category, row.house_id) == ("lift", None)
    assert row.place_label == seen["place"]["label"]
    assert "李四" not in row.state


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "category"),
        ({"category": "nonsense"}, "category"),
        ({"category": "lift"}, "category"),
        ({"place": {"house_id": "hse_b1"}}, "place.house_id"),
        ({"place": {"house_id": "hse_a1", "spot": "lift"}}, "place"),
        ({"place": {"building_id": "bld_b", "spot": "lift"}}, "place.building_id"),
        ({"priority": "whenever"}, "priority"),
        ({"contact": {"name": "李四", "phone": "x"}}, "contact.phone"),
        ({"levels": {}}, "levels"),
    ],
)
def test_what_a_correction_may_not_say(api: Api, body: dict[str, object], field: str) -> None:
    number = api.owner().report()["number"]
    answer = api.staff("clerk").post(f"/staff/work-orders/{number}/amend", {**body, "reason": "登记有误"})
    refused(answer, 422, "validation_failed")
    assert field in str(answer.json()["errors"])


def test_who_may_correct(api: Api) -> None:
    number = api.owner().report()["number"]
    path, body = f"/staff/work-orders/{number}/amend", {"priority": "high", "reason": "孕妇在家"}
    refused(api.staff("tech1").post(path, body), 403, "forbidden")
    refused(api.staff("b-dispatcher").post(path, body), 404, "not_found")
    with_contact = {**body, "contact": {"name": "李四", "phone": "13912345678"}}
    refused(api.staff("tech1").post(path, with_contact), 403, "forbidden")
    assert api.staff("clerk").order(number)["contact"]["name"] != "李四"
    assert api.staff("clerk").act(path, body)["priority"] == "high"


def test_a_contact_changes_with_the_step_that_says_so_and_never_without(api: Api) -> None:
    """The engine refuses what the API let through: the order keeps whom to ask for, and the next correction counts."""
    owner, clerk = api.owner(), api.staff("clerk")
    number = owner.report(contact={"name": "王五", "phone": "13700137000"})["number"]
    path = f"/staff/work-orders/{number}/amend"
    body = {"reason": "换人接待", "contact": {"name": "李四", "phone": "13912345678"}}
    eventually(lambda: not clerk.order(number)["engine"]["waiting"])
    stale = text("UPDATE work_orders SET state = jsonb_set(state, '{stage}', :stage) WHERE number = :number")
    stale = stale.bindparams(bindparam("stage", type_=JSONB))
    owner.act(f"/owner/work-orders/{number}/cancel")
    with api.engine.begin() as conn:  # As a row that the workflow has left behind.
        conn.execute(stale, {"number": number, "stage": "submitted"})
        conn.execute(text("UPDATE work_orders SET workflow_ended_at = NULL WHERE number = :n"), {"n": number})
    assert clerk.post(path, body, "late").status_code in (409, 503)
    with api.engine.connect() as conn:
        kept = conn.execute(text("SELECT contact_name FROM work_orders WHERE number = :n"), {"n": number}).scalar_one()
    assert kept == "王五"
    other = owner.report(contact={"name": "王五", "phone": "13700137000"})["number"]
    assert clerk.act(f"/staff/work-orders/{other}/amend", body)["contact"]["name"] == "李四"
    with api.engine.connect() as conn:
        waiting = "SELECT count(*) FROM pending_contacts WHERE name = '李四'"
        assert conn.execute(text(waiting)).scalar_one() == 1, "only that of the refused correction, until it is swept"
