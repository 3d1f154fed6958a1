"""访客 on the real stack: a pass from the invitation to the gate, who is asked about a walk-in, and who learns what."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from models.repositories import visitors
from models.repositories.sealing import Sealing
from models.tables.people import Resident, Tie
from models.tables.places import House
from tests.api.conftest import Api, refused
from tests.api.test_move_cars import _forget, ask, eventually, started, without_times

pytestmark = pytest.mark.stack

NAME, PHONE, PLATE = "欧阳小访", "13711112222", "沪A88K88"
HOST_PHONE = "13611112222"
MARKS = (NAME, PHONE, PLATE, "探亲访友")


@pytest.fixture(scope="module")
def homes(api: Api) -> None:
    """A family with a minor; a landlord whose home is let; an empty home."""
    sealing, now = Sealing.of(api.stack.settings), datetime.now(UTC)
    with Session(api.engine) as session:
        for house, status in (("v1", "occupied"), ("v2", "let"), ("v3", "vacant"), ("v4", "occupied")):
            row = House(
                id=f"hse_{house}", community_id="com_a", building_id="bld_a", unit="2", floor=int(house[1]),
                label=f"1栋2单元{house[1]}09室", status=status,
            )  # fmt: skip
            session.add(row)
        session.flush()
        for name, house, kind in (
            ("host", "v1", "owner"), ("host-wife", "v1", "family"), ("host-child", "v1", "family"),
            ("landlord", "v2", "owner"), ("lodger", "v2", "tenant"), ("absent", "v3", "owner"),
            ("mover", "v4", "owner"),
        ):  # fmt: skip
            person = Resident(
                id=f"res_{name}", openid=f"api-{name}", name=f"住户{name}", phone_sealed=sealing.seal(HOST_PHONE),
                is_minor=name == "host-child",
            )  # fmt: skip
            session.add(person)
            session.flush()
            lease = (now + timedelta(days=99)).date() if kind == "tenant" else None
            session.add(Tie(resident_id=person.id, house_id=f"hse_{house}", kind=kind, since=now, lease_until=lease))
        session.commit()


def window(hours: float = 3, begins: float = -0.1) -> dict[str, str]:
    start = datetime.now(UTC) + timedelta(hours=begins)
    return {"from": start.isoformat(), "to": (start + timedelta(hours=hours)).isoformat()}


def invitation(**more: Any) -> dict[str, Any]:
    body = {"house_id": "hse_v1", "name": NAME, "phone": PHONE, "window": window(), "purpose": "探亲访友"}
    return body | more


def invite(api: Api, by: str = "host", **more: Any) -> str:
    return str(api.owner(by).act("/owner/visitors", invitation(**more))["number"])


def walk_in(api: Api, house: str = "hse_v1", **more: Any) -> Any:
    body = {"kind": "visitor", "reporter": "self", "house_id": house, "name": NAME}
    return api.staff("guard").post("/staff/work-orders", body | more)


def search(api: Api, q: str | None = None, who: str = "guard", **more: Any) -> list[Any]:
    items: list[Any] = api.staff(who).act("/staff/visitors/search", ({"q": q} if q else {}) | more)["items"]
    return items


def kept(engine: Engine, number: str) -> Any:
    with engine.connect() as conn:
        return conn.execute(text("SELECT * FROM visitor_passes WHERE number = :n"), {"n": number}).one()


def test_from_the_invitation_to_the_gate(api: Api, homes: None) -> None:
    host, guard = api.owner("host"), api.staff("guard")
    order = host.act("/owner/visitors", invitation(plate=PLATE, persons=2))
    number = order["number"]
    assert (order["stage_title"], order["category_title"], order["place"]["label"], order["mine"]) == (
        "待到访", "亲友来访", "1栋2单元109室", True,
    )  # fmt: skip
    assert (order["visit"]["name"], order["visit"]["phone_masked"], order["visit"]["plate"]) == (
        NAME, "137****2222", PLATE,
    )  # fmt: skip
    started(api, host, number)
    (item,) = [one for one in search(api, "2222") if one["number"] == number]
    assert (item["name"], item["plate"], item["used"], "arrived" in str(item["actions"])) == (NAME, PLATE, 0, True)
    assert guard.complete(number, "arrived").json()["stage"] == "arrived"
    seen = host.order(number)
    assert (seen["stage_title"], seen["visit"]["used"], seen["visit"]["arrived_at"] is not None) == ("已到访", 1, True)
    assert "您的访客已到访" in host.get("/owner/messages").text
    refused(host.post(f"/owner/work-orders/{number}/cancel"), 409, "illegal_transition")
    assert guard.complete(number, "left").status_code == 200
    eventually(lambda: host.order(number)["stage"] == "closed")
    row = kept(api.engine, number)
    assert (row.used, row.arrived_at is not None, row.left_at is not None, row.revoked_at) == (1, True, True, None)
    assert [line["stage"] for line in host.order(number)["timeline"] if line["stage"]] == [
        "invited", "arrived", "left", "closed",
    ]  # fmt: skip


def test_whoever_has_one_home_need_not_name_it(api: Api, homes: None) -> None:
    body = {name: value for name, value in invitation().items() if name != "house_id"} | {"number": 3}
    order = api.owner("host").act("/owner/visitors", body)
    assert (order["place"]["house_id"], order["visit"]["persons"]) == ("hse_v1", 3)
    refused(api.owner("unbound").post("/owner/visitors", body), 403, "not_bound")
    with Session(api.engine) as session:
        session.add(Resident(id="res_two-homes", openid="api-two-homes", name="两套房"))
        session.flush()
        for house in ("hse_a3", "hse_a4"):
            session.add(Tie(resident_id="res_two-homes", house_id=house, kind="family", since=datetime.now(UTC)))
        session.commit()
    said = refused(api.owner("two-homes").post("/owner/visitors", body), 422, "validation_failed")
    assert [error["field"] for error in said["errors"]] == ["house_id"]


def test_what_is_kept_names_nobody(api: Api, homes: None) -> None:
    """Neither the state that travels through Temporal, nor events, notices and answers kept for repetitions."""
    number = invite(api, plate=PLATE)
    api.staff("guard").complete(number, "arrived")
    with api.engine.connect() as conn:
        for statement in (
            "SELECT string_agg(row_to_json(w)::text, '') FROM work_orders w WHERE kind = 'visitor'",
            "SELECT string_agg(row_to_json(t)::text, '') FROM timeline_events t",
            "SELECT string_agg(row_to_json(n)::text, '') FROM notices n",
            "SELECT string_agg(row_to_json(o)::text, '') FROM outbox o",
            "SELECT string_agg(row_to_json(h)::text, '') FROM handled_requests h",
            "SELECT string_agg((row_to_json(v)::jsonb - 'purpose')::text, '') FROM visitor_passes v",
        ):
            said = conn.execute(text(statement)).scalar_one() or ""
            assert [mark for mark in MARKS if mark in said] == [], statement


def test_the_same_request_twice_is_one_pass(api: Api, homes: None) -> None:
    body = invitation()
    first, again = (api.owner("host").post("/owner/visitors", body, key="visit-once") for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    refused(api.owner("host").post("/owner/visitors", body | {"persons": 3}, key="visit-once"), 409,
            "idempotency_key_reused")  # fmt: skip


@pytest.mark.parametrize(
    ("who", "change", "status", "code", "field"),
    [
        ("host", {"name": ""}, 422, "validation_failed", "name"),
        ("host", {"phone": "call me"}, 422, "validation_failed", "phone"),
        ("host", {"plate": "hello"}, 422, "validation_failed", "plate"),
        ("host", {"persons": 0}, 422, "validation_failed", "persons"),
        ("host", {"entries": 0}, 422, "validation_failed", "entries"),
        ("host", {"entries": 256}, 422, "validation_failed", "entries"),
        ("host", {"type": "friend"}, 422, "validation_failed", "type"),
        ("host", {"window": window(-1)}, 422, "validation_failed", "window"),
        ("host", {"window": window(1, begins=-2)}, 422, "validation_failed", "window.to"),
        ("host", {"window": window(24 * 7 + 1)}, 422, "validation_failed", "window.to"),
        ("host", {"window": window(25), "type": "delivery"}, 422, "validation_failed", "window.to"),
        ("host", {"window": window(24 * 91), "type": "long_stay"}, 422, "validation_failed", "window.to"),
        ("host", {"window": window(1, begins=24 * 31)}, 422, "validation_failed", "window.from"),
        ("host", {"house_id": "hse_v2"}, 403, "not_bound", None),
        ("host-child", {}, 403, "forbidden", None),
        ("unbound", {}, 403, "not_bound", None),
    ],
)
def test_what_is_refused(
    api: Api, homes: None, who: str, change: dict[str, Any], status: int, code: str, field: str | None
) -> None:
    said = refused(api.owner(who).post("/owner/visitors", invitation(**change)), status, code)
    if field is not None:
        assert [error["field"] for error in said["errors"]] == [field]


def test_a_pass_is_seen_by_its_maker_only(api: Api, homes: None) -> None:
    wifes = invite(api, "host-wife")
    refused(api.owner("host").get(f"/owner/work-orders/{wifes}"), 404, "not_found")
    number = invite(api)
    for name in ("host-wife", "landlord", "neighbour"):
        refused(api.owner(name).get(f"/owner/work-orders/{number}"), 404, "not_found")
        for path in ("/owner/visitors", "/owner/work-orders"):
            assert number not in api.owner(name).get(path).text
    assert number in api.owner("host").get("/owner/visitors").text
    tenants = invite(api, "lodger", house_id="hse_v2")
    refused(api.owner("landlord").get(f"/owner/work-orders/{tenants}"), 404, "not_found")


def test_staff_who_meet_no_visitors_do_not_read_who_comes(api: Api, homes: None) -> None:
    number = invite(api, plate=PLATE)
    seen = api.staff("tech1").get(f"/staff/work-orders/{number}").text
    assert [mark for mark in MARKS if mark in seen] == []
    assert NAME in api.staff("clerk").get(f"/staff/work-orders/{number}").text
    refused(api.staff("tech1").post("/staff/visitors/search", {}), 403, "forbidden")
    refused(api.staff("b-tech").get(f"/staff/work-orders/{number}"), 404, "not_found")
    assert search(api, who="manager", q=number)
    in_the_box = {task["kind"] for task in api.staff("guard").read_all("/staff/tasks", box="pool", kind="visitor")}
    assert in_the_box <= {"call_host"}, "hundreds of awaited visitors lie in nobody's inbox"


def test_guards_find_by_name_plate_house_and_the_end_of_a_phone(api: Api, homes: None) -> None:
    number = invite(api, name="慕容寻", plate="沪B12K34", phone="13700004321", house_id="hse_v1")
    tomorrow = invite(api, name="慕容寻", window=window(1, begins=30))
    for q in ("慕容寻", "沪b·12k34", "4321", "2单元109", number.lower()):
        found = [item["number"] for item in search(api, q)]
        assert number in found, q
        assert tomorrow not in found
    assert search(api, "慕容") == []
    assert search(api, "%") == []
    after = (datetime.now(UTC) + timedelta(hours=38)).date()
    days = [(after - timedelta(days=back)).isoformat() for back in (0, 1)]
    assert any(item["number"] == tomorrow for day in days for item in search(api, "慕容寻", day=day))


def test_the_host_takes_it_back_and_the_guard_sees_it(api: Api, homes: None) -> None:
    number = invite(api)
    assert api.owner("host").act(f"/owner/work-orders/{number}/cancel")["stage_title"] == "已撤销"
    eventually(lambda: kept(api.engine, number).revoked_at is not None)
    (item,) = search(api, number)
    assert (item["stage"], "arrived" in str(item["actions"])) == ("revoked", False)


def test_a_clerk_writes_a_pass_for_a_resident_and_decides_on_long_stays(api: Api, homes: None) -> None:
    clerk = api.staff("clerk")
    body = {"kind": "visitor", "reporter": {"resident_id": "res_host"}, **invitation()}
    order = clerk.act("/staff/work-orders", body)
    assert (order["source"], order["reporter"]["filed_by"]) == ("phone", "clerk")
    assert order["number"] in api.owner("host").get("/owner/visitors").text
    for gone in ("phone", "window"):
        rest = {key: value for key, value in body.items() if key != gone}
        said = refused(clerk.post("/staff/work-orders", rest), 422, "validation_failed")
        assert [error["field"] for error in said["errors"]] == [gone]
    refused(clerk.post("/staff/work-orders", body | {"reporter": {"resident_id": "res_landlord"}}), 403, "not_bound")
    child = body | {"reporter": {"resident_id": "res_host-child"}}
    refused(clerk.post("/staff/work-orders", child), 403, "forbidden")
    refused(api.staff("guard").post("/staff/work-orders", body), 403, "forbidden")
    number = invite(api, type="long_stay", window=window(24 * 89), entries=200)
    assert "arrived" not in str(search(api, number)[0]["actions"])
    assert "approve_stay" in clerk.get("/staff/tasks", box="pool", kind="visitor").text
    assert clerk.complete(number, "granted").status_code == 200
    assert api.staff("guard").complete(number, "arrived").json()["stage"] == "arrived"


def _asked_about(api: Api, name: str, number: str) -> bool:
    return any(item["number"] == number for item in api.owner(name).read("/owner/visitors")["items"])


def test_who_lives_there_is_asked_about_a_walk_in(api: Api, homes: None) -> None:
    number = walk_in(api, plate=PLATE, purpose="送文件").json()["number"]
    assert (_asked_about(api, "host", number), _asked_about(api, "host-wife", number)) == (True, True)
    assert not _asked_about(api, "host-child", number)
    assert number in api.owner("host-wife").get("/owner/work-orders", kind="visitor").text
    assert NAME in api.owner("host-wife").get(f"/owner/work-orders/{number}").text
    for name in ("host", "host-wife"):
        eventually(lambda who=name: "请尽快答复是否同意" in api.owner(who).get("/owner/messages").text)
    assert api.owner("host-wife").complete(number, "admitted").json()["stage"] == "arrived"
    assert search(api, number)[0]["used"] == 1
    assert api.staff("guard").complete(number, "left").status_code == 200
    of_tenant = walk_in(api, "hse_v2").json()["number"]
    assert (_asked_about(api, "lodger", of_tenant), _asked_about(api, "landlord", of_tenant)) == (True, False)
    assert api.owner("lodger").complete(of_tenant, "denied", reason="不认识").json()["stage"] == "denied"


def test_who_has_no_wechat_is_texted_and_telephoned_at_once(api: Api, homes: None) -> None:
    phone = "13511112222"
    with Session(api.engine) as session:
        session.add(
            House(id="hse_v5", community_id="com_a", building_id="bld_a", unit="2", floor=5, label="1栋2单元509室")
        )
        sealed = Sealing.of(api.stack.settings).seal(phone)
        session.add(Resident(id="res_offline", name="没有微信", phone_sealed=sealed))
        session.flush()
        session.add(Tie(resident_id="res_offline", house_id="hse_v5", kind="owner", since=datetime.now(UTC)))
        session.commit()
    number = walk_in(api, "hse_v5").json()["number"]
    guard = api.staff("guard")
    eventually(lambda: "call_host" in [task["kind"] for task in guard.order(number)["tasks"]])
    (text_message,) = eventually(lambda: api.wechat.get("/_emulator/texts", params={"phone": phone}).json())
    assert "有访客在门岗等候，要到1栋2单元509室" in text_message["content"]
    assert NAME not in text_message["content"]
    assert guard.complete(number, "not_reached").status_code == 200
    (call,) = [task["id"] for task in guard.order(number)["tasks"] if task["kind"] == "call_host"]
    assert guard.act(f"/staff/tasks/{call}/complete", {"outcome": "admitted"})["stage"] == "arrived"


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"house_id": "hse_v3"}, 422, "house_id"),
        ({"type": "long_stay"}, 422, "type"),
        ({"window": window()}, 422, "window"),
        ({"house_id": "hse_b1"}, 404, None),
    ],
)
def test_which_walk_in_is_refused(
    api: Api, homes: None, change: dict[str, Any], status: int, field: str | None
) -> None:
    answer = walk_in(api, **{"house": change["house_id"]} if "house_id" in change else change)
    said = refused(answer, status, "validation_failed" if status == 422 else "not_found")
    if field:
        assert [error["field"] for error in said["errors"]] == [field]


def test_whom_a_guard_telephones_is_written_down(api: Api, homes: None) -> None:
    number, guard = walk_in(api, phone=PHONE).json()["number"], api.staff("guard")
    assert guard.act(f"/staff/work-orders/{number}/host-phone") == {"phone": HOST_PHONE}
    assert guard.act(f"/staff/work-orders/{number}/visitor-phone") == {"phone": PHONE}
    refused(api.staff("tech1").post(f"/staff/work-orders/{number}/host-phone"), 403, "forbidden")
    assert api.owner("host").complete(number, "denied").status_code == 200
    refused(guard.post(f"/staff/work-orders/{number}/host-phone"), 403, "forbidden")
    with api.engine.connect() as conn:
        seen = conn.execute(text("SELECT staff_id, what FROM reveals WHERE number = :n ORDER BY at"), {"n": number})
        assert [tuple(row) for row in seen] == [("stf_guard", "host"), ("stf_guard", "visitor")]


def test_after_a_month_nobody_knows_who_it_was(api: Api, homes: None) -> None:
    over, open_ = invite(api, plate=PLATE), invite(api)
    assert api.staff("guard").complete(over, "arrived").status_code == 200
    assert api.staff("guard").complete(over, "left").status_code == 200
    eventually(lambda: api.owner("host").order(over)["stage"] == "closed")
    until = kept(api.engine, over).until
    with api.engine.begin() as conn:
        visitors.anonymise(conn, until + timedelta(days=29), timedelta(days=30), 500)
        assert kept(api.engine, over).name_sealed is not None
    with api.engine.begin() as conn:
        visitors.anonymise(conn, until + timedelta(days=31), timedelta(days=30), 500)
    row = kept(api.engine, over)
    who = (row.name_sealed, row.name_hash, row.phone_sealed, row.tail_hash, row.plate_sealed, row.plate_hash)
    assert (*who, row.purpose) == (None,) * 7
    assert (row.used, row.anonymised_at is not None) == (1, True)
    assert kept(api.engine, open_).name_sealed is not None, "a visit that goes on keeps its visitor"
    assert (api.owner("host").order(over)["visit"]["name"], search(api, over)[0]["name"]) == (None, None)


def test_a_pass_ends_with_the_tie_of_its_maker(api: Api, homes: None) -> None:
    """Within the sweep's minute; whoever is inside already stays."""
    with Session(api.engine) as session:
        session.add(Resident(id="res_leaver", openid="api-leaver", name="将搬走"))
        session.flush()
        session.add(Tie(resident_id="res_leaver", house_id="hse_v1", kind="family", since=datetime.now(UTC)))
        session.commit()
    awaited, inside, of_others = invite(api, "leaver"), invite(api, "leaver", entries=2), invite(api)
    assert api.staff("guard").complete(inside, "arrived").status_code == 200
    now = datetime.now(UTC)
    since = now - timedelta(days=7)
    with api.engine.begin() as conn:
        assert awaited not in visitors.revoke_orphaned(conn, now, since, "已搬走")
        conn.execute(text("UPDATE ties SET until = now() WHERE resident_id = 'res_leaver'"))
        assert visitors.revoke_orphaned(conn, now, since, "已搬走") == [awaited]
    eventually(lambda: search(api, awaited)[0]["stage"] == "revoked")
    assert (search(api, inside)[0]["stage"], search(api, of_others)[0]["stage"]) == ("arrived", "invited")
    assert "已由物业撤销" in api.owner("leaver").get("/owner/messages").text


