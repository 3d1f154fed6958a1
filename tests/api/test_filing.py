"""Filing a repair, by owners and by staff: what is taken in and what is refused."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.api.conftest import Api, problem, refused, report

pytestmark = pytest.mark.stack

GARAGE = {"community_id": "com_a", "building_id": "bld_a", "spot": "garage"}


def test_an_owner_files_at_home_and_finds_it_in_every_list(api: Api) -> None:
    answer = api.owner().post(
        "/owner/repairs", report(answers={"burst": "no"}, contact={"name": "王先生", "phone": "13900139000"})
    )
    order = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/owner/work-orders/{order['number']}"
    assert (order["id"], order["kind"], order["stage"]) == (order["number"], "repair", "submitted")
    assert order["place"]["label"] == "1栋1单元101室"
    assert "13900139000" not in answer.text
    assert api.owner().read("/owner/work-orders")["items"][0]["number"] == order["number"]
    shown = api.owner().order(order["number"])
    for event in (*order["timeline"], *shown["timeline"]):
        # Postgres writes no zeros at the end of a second's fraction, Python does.
        event["at"] = datetime.fromisoformat(event["at"])
    assert {name: shown[name] for name in order if name not in ("tasks", "incident")} == {
        name: order[name] for name in order if name not in ("tasks", "incident")
    }
    pool = api.staff("dispatcher").read_all("/staff/tasks", box="pool")
    assert order["number"] in [task["order"]["number"] for task in pool]


def test_an_answer_can_make_it_an_emergency_and_put_it_first(api: Api) -> None:
    api.owner().report()
    order = api.owner().report(answers={"burst": "yes"})
    assert order["priority"] == "emergency"
    first = api.staff("dispatcher").read("/staff/tasks", box="pool")["items"][0]
    assert first["order"]["priority"] == "emergency"


def test_a_public_place_is_named(api: Api) -> None:
    order = api.owner().report(house=None, area={**GARAGE, "unit": "2", "floor": -1})
    assert order["place"]["label"] == "1栋2单元-1层 车库"
    assert order["place"]["public"] is True
    assert order["charge"] == "public"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"description": "坏了"}, "description"),
        ({"description": "    坏    "}, "description"),
        ({"description": "长" * 501}, "description"),
        ({"category": "plasma"}, "category"),
        ({"category": "lift"}, "category"),
        ({"house_id": None}, "house_id"),
        ({"area": GARAGE}, "house_id"),
        ({"house_id": None, "area": {**GARAGE, "building_id": "bld_b"}}, "area.building_id"),
        ({"photo_ids": [f"pho_{n}" for n in range(10)]}, "photo_ids"),
        ({"photo_ids": ["pho_unknown"]}, "photo_ids"),
        ({"answers": {"burst": "perhaps"}}, "answers.burst"),
        ({"answers": {"colour": "red"}}, "answers.colour"),
        ({"contact": {"name": "王", "phone": "none"}}, "contact.phone"),
        ({"appointment": {"from": "2020-01-01T09:00:00+08:00", "to": "2020-01-01T10:00:00+08:00"}}, "appointment"),
        ({"discription": "misspelt"}, "discription"),
        ({"description": "厨房漏水\x00厨房漏水"}, "description"),
        ({"contact": {"name": "王\x00", "phone": "13900139000"}}, "contact.name"),
    ],
)
def test_wrong_input_names_its_field(api: Api, change: dict[str, object], field: str) -> None:
    body = refused(api.owner().post("/owner/repairs", {**report(), **change}), 422, "validation_failed")
    assert field in [error["field"] for error in body["errors"]]


@pytest.mark.parametrize("name", ["unbound", "former", "lapsed", "neighbour", "b-owner"])
def test_nobody_files_for_a_house_they_are_not_tied_to(api: Api, name: str) -> None:
    refused(api.owner(name).post("/owner/repairs", report()), 403, "not_bound")


def test_nobody_files_for_a_community_they_do_not_live_in(api: Api) -> None:
    refused(api.owner("b-owner").post("/owner/repairs", report(None, area=GARAGE)), 403, "not_bound")


def test_a_clerk_files_for_somebody_who_phoned(api: Api) -> None:
    clerk = api.staff("clerk")
    body = {**report(), "reporter": {"resident_id": "res_owner"}, "source": "phone"}
    order = clerk.act("/staff/work-orders", body)
    assert order["reporter"] == {"kind": "resident", "name": "owner", "filed_by": "clerk", "filed_by_name": "张clerk"}
    assert order["timeline"][0]["kind"] == "filed"
    mine = api.owner().order(order["number"])
    assert mine["mine"] is True
    assert "clerk" not in str(mine)


def test_a_clerk_files_for_a_guest_and_staff_for_themselves(api: Api) -> None:
    guest = {"house_id": "hse_a2", "name": "李女士", "phone": "13700137000"}
    body = {**report(), "reporter": guest}
    del body["house_id"]
    order = api.staff("clerk").act("/staff/work-orders", body)
    assert (order["reporter"]["kind"], order["reporter"]["name"], order["place"]["label"]) == (
        "guest",
        "李女士",
        "1栋1单元201室",
    )
    assert order["contact"] == {"name": "李女士", "has_phone": True}
    found = api.staff("tech1").act("/staff/work-orders", {**report(None, area=GARAGE), "reporter": "self"})
    assert (found["reporter"]["kind"], found["source"], found["timeline"][0]["kind"]) == ("staff", "patrol", "found")


def test_who_may_not_file_for_whom(api: Api) -> None:
    body = {**report(), "reporter": {"resident_id": "res_owner"}}
    refused(api.staff("tech1").post("/staff/work-orders", body), 403, "forbidden")
    refused(api.staff("b-dispatcher").post("/staff/work-orders", body), 404, "not_found")
    neighbour = {**report(), "reporter": {"resident_id": "res_neighbour"}}
    refused(api.staff("clerk").post("/staff/work-orders", neighbour), 403, "not_bound")
    stranger = {**report(), "reporter": {"resident_id": "res_b-owner"}}
    refused(api.staff("clerk").post("/staff/work-orders", stranger), 404, "not_found")
    assert problem(api.staff("clerk").post("/staff/work-orders", report()))["errors"][0]["field"].startswith("reporter")
