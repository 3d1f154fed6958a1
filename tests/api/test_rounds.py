"""Rounds over the JSON interface: planned by some, walked by others; a finding is a repair in the same act."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from integrations import temporal
from models.repositories import patrolling
from tests.api.conftest import Api, Caller, refused
from tests.world import eventually
from workers.schedules import PREFIX

pytestmark = pytest.mark.stack

PLAN = {
    "community_id": "com_a",
    "title": "水泵房巡检",
    "spot": "pump_room",
    "category": "water",
    "checks": ["水泵运行正常，无异响", "地面无积水"],
    "rhythm": {"weekdays": [1, 2, 3, 4, 5, 6, 7], "times": ["08:00", "20:00"]},
    "duty": {"role": "technician"},
}
ROUNDS = "/staff/rounds"


def planned(api: Api, **changed: Any) -> Any:
    return api.staff("lead").act(ROUNDS, {**PLAN, **changed})


def walked(api: Api, **changed: Any) -> Any:
    """A patrol, opened as its Schedule's workflow opens it."""
    made = planned(api, **changed)
    now = datetime.now(UTC)
    with api.engine.begin() as conn:
        patrolling.open_patrol(conn, made["id"], now, now + timedelta(hours=1), "open")
    return the_patrol_of(api, made["id"])


def fired(api: Api) -> Any:
    """A patrol that a Schedule has really opened, ahead of its time."""
    made = planned(api)
    eventually(lambda: api.staff("lead").read(f"{ROUNDS}/{made['id']}")["scheduled"], what="the Schedule")

    async def trigger() -> None:
        client = await temporal.connect(api.stack.settings)
        await client.get_schedule_handle(PREFIX + made["id"]).trigger()

    asyncio.run(trigger())
    return eventually(lambda: the_patrol_of(api, made["id"]), what="the patrol")


def the_patrol_of(api: Api, round_id: str) -> Any:
    found = api.staff("lead").read_all(f"{ROUNDS}/patrols", box="all", status="open")
    return next((patrol for patrol in found if patrol["round_id"] == round_id), None)


def tick(caller: Caller, patrol: Any, position: int, key: str | None = None, **body: Any) -> Any:
    return caller.post(f"{ROUNDS}/patrols/{patrol['id']}/items/{position}", body, key)


def test_a_round_is_planned_by_some_and_read_by_all(api: Api) -> None:
    made = planned(api)
    assert (made["rhythm_words"], made["place"]["label"]) == ("每天 08:00、20:00", "泵房")
    for account, status, code in (
        ("tech1", 403, "forbidden"),
        ("guard", 403, "forbidden"),
        ("b-tech", 404, "not_found"),
    ):
        refused(api.staff(account).post(ROUNDS, PLAN), status, code)
    assert made["id"] in [one["id"] for one in api.staff("tech1").read(ROUNDS)["items"]]
    assert made["id"] not in [one["id"] for one in api.staff("b-tech").read(ROUNDS)["items"]]
    refused(api.staff("b-tech").get(f"{ROUNDS}/{made['id']}"), 404, "not_found")
    refused(api.owner().get(ROUNDS), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"category": "nothing"}, "category"),
        ({"building_id": "bld_b"}, "building_id"),
        ({"duty": {"staff": "b-tech"}}, "duty.staff"),
        ({"duty": {}}, "duty"),
        ({"checks": []}, "checks"),
        ({"rhythm": {"weekdays": [9], "times": ["08:00"]}}, "rhythm.weekdays.0"),
        ({"rhythm": {"weekdays": [1], "times": ["25:00"]}}, "rhythm.times.0"),
    ],
)
def test_a_plan_that_cannot_be_walked_is_refused(api: Api, changed: dict[str, Any], field: str) -> None:
    body = refused(api.staff("lead").post(ROUNDS, {**PLAN, **changed}), 422, "validation_failed")
    assert field in [error["field"] for error in body["errors"]]


def test_a_plan_is_changed_by_whoever_read_it_last(api: Api) -> None:
    made = planned(api, duty={"staff": "tech1"})
    assert made["duty"] == {"staff": "tech1", "title": "张tech1"}
    lead = api.staff("lead")

    def change(version: int, **changed: Any) -> Any:
        body = {**PLAN, "version": version, **changed}
        return lead.http.put(f"/api/v1{ROUNDS}/{made['id']}", headers=lead.headers, json=body)

    changed = change(1, paused=True)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["version"], changed.json()["paused"]) == (2, True)
    refused(change(1, title="另一个名字"), 409, "illegal_transition")
    refused(change(2, community_id="com_b"), 422, "validation_failed")