# -- a visitor's car is in the way -------------------------------------------------------------------------------------


def _car_of(api: Api, plate: str, **more: Any) -> str:
    number = invite(api, plate=plate, **more)
    started(api, api.owner(more.get("by", "host")), number)
    return number


def _forget_passes(api: Api) -> None:
    with api.engine.begin() as conn:
        conn.execute(text("UPDATE visitor_passes SET plate_hash = NULL, plate_sealed = NULL"))


OF_HOST: Final = ("住户host", "res_host", "api-host", HOST_PHONE, "hse_v1", "109室", NAME, PHONE, "访客", "FK2")


def test_the_host_is_asked_and_the_requester_cannot_tell(api: Api, homes: None) -> None:
    plate = "沪C88K88"
    _car_of(api, plate)
    _forget(api)
    number = ask(api, "busy", plate).json()["number"]
    host = api.owner("host")
    (item,) = [one for one in host.read("/owner/asked-of-my-cars")["items"] if one["number"] == number]
    assert (item["plate"], item["of_visitor"], item["tasks"][0]["kind"]) == (plate, True, "move_visitor")
    eventually(lambda: "您的访客车辆在" in host.get("/owner/messages").text)
    told = json.dumps([item, host.order(number), host.read("/owner/messages")], ensure_ascii=False)
    assert [mark for mark in ("api-busy", "res_busy") if mark in told] == []
    for name in ("host-wife", "landlord"):
        refused(api.owner(name).get(f"/owner/work-orders/{number}"), 404, "not_found")
    staff = api.staff("guard").order(number)
    assert (staff["car"]["visitor"] is not None, staff["car"]["may_call_user"]) == (True, True)
    phones = api.staff("guard").act(f"/staff/work-orders/{number}/car-user-phone")
    assert phones == {"phone": HOST_PHONE, "visitor_phone": PHONE}
    with api.engine.connect() as conn:
        seen = conn.execute(text("SELECT what FROM reveals WHERE number = :n"), {"n": number}).scalars()
        assert sorted(seen) == ["car_user", "visitor"]
    assert host.complete(number, "coming", minutes="5").json()["stage"] == "acknowledged"
    asker = api.owner("busy")
    learned = json.dumps(
        [asker.order(number), asker.read("/owner/messages"), asker.read("/owner/work-orders", kind="move_car")],
        ensure_ascii=False,
    )
    assert [mark for mark in OF_HOST if mark in learned] == []


