"""小区挪车 on the real stack: ten who ask at once, both sides of one request, and what neither learns of the other."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import Session

from models.repositories.sealing import Sealing
from models.tables.base import new_id
from models.tables.cars import Vehicle
from models.tables.people import Resident, Tie
from models.tables.photos import Photo
from tests.api.conftest import Api, Caller, refused

pytestmark = pytest.mark.stack

KNOWN = "粤BD12345"
WAITING = 10
PHONE = "13900139001"
MARKS = ("车主甲", "等候人", "api-", "res_", "hse_", "101室", "201室", PHONE, "13800138000", "我是三栋的")
"""Names, ids, homes, phones, openids and words of either side."""


@pytest.fixture(scope="module")
def streets(api: Api) -> None:
    """A registered car, its user with a family, and ten who want to pass."""
    sealing, now = Sealing.of(api.stack.settings), datetime.now(UTC)
    with Session(api.engine) as session:
        people = [("car-user", "车主甲", "hse_a2"), ("car-wife", "车主甲妻", "hse_a2")]
        people += [(f"waits-{n}", f"等候人{n}", "hse_a4") for n in range(WAITING)]
        for name, called, house in people:
            person = Resident(id=f"res_{name}", openid=f"api-{name}", name=called, phone_sealed=sealing.seal(PHONE))
            session.add(person)
            session.flush()
            session.add(Tie(resident_id=person.id, house_id=house, kind="family", since=now))
        session.add(
            Vehicle(
                community_id="com_a",
                plate_sealed=sealing.seal(KNOWN),
                plate_hash=sealing.plate_hash(KNOWN),
                resident_id="res_car-user",
                house_id="hse_a2",
            )
        )
        session.commit()


def photo(api: Api, owner: str, kind: str = "resident") -> str:
    """A photo that has been uploaded."""
    with Session(api.engine) as session:
        row = Photo(
            id=new_id("pho"), owner_kind=kind, owner_id=owner, content_type="image/jpeg", declared_size=9,
            upload_key=f"in/{new_id('x')}", status="uploaded",
        )  # fmt: skip
        session.add(row)
        session.commit()
        return row.id


def ask(api: Api, name: str, plate: str = "粤B·D12345", **more: Any) -> httpx.Response:
    body = {"plate": plate, "community_id": "com_a", "reason": "blocking", "photo_ids": [photo(api, f"res_{name}")]}
    return api.owner(name).post("/owner/move-cars", body | more)


def eventually(look: Callable[[], Any]) -> Any:
    end = time.monotonic() + 20
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def started(api: Api, who: Caller, number: str) -> Any:
    eventually(lambda: not api.staff("guard").order(number)["engine"]["waiting"])
    return who.order(number)


def test_ten_at_once_wait_for_one_car(api: Api, streets: None) -> None:
    names = [f"waits-{n}" for n in range(WAITING)]
    for name in names:
        api.owner(name)
    with ThreadPoolExecutor(WAITING) as pool:
        answers = list(pool.map(lambda name: ask(api, name, text="我是三栋的，急"), names))
    assert {answer.status_code for answer in answers} == {201}, answers[0].text
    (number,) = {answer.json()["number"] for answer in answers}
    guard = api.staff("guard")
    eventually(lambda: guard.order(number)["car"]["waiting"] == WAITING)
    for name in names:
        assert [item["number"] for item in api.owner(name).read("/owner/work-orders", kind="move_car")["items"]] == [
            number
        ]
    _neither_side_learns(api, number, names)
    assert api.owner("waits-3").post(f"/owner/work-orders/{number}/cancel").status_code == 200
    assert guard.order(number)["car"]["waiting"] == WAITING - 1
    _the_family_answers(api, number)
    assert api.owner("waits-5").complete(number, "moved").status_code == 200
    eventually(lambda: guard.order(number)["stage"] == "closed")
    _neither_side_learns(api, number, names)


def _the_family_answers(api: Api, number: str) -> None:
    wife = api.owner("car-wife")
    (asked,) = [item for item in wife.read("/owner/asked-of-my-cars")["items"] if item["number"] == number]
    assert (asked["plate"], asked["reason_title"], [task["kind"] for task in asked["tasks"]]) == (
        KNOWN,
        "挡住通行",
        ["move"],
    )
    assert wife.complete(number, "coming", minutes="5").status_code == 200
    assert wife.read("/owner/asked-of-my-cars")["items"][0]["stage"] == "acknowledged"
    assert api.owner("waits-0").order(number)["car"]["promised"] is not None


def _neither_side_learns(api: Api, number: str, names: list[str]) -> None:
    """Everything that either side can fetch, and every message that the phones were sent."""
    for name in (*names, "car-user", "car-wife"):
        caller = api.owner(name)
        lists = [caller.read(path) for path in ("/owner/asked-of-my-cars", "/owner/messages")]
        lists.append(caller.read("/owner/work-orders", kind="move_car"))
        order = caller.order(number)
        said = json.dumps([*lists, order], ensure_ascii=False)
        if name == names[0] or order["description"]:
            said = said.replace("我是三栋的", "")  # Whoever wrote it may read it again.
        assert [mark for mark in MARKS if mark in said] == [], name
        assert order["mine"] is (name in names and not (name == "waits-3" and order["stage"] != "requested"))
        if name.startswith("car-"):
            assert (order["description"], order["photos"]) == ("", [])
        else:
            assert len(order["photos"]) == 1
        sent = api.wechat.get("/_emulator/messages", params={"openid": f"api-{name}"}).json()
        assert [mark for mark in MARKS if mark in json.dumps([one["data"] for one in sent], ensure_ascii=False)] == []


def test_nobody_else_sees_it(api: Api, streets: None) -> None:
    number = ask(api, "waits-1", "沪A00001").json()["number"]
    for name in ("neighbour", "waits-2", "car-user"):
        refused(api.owner(name).get(f"/owner/work-orders/{number}"), 404, "not_found")
    pictures = api.staff("guard").order(number)["photos"]
    refused(api.owner("waits-2").get(f"/photos/{pictures[0]['id']}"), 404, "not_found")


@pytest.mark.parametrize("reason", ["blocking", "fire_lane"])
def test_known_and_unknown_plates_look_the_same(api: Api, streets: None, reason: str) -> None:
    def first_views(plate: str) -> list[Any]:
        who = api.owner("busy")
        answer = ask(api, "busy", plate, reason=reason, text="堵住了").json()
        views = [answer, started(api, who, answer["number"])]
        views += [item for item in who.read("/owner/work-orders")["items"] if item["number"] == answer["number"]]
        return [alike(view, answer["number"], plate) for view in views]

    def alike(view: Any, number: str, plate: str) -> Any:
        said = json.dumps(view, ensure_ascii=False).replace(number, "NC").replace(plate, "PLATE")
        return without_times(json.loads(said))

    _forget(api)
    known = first_views(KNOWN)
    assert known == first_views("粤B0000" + ("1" if reason == "blocking" else "2"))
    assert known[0] | {"tasks": [], "actions": []} == known[1] | {"tasks": [], "actions": []}


def without_times(said: Any) -> Any:
    if isinstance(said, dict):
        gone = ("submitted_at", "at", "due_at", "photos")
        return {key: without_times(value) for key, value in said.items() if key not in gone}
    return [without_times(part) for part in said] if isinstance(said, list) else said


def _forget(api: Api) -> None:
    """As if ten minutes had passed: what was asked can be joined no more."""
    with api.engine.begin() as conn:
        conn.execute(text("UPDATE work_orders SET submitted_at = submitted_at - interval '11 minutes'"))
        conn.execute(text("UPDATE move_car_people SET since = since - interval '1 day'"))


def test_after_ten_minutes_it_is_a_new_request(api: Api, streets: None) -> None:
    first = ask(api, "waits-1", "沪B22222").json()["number"]
    assert ask(api, "waits-2", "沪B22222").json()["number"] == first
    _forget(api)
    assert ask(api, "waits-2", "沪B22222").json()["number"] != first


def test_the_same_request_twice_is_one(api: Api, streets: None) -> None:
    body = {
        "plate": "沪C33333", "community_id": "com_a", "reason": "exit", "photo_ids": [photo(api, "res_waits-6")],
    }  # fmt: skip
    first, again = (api.owner("waits-6").post("/owner/move-cars", body, key="once") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    with api.engine.connect() as conn:
        kept = conn.execute(text("SELECT string_agg(CAST(answer AS text), '') FROM handled_requests")).scalar_one()
        assert KNOWN not in kept, "plates lie sealed, also in what is kept for repetitions"
        assert "沪C33333" not in kept
    refused(
        api.owner("waits-6").post("/owner/move-cars", body | {"reason": "blocking"}, key="once"),
        409,
        "idempotency_key_reused",
    )


@pytest.mark.parametrize(
    ("name", "change", "status", "code", "field"),
    [
        ("car-user", {"plate": KNOWN}, 422, "validation_failed", "plate"),
        ("car-wife", {"plate": KNOWN}, 422, "validation_failed", "plate"),
        ("busy", {"plate": "hello"}, 422, "validation_failed", "plate"),
        ("busy", {"photo_ids": []}, 422, "validation_failed", "photo_ids"),
        ("busy", {"photo_ids": ["pho_unknown"]}, 422, "validation_failed", "photo_ids"),
        ("busy", {"reason": "ugly"}, 422, "validation_failed", "reason"),
        ("busy", {"community_id": "com_b"}, 403, "not_bound", None),
        ("unbound", {}, 403, "not_bound", None),
    ],
)
def test_what_is_refused(
    api: Api, streets: None, name: str, change: dict[str, Any], status: int, code: str, field: str | None
) -> None:
    said = refused(ask(api, name, "浙A12345", **{key: value for key, value in change.items() if key != "plate"})
                   if "plate" not in change else ask(api, name, **change), status, code)  # fmt: skip
    if field is not None:
        assert field in [error["field"] for error in said["errors"]]


def test_who_asks_often_is_looked_at_first_but_for_fire_lanes(api: Api, streets: None) -> None:
    _forget(api)
    plates = [f"苏A9999{n}" for n in range(7)]
    numbers = [ask(api, "waits-9", plate).json()["number"] for plate in plates[:6]]
    clerk = api.staff("clerk")
    kinds = [[task["kind"] for task in clerk.order(number)["tasks"]] for number in numbers]
    assert kinds == [["on_site"]] * 5 + [["vet"]]
    assert clerk.order(numbers[-1])["car"]["asked_before"] == 5
    assert "asked_before" not in json.dumps(api.owner("waits-9").order(numbers[-1]))
    lane = ask(api, "waits-9", plates[6], reason="fire_lane").json()
    assert (lane["priority"], [task["kind"] for task in clerk.order(lane["number"])["tasks"]]) == (
        "emergency",
        ["on_site"],
    )


def test_a_guard_reports_calls_and_finds_by_plate(api: Api, streets: None) -> None:
    guard = api.staff("guard")
    _forget(api)
    body = {
        "kind": "move_car", "reporter": "self", "plate": KNOWN, "reason": "construction",
        "area": {"community_id": "com_a", "building_id": "bld_a", "spot": "road"},
        "photo_ids": [photo(api, "stf_guard", "staff")],
    }  # fmt: skip
    order = guard.act("/staff/work-orders", body)
    assert (order["car"]["plate"], order["place"]["label"], order["source"]) == (KNOWN, "1栋 道路", "patrol")
    found = [item["number"] for item in guard.read("/staff/work-orders", q="粤b d12345")["items"]]
    assert found[0] == order["number"]
    assert "车主甲" not in json.dumps(order, ensure_ascii=False)
    number = order["number"]
    assert guard.act(f"/staff/work-orders/{number}/car-user-phone") == {"phone": PHONE}
    with api.engine.connect() as conn:
        seen = conn.execute(text("SELECT staff_id, what FROM reveals WHERE number = :n"), {"n": number}).all()
        assert [tuple(row) for row in seen] == [("stf_guard", "car_user")]
    refused(api.staff("tech1").post(f"/staff/work-orders/{number}/car-user-phone"), 403, "forbidden")
    refused(api.staff("tech1").post("/staff/work-orders", body), 403, "forbidden")
    wrong = api.staff("guard").post("/staff/work-orders", body | {"reason": "ugly"})
    assert [error["field"] for error in refused(wrong, 422, "validation_failed")["errors"]] == ["reason"]


def test_a_camera_without_its_secret_is_not_heard(api: Api, streets: None) -> None:
    said = {"community": "a", "plate": KNOWN, "event_id": "e-1"}
    refused(api.http.post("/api/v1/gates/plates-left", json=said), 401, "unauthenticated")