def test_the_same_plan_sent_twice_is_one_round(api: Api) -> None:
    lead = api.staff("lead")
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: lead.act(ROUNDS, {**PLAN, "title": "只有一个"}, "one-round"), range(4)))
    assert len({one["id"] for one in made}) == 1
    refused(lead.post(ROUNDS, PLAN, "one-round"), 409, "idempotency_key_reused")


def test_a_walk_is_ticked_to_its_end_and_a_finding_becomes_a_repair(api: Api) -> None:
    patrol = fired(api)
    technician = api.staff("tech1")
    assert [item["may_tick"] for item in technician.read(f"{ROUNDS}/patrols/{patrol['id']}")["items"]] == [True, True]
    refused(tick(api.staff("guard"), patrol, 1, result="ok"), 403, "forbidden")
    refused(tick(api.staff("b-tech"), patrol, 1, result="ok"), 404, "not_found")
    refused(tick(technician, patrol, 3, result="ok"), 404, "not_found")
    refused(tick(technician, patrol, 1, result="finding", text="坏"), 422, "validation_failed")
    refused(
        tick(technician, patrol, 1, result="finding", text="有异响很大声", photo_ids=["pho_x"]),
        422,
        "validation_failed",
    )

    said = {"result": "finding", "text": "2号泵有异响", "photo_ids": []}
    found = tick(technician, patrol, 1, "finding-1", **said).json()
    assert tick(technician, patrol, 1, "finding-1", **said).json() == found, "pressing twice files one repair"
    number = found["items"][0]["number"]
    order = technician.order(number)
    assert order["description"] == "水泵运行正常，无异响：2号泵有异响"
    assert (order["source"], order["reporter"]["kind"], order["place"]["label"]) == ("patrol", "staff", "泵房")
    assert order["patrol"] == {"id": patrol["id"], "title": "水泵房巡检"}
    refused(tick(technician, patrol, 1, result="ok"), 409, "illegal_transition")

    done = tick(technician, patrol, 2, result="ok").json()
    assert (done["status"], done["ticked"], done["findings"]) == ("done", 2, 1)
    refused(tick(technician, patrol, 2, result="ok"), 409, "illegal_transition")


def test_two_people_who_find_the_same_file_one_repair(api: Api) -> None:
    patrol = walked(api, title="两人同行")
    people = [api.staff("tech1"), api.staff("tech2")] * 3
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda who: tick(who, patrol, 2, result="finding", text="地面有积水"), people))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    with api.engine.connect() as conn:
        filed = conn.execute(text("SELECT count(*) FROM work_orders WHERE description LIKE '%地面有积水'")).scalar_one()
    assert filed == 1


def test_what_breaks_off_between_filing_and_noting_leaves_no_repair_behind(api: Api) -> None:
    """Then anybody's next attempt files it: the repair and its item are one transaction."""
    patrol = walked(api, title="写到一半")
    said = {"result": "finding", "text": "水压表读数为零"}

    def filed() -> list[str]:
        with api.engine.connect() as conn:
            return list(
                conn.execute(text("SELECT number FROM work_orders WHERE description LIKE '%水压表读数为零'")).scalars()
            )

    with api.engine.begin() as conn:
        conn.execute(text("ALTER TABLE patrol_items ADD CONSTRAINT broken CHECK (result <> 'finding') NOT VALID"))
    try:
        assert tick(api.staff("tech1"), patrol, 1, "half", **said).status_code >= 500
        assert filed() == []
    finally:
        with api.engine.begin() as conn:
            conn.execute(text("ALTER TABLE patrol_items DROP CONSTRAINT broken"))
    found = tick(api.staff("tech2"), patrol, 1, **said).json()["items"][0]["number"]
    refused(tick(api.staff("tech1"), patrol, 1, "half", **said), 409, "illegal_transition")
    assert filed() == [found]
    eventually(lambda: not api.staff("lead").order(found)["engine"]["waiting"], what="the repair's workflow")


