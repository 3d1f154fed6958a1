"""Lists: stable while rows are added, filtered, and cursors that nobody can forge into a fault."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Api, Caller, refused

pytestmark = pytest.mark.stack


def walk(caller: Caller, path: str, between: Any = None, **query: Any) -> list[str]:
    """All pages; `between` is done after the first one."""
    seen: list[str] = []
    cursor = None
    while True:
        page = caller.read(path, limit=2, **query, **({"cursor": cursor} if cursor else {}))
        seen += [item["number"] if "number" in item else item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return seen
        if between is not None:
            between()
            between = None


def test_pages_do_not_shift_when_orders_come_in(api: Api) -> None:
    owner = api.owner("neighbour")
    numbers = [owner.report("hse_a2")["number"] for _ in range(5)]
    seen = walk(owner, "/owner/work-orders", between=lambda: owner.report("hse_a2"))
    assert [number for number in seen if number in numbers] == numbers[::-1]
    assert len(seen) == len(set(seen))
    everybody = walk(api.staff("clerk"), "/staff/work-orders", between=lambda: owner.report("hse_a2"))
    assert len(everybody) == len(set(everybody))
    assert set(numbers) <= set(everybody)
    whole = api.staff("clerk").read("/staff/work-orders", limit=100)["items"]
    times = [item["submitted_at"] for item in whole]
    assert times == sorted(times, reverse=True)
    known = [item["number"] for item in whole if item["number"] in everybody]
    assert known == everybody[: len(known)]


def test_the_inbox_pages_in_its_own_order(api: Api) -> None:
    owner, dispatcher = api.owner("neighbour"), api.staff("dispatcher")
    calm = [owner.report("hse_a2")["number"] for _ in range(3)]
    urged = owner.report("hse_a2")["number"]
    owner.act(f"/owner/work-orders/{urged}/urge")
    high = owner.report("hse_a2", answers={"burst": "soon"})["number"]
    emergency = owner.report("hse_a2", answers={"burst": "yes"})["number"]
    seen = [task.rpartition(".")[0] for task in walk(dispatcher, "/staff/tasks", box="pool")]
    assert len(seen) == len(set(seen))
    places = [seen.index(number) for number in (emergency, high, urged, *calm)]
    assert places == sorted(places)
    counts = dispatcher.read("/staff/tasks/counts")
    assert counts["pool"] == len(seen)
    assert dispatcher.read("/staff/tasks", box="pool", kind="visitor")["items"] == []


def test_boxes(api: Api) -> None:
    owner, dispatcher = api.owner(), api.staff("dispatcher")
    number = owner.report()["number"]
    dispatcher.complete(number, "assigned", staff="tech1")

    def has(account: str, box: str) -> bool:
        items = api.staff(account).read_all("/staff/tasks", box=box, kind="repair")
        return number in [item["order"]["number"] for item in items]

    assert has("tech1", "mine")
    assert not has("tech2", "mine")
    assert has("tech2", "team")
    assert not has("b-tech", "team")
    assert not has("clerk", "team")
    refused(dispatcher.get("/staff/tasks", box="everything"), 422, "validation_failed")


def test_without_a_community_there_is_nothing_to_see(api: Api) -> None:
    number = api.owner().report()["number"]
    nowhere = api.staff("nowhere")
    refused(nowhere.get(f"/staff/work-orders/{number}"), 404, "not_found")
    assert nowhere.read("/staff/work-orders")["items"] == []
    assert [nowhere.read("/staff/tasks", box=box)["items"] for box in ("mine", "pool", "team")] == [[], [], []]
    assert nowhere.read("/staff/me")["communities"] == []
    assert api.staff("quality").read("/staff/me")["communities"] == ["*"]


def test_filters(api: Api) -> None:
    owner, clerk = api.owner(), api.staff("clerk")
    number = owner.report(description="主卧天花板 100%_渗水")["number"]
    read = clerk.read
    assert number in [item["number"] for item in read("/staff/work-orders", q=number)["items"]]
    assert [item["number"] for item in read("/staff/work-orders", q="100%_渗水")["items"]] == [number]
    assert read("/staff/work-orders", q="1000_渗水")["items"] == []
    assert all(item["stage"] == "submitted" for item in read("/staff/work-orders", stage="submitted")["items"])
    assert read("/staff/work-orders", overdue=True)["items"] == []
    assert number in [item["number"] for item in read("/staff/work-orders", overdue=False, limit=100)["items"]]
    assert owner.read("/owner/work-orders", kind="complaint")["items"] == []
    assert number in [item["number"] for item in owner.read("/owner/work-orders", open=True, limit=100)["items"]]
    owner.act(f"/owner/work-orders/{number}/cancel", {"reason": "自己修好了"})
    assert number in [item["number"] for item in owner.read("/owner/work-orders", open=False)["items"]]


@pytest.mark.parametrize(
    "cursor", ["x", "W10", "WzEsMl0", "WyJhIiwiYiJd", "bm9uc2Vuc2U", "WyIyMDI2LTExLTIyVDA5OjAwOjAwIiwiQiJd"]
)
def test_a_forged_cursor_is_a_wrong_field(api: Api, cursor: str) -> None:
    for caller, path in (
        (api.owner(), "/owner/work-orders"),
        (api.owner(), "/owner/messages"),
        (api.staff("clerk"), "/staff/work-orders"),
        (api.staff("clerk"), "/staff/tasks"),
    ):
        body = refused(caller.get(path, cursor=cursor), 422, "validation_failed")
        assert body["errors"][0]["field"] == "cursor"
    refused(api.owner().get("/owner/work-orders", limit=101), 422, "validation_failed")


@pytest.mark.parametrize(
    ("account", "path", "field", "word"),
    [
        ("", "/owner/work-orders", "kind", "dispatch"),
        ("clerk", "/staff/work-orders", "kind", "repairs"),
        ("clerk", "/staff/work-orders", "stage", "open"),
        ("clerk", "/staff/tasks", "kind", "dispatch"),
        ("clerk", "/staff/work-orders.csv", "stage", "done"),
    ],
)
def test_a_filter_that_is_none_is_not_an_empty_list(api: Api, account: str, path: str, field: str, word: str) -> None:
    caller = api.staff(account) if account else api.owner()
    assert refused(caller.get(path, **{field: word}), 422, "validation_failed")["errors"][0]["field"] == field


def test_without_a_home_there_is_no_list(api: Api) -> None:
    for path in ("work-orders", "public-works", "board"):
        refused(api.owner("unbound").get(f"/owner/{path}"), 403, "not_bound")


def test_assignable_says_why(api: Api) -> None:
    number = api.owner().report()["number"]
    items = api.staff("dispatcher").read("/staff/assignable", task=f"{number}.1")["items"]
    accounts = [item["account"] for item in items]
    assert {"tech1", "tech2", "all-rounder"} == set(accounts)
    assert [item["open_tasks"] for item in items] == sorted(item["open_tasks"] for item in items)
    assert all("在岗" in item["why"] and "技能对口" in item["why"] for item in items)
    refused(api.staff("b-dispatcher").get("/staff/assignable", task=f"{number}.1"), 404, "not_found")


def test_an_order_answers_its_reader_and_says_what_urging_did(api: Api) -> None:
    owner, dispatcher = api.owner(), api.staff("dispatcher")
    number = owner.report()["number"]
    assert owner.order(number)["bulletin"]["urged"] is None
    urged = owner.act(f"/owner/work-orders/{number}/urge")["bulletin"]["urged"]
    # `dispatcher` and `all-rounder` may dispatch here; whoever serves no or another community is not told.
    assert urged == "已催 1 次，已提醒 2 人，已排到同级工单前面"
    assert dispatcher.complete(number, "assigned", staff="tech1").status_code == 200
    own, theirs = owner.order(number)["bulletin"], dispatcher.order(number)["bulletin"]
    assert (own["who"], own["next"], own["waiting_for"]) == ("张师傅", "张师傅接单", "等张师傅接单")
    assert theirs["who"] == "张tech1"
    assert own["by"] == theirs["by"] == owner.order(number)["next_deadline"]["due_at"]
