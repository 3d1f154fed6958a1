"""A repair that costs something, all the way round on the whole real stack: agreed, mended, paid, counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.world import World

pytestmark = pytest.mark.stack

LINES = [{"item": "角阀", "quantity": 2, "price": 4550}, {"item": "人工", "quantity": 1, "price": 6000}]
TOTAL = 15_100
DEAR = [{"item": "更换主管", "quantity": 1, "price": 50_001}]


def test_from_the_wish_for_a_time_to_the_days_takings(world: World) -> None:
    owner, dispatcher, tech = world.owner("demo-owner-3"), world.staff("dispatcher"), world.staff("tech2")
    number = owner.report()["number"]
    dispatcher.complete(number, "assigned", staff="tech2")
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=26)
    visit = {"from": start.isoformat(), "to": (start + timedelta(hours=2)).isoformat()}
    proposed = tech.complete(number, "accepted", appointment=visit)
    assert proposed["appointment_status"] == "proposed"
    assert owner.complete(number, "agreed")["appointment_status"] == "agreed"
    tech.complete(number, "arrived")

    quoted = tech.complete(number, "needs_quote", lines=LINES, note="阀芯锈死")
    assert (quoted["stage"], quoted["quote"]["total"], quoted["quote"]["status"]) == ("quoting", TOTAL, "open")
    asked = owner.order(number)
    assert [line["amount"] for line in asked["quote"]["lines"]] == [9_100, 6_000]
    assert owner.complete(number, "approved")["quote"]["status"] == "approved"
    tech.complete(number, "finished", report="更换角阀，已试水")
    closed = owner.complete(number, "fixed", rating={"result": 5, "speed": 5, "manner": 5})
    assert (closed["stage"], closed["settlement"]["due"]) == ("closed", TOTAL)

    cashier, finance = world.staff("cashier"), world.staff("finance")
    waiting = [claim["number"] for claim in finance.read("/staff/settlements")["outstanding"]]
    assert number in waiting
    paid = cashier.complete(number, "received", amount=TOTAL, method="cash", receipt_no="SJ-9001")
    assert (paid["settlement"]["received"], paid["settlement"]["due"]) == (TOTAL, 0)
    assert "settle" not in [task["kind"] for task in paid["tasks"]], "it may be one of those that are called back"
    takings = finance.read("/staff/settlements")
    (claim,) = [claim for claim in takings["items"] if claim["number"] == number]
    assert (claim["amount"], claim["method"], claim["receipt_no"], claim["by"]) == (TOTAL, "cash", "SJ-9001", "cashier")
    assert sum(total["amount"] for total in takings["totals"]) == takings["received"] >= TOTAL
    refused = tech.get("/staff/settlements")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_above_the_limit_the_landlord_is_asked_and_not_the_tenant(world: World) -> None:
    tenant, dispatcher, tech = world.owner("demo-tenant-1"), world.staff("dispatcher"), world.staff("tech2")
    number = tenant.report()["number"]
    dispatcher.complete(number, "assigned", staff="tech2")
    tech.complete(number, "accepted")
    tech.complete(number, "arrived")
    asked = tech.complete(number, "needs_quote", lines=DEAR)
    (task,) = [task for task in asked["tasks"] if task["kind"] == "approve_quote"]
    assert task["holder"] not in (None, tenant.me["id"])
    assert tenant.task_with(number, "approved") is None
    again = tech.get(f"/staff/work-orders/{number}").json()
    assert again["bulletin"]["who"] == "业主"