def test_a_walk_whose_time_is_over_is_read_only(api: Api) -> None:
    patrol = walked(api, title="过期的巡检")
    with api.engine.begin() as conn:
        conn.execute(text("UPDATE patrols SET status = 'missed' WHERE id = :id"), {"id": patrol["id"]})
    refused(tick(api.staff("tech1"), patrol, 1, result="ok"), 409, "illegal_transition")
    missed = api.staff("lead").read(f"{ROUNDS}/patrols", box="all", status="missed")["items"]
    assert [one["status_title"] for one in missed if one["id"] == patrol["id"]] == ["未完成"]


def in_box(api: Api, account: str, box: str, patrol: Any, **query: Any) -> Any:
    """The patrol's row in somebody's inbox."""
    found = api.staff(account).read_all("/staff/tasks", box=box, **query)
    return next((task for task in found if task["id"] == patrol["id"]), None)


def test_a_walk_that_is_due_lies_in_the_inbox_of_those_who_may_walk_it(api: Api) -> None:
    before = {box: api.staff("tech1").read("/staff/tasks/counts")[box] for box in ("mine", "pool", "team")}
    roles, team, named = (
        walked(api, title="按岗位"),
        walked(api, title="按部门", duty={"team": "order"}),
        walked(api, title="按人员", duty={"staff": "tech1"}),
    )
    row = in_box(api, "tech1", "pool", roles)
    assert (row["kind"], row["title"], row["order"], row["outcomes"]) == ("patrol", "巡检", None, [])
    assert row["patrol"] == {"id": roles["id"], "title": "按岗位", "place": "泵房", "ticked": 0, "items": 2}
    assert (row["holder"], row["candidates"], row["due_at"]) == (None, ["technician"], roles["due_at"])
    assert in_box(api, "guard", "pool", team)["team"] == "order"
    assert in_box(api, "tech1", "mine", named)["holder"] == "tech1"
    lies = {
        (account, box)
        for account in ("tech1", "tech2", "guard", "lead", "manager", "b-tech")
        for box in ("mine", "pool", "team")
        for patrol in (roles, team, named)
        if in_box(api, account, box, patrol)
    }
    stands_in = {("lead", "team"), ("manager", "team")}
    assert lies == stands_in | {("tech1", "mine")} | {
        (account, box) for account in ("tech1", "tech2", "guard") for box in ("pool", "team")
    }
    after = api.staff("tech1").read("/staff/tasks/counts")
    assert {box: after[box] - before[box] for box in before} == {"mine": 1, "pool": 1, "team": 2}
    refused(api.staff("tech1").post(f"/staff/tasks/{roles['id']}/claim"), 404, "not_found")
    tick(api.staff("tech1"), named, 1, result="ok")
    assert in_box(api, "tech1", "mine", named)["patrol"]["ticked"] == 1
    tick(api.staff("tech1"), named, 2, result="ok")
    assert in_box(api, "tech1", "mine", named) is None


def test_walks_and_tasks_come_by_least_time_left_and_page_together(api: Api) -> None:
    api.owner().report()
    walked(api, title="夹在中间")
    tech = api.staff("all-rounder")
    whole = tech.read_all("/staff/tasks", box="pool")
    assert {"patrol", "dispatch"} <= {task["kind"] for task in whole}
    usual = [task for task in whole if task["order"] is None or not task["order"]["urged"]]
    usual = [task for task in usual if task["order"] is None or task["order"]["priority"] == "normal"]
    assert usual == sorted(usual, key=lambda task: task["due_at"] or "9")
    paged: list[Any] = []
    cursor: dict[str, Any] = {}
    while True:
        page = tech.read("/staff/tasks", box="pool", limit=2, **cursor)
        paged += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert [task["id"] for task in paged] == [task["id"] for task in whole]
    kinds = {
        kind: {task["kind"] for task in tech.read_all("/staff/tasks", box="pool", kind=kind)}
        for kind in ("patrol", "repair")
    }
    assert kinds["patrol"] == {"patrol"}
    assert "patrol" not in kinds["repair"]


def test_mine_are_those_that_are_my_duty(api: Api) -> None:
    patrol = walked(api, title="秩序部巡检", duty={"team": "order"})
    boxes = {
        account: [one["id"] for one in api.staff(account).read(f"{ROUNDS}/patrols", status="open")["items"]]
        for account in ("guard", "tech1", "b-tech")
    }
    assert patrol["id"] in boxes["guard"]
    assert patrol["id"] not in boxes["tech1"] + boxes["b-tech"]