@pytest.mark.parametrize("reason", ["blocking", "fire_lane"])
def test_a_visitors_plate_and_an_unknown_one_look_the_same(api: Api, homes: None, reason: str) -> None:
    plate = "沪D88K8" + ("1" if reason == "blocking" else "2")
    _car_of(api, plate)

    def views(asked: str) -> list[Any]:
        who = api.owner("busy")
        answer = ask(api, "busy", asked, reason=reason, text="堵住了").json()
        seen = [answer, started(api, who, answer["number"])]
        seen += [item for item in who.read("/owner/work-orders")["items"] if item["number"] == answer["number"]]
        said = json.dumps(seen, ensure_ascii=False).replace(answer["number"], "NC").replace(asked, "PLATE")
        return list(without_times(json.loads(said)))

    _forget(api)
    assert views(plate) == views("粤B0009" + ("1" if reason == "blocking" else "2"))


def _first_task(api: Api, who: str, plate: str) -> str:
    _forget(api)
    order = ask(api, who, plate).json()
    return str(api.staff("guard").order(order["number"])["tasks"][0]["kind"])


def _revoked(api: Api, number: str) -> None:
    api.owner("host").act(f"/owner/work-orders/{number}/cancel")


def _left(api: Api, number: str) -> None:
    api.staff("guard").complete(number, "arrived")
    api.staff("guard").complete(number, "left")


def _came(api: Api, number: str) -> None:
    api.staff("guard").complete(number, "arrived")


def _host_gone(api: Api, number: str) -> None:
    with api.engine.begin() as conn:
        conn.execute(text("UPDATE ties SET until = now() WHERE resident_id = 'res_mover'"))


def _nothing(api: Api, number: str) -> None:
    """It stays as it is."""


@pytest.mark.parametrize(
    ("plate", "what", "change", "asked"),
    [
        ("沪E88K81", _nothing, {}, "move_visitor"),
        ("沪E88K82", _came, {}, "move_visitor"),
        ("沪E88K83", _left, {}, "on_site"),
        ("沪E88K84", _revoked, {}, "on_site"),
        ("沪E88K85", _nothing, {"window": window(2, begins=1)}, "on_site"),
        ("沪E88K86", _nothing, {"type": "long_stay"}, "on_site"),
        ("沪E88K87", _host_gone, {"by": "mover", "house_id": "hse_v4"}, "on_site"),
    ],
    ids=["in its window", "inside", "left", "revoked", "later", "not approved", "host gone"],
)
def test_only_a_pass_that_holds_now_counts(
    api: Api, homes: None, plate: str, what: Callable[[Api, str], None], change: dict[str, Any], asked: str
) -> None:
    what(api, _car_of(api, plate, **change))
    assert _first_task(api, "busy", plate) == asked


def test_a_host_who_asks_about_their_own_visitor_gets_a_guard(api: Api, homes: None) -> None:
    plate = "沪F88K88"
    _car_of(api, plate)
    assert _first_task(api, "host", plate) == "on_site"
    _forget(api)
    number = ask(api, "busy", plate).json()["number"]
    joined = ask(api, "host", plate).json()
    assert (joined["number"], joined["mine"]) == (number, False), "who is asked already does not wait with the others"


def test_a_host_without_wechat_is_called_at_once(api: Api, homes: None) -> None:
    plate = "沪G88K88"
    _car_of(api, plate)
    with api.engine.begin() as conn:
        conn.execute(text("UPDATE residents SET openid = NULL WHERE id = 'res_host'"))
    try:
        _forget(api)
        number = ask(api, "busy", plate).json()["number"]
        kinds = lambda: {task["kind"] for task in api.staff("guard").order(number)["tasks"]}  # noqa: E731
        eventually(lambda: kinds() == {"move_visitor", "call_owner"})
    finally:
        with api.engine.begin() as conn:
            conn.execute(text("UPDATE residents SET openid = 'api-host' WHERE id = 'res_host'"))
