"""What a repair may cost: who is asked, who is told, what silence means, and what becomes of the money."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.domain.clocks import ClockName
from models.domain.people import Role
from models.domain.quotes import OWNER_ABOVE, Parties
from tests.workflows.desk import (
    BY_STAFF,
    CLERK,
    GARAGE,
    GUEST,
    LEAD,
    NEIGHBOUR,
    OWNER,
    TECH,
    TECH2,
    Desk,
    staff,
)

CASHIER = staff("cashier", Role.CASHIER)
VALVES = [{"item": "角阀", "quantity": 2, "price": 4500}, {"item": "人工", "quantity": 1, "price": 6000}]
TOTAL = 15_000
PAID = {"method": "cash", "receipt_no": "SJ-0017"}
SIGNED = {"channel": "paper", "note": "业主在前台签字", "photo_ids": ["pho_sheet"]}


async def quoted(desk: Desk, price: int | None = None, **filing: object) -> None:
    await desk.at("in_progress", **filing)
    lines = VALVES if price is None else [{"item": "换管", "quantity": 1, "price": price}]
    await desk.complete(TECH, "needs_quote", lines=lines)


async def test_a_quote_stops_the_clocks_until_the_reporter_agrees(desk: Desk) -> None:
    await quoted(desk)
    state = await desk.state()
    assert (state.stage, state.quote.total if state.quote else 0) == ("quoting", TOTAL)
    assert state.running_clock is None
    promised = state.clocks[ClockName.FINISH].due_at
    (asked,) = desk.shelf.notices("quoted")
    assert (asked.to_id, asked.template, asked.facts["total"]) == (OWNER.id, "your_turn", TOTAL)
    await desk.refused(OWNER, "urge", "nothing_to_urge")
    await desk.cannot_complete(NEIGHBOUR, "approved", "order_not_found")
    await desk.cannot_complete(TECH, "approved", "task_held_by_other")
    await desk.sleep(hours=30)
    await desk.complete(OWNER, "approved")
    state = await desk.state()
    assert state.stage == "in_progress"
    assert state.quote is not None
    assert (state.quote.status, state.quote.answered_by) == ("approved", OWNER.id)
    assert state.clocks[ClockName.FINISH].due_at >= promised + timedelta(hours=30)
    assert [notice.to_id for notice in desk.shelf.notices("quote_answered")] == [TECH.id]
    assert [event.kind for event in desk.shelf.events if event.kind in ("warned", "breached")] == []


async def test_above_the_limit_the_owner_is_asked_and_the_reporter_told(desk: Desk) -> None:
    await desk.at("in_progress")
    desk.shelf.parties = Parties(owner="res_landlord")
    dear = [{"item": "换管", "quantity": 1, "price": OWNER_ABOVE + 1}]
    await desk.complete(TECH, "needs_quote", lines=dear)
    assert [notice.to_id for notice in desk.shelf.notices("quoted")] == ["res_landlord"]
    assert [notice.to_id for notice in desk.shelf.notices("quote_made")] == [OWNER.id]
    await desk.cannot_complete(OWNER, "approved", "task_held_by_other")
    landlord = OWNER.model_copy(update={"id": "res_landlord"})
    await desk.complete(landlord, "approved")
    answered = {notice.to_id for notice in desk.shelf.notices("quote_answered")}
    assert answered == {TECH.id, OWNER.id}


async def test_the_owner_is_told_also_of_what_the_reporter_may_agree_to(desk: Desk) -> None:
    await desk.at("in_progress")
    desk.shelf.parties = Parties(owner="res_landlord")
    await desk.complete(TECH, "needs_quote", lines=VALVES)
    assert [notice.to_id for notice in desk.shelf.notices("quoted")] == [OWNER.id]
    assert [notice.to_id for notice in desk.shelf.notices("quote_made")] == ["res_landlord"]


async def test_declined_the_work_is_called_off_or_only_made_safe(desk: Desk) -> None:
    await quoted(desk)
    await desk.cannot_complete(OWNER, "declined", "validation_failed")
    await desk.complete(OWNER, "declined", reason="太贵了")
    await desk.cannot_complete(TECH, "finished", "temporary_only", report="换了角阀")
    await desk.complete(TECH, "cancelled")
    assert await desk.handle.result() == "cancelled"
    assert desk.shelf.state.quote is not None
    assert desk.shelf.state.quote.status == "declined"
    assert desk.shelf.notices("order_cancelled") == [], "the technician knows what they did"
    assert [notice.to_id for notice in desk.shelf.notices("cancelled")] == [OWNER.id]


async def test_a_makeshift_ends_work_that_nobody_pays_for(desk: Desk) -> None:
    await quoted(desk)
    await desk.complete(OWNER, "declined", reason="太贵了")
    assert (await desk.complete(TECH, "finished", report="关了阀门", temporary=True)).stage == "finished"
    assert (await desk.state()).task_of("settle") is None


async def test_work_is_called_off_only_over_a_declined_quote(desk: Desk) -> None:
    await desk.at("in_progress")
    await desk.cannot_complete(TECH, "cancelled", "no_declined_quote")


async def test_a_new_quote_replaces_the_old(desk: Desk) -> None:
    await quoted(desk)
    await desk.complete(OWNER, "declined", reason="太贵了")
    await desk.complete(TECH, "needs_quote", lines=VALVES[:1])
    state = await desk.state()
    assert state.quote is not None
    assert (state.quote.status, state.quote.total) == ("open", 9_000)
    await desk.complete(OWNER, "approved")
    await desk.walk_to("finished")
    assert (await desk.state()).task_of("settle") is not None


async def test_silence_is_reminded_of_twice_and_declines_after_a_week(desk: Desk) -> None:
    await quoted(desk)
    task = await desk.task()
    opened = (await desk.state()).tasks[task].opened_at
    reminders = [notice for notice in desk.shelf.notices("reminder") if notice.while_task == task]
    assert [notice.not_before for notice in reminders] == [opened + timedelta(hours=hours) for hours in (24, 48)]
    assert {notice.template for notice in reminders} == {"your_turn"}
    await desk.sleep(days=6, hours=23)
    assert await desk.stage() == "quoting"
    await desk.sleep(hours=1, seconds=1)
    state = await desk.state()
    assert state.stage == "in_progress"
    assert state.quote is not None
    assert (state.quote.status, state.quote.answered_by) == ("declined", None)
    assert [notice.to_id for notice in desk.shelf.notices("quote_answered")] == [TECH.id, OWNER.id]


async def test_on_behalf_needs_the_signed_sheet_and_never_comes_from_whoever_set_the_money(desk: Desk) -> None:
    worker = staff("working_clerk", Role.TECHNICIAN, Role.CLERK)
    await desk.at("in_progress", reporter=GUEST)
    await desk.on_task(LEAD, "reassign", staff=worker.id, reason="另有急事")
    await desk.complete(worker, "accepted")
    await desk.complete(worker, "arrived")
    await desk.complete(worker, "needs_quote", lines=VALVES)
    task = await desk.task()
    (asked,) = (await desk.state()).tasks.values()
    assert (asked.holder, asked.also_seen_by) == (None, (Role.CLERK,))
    answer = {"task_id": task, "outcome": "approved"}
    phoned = {"channel": "phone", "note": "业主来电", "photo_ids": []}
    await desk.refused(CLERK, "complete", "signed_sheet_needed", **answer, on_behalf=phoned)
    await desk.refused(worker, "complete", "four_eyes", **answer, on_behalf=SIGNED)
    assert (await desk.complete(CLERK, "approved", on_behalf=SIGNED)).stage == "in_progress"


@pytest.mark.parametrize("filing", [{"place": GARAGE}, {"reporter": BY_STAFF}], ids=["public", "found by staff"])
async def test_what_nobody_pays_for_has_no_quote(desk: Desk, filing: dict[str, object]) -> None:
    await desk.file(**filing)  # type: ignore[arg-type]
    await desk.walk_to("in_progress")
    await desk.cannot_complete(TECH, "needs_quote", "nothing_to_quote", lines=VALVES)


async def test_closing_does_not_wait_for_the_money(desk: Desk) -> None:
    await quoted(desk)
    await desk.complete(OWNER, "approved")
    await desk.walk_to("finished")
    await desk.complete(OWNER, "fixed", rating={"result": 5, "speed": 5, "manner": 5})
    state = await desk.state()
    assert (state.stage, state.open) == ("closed", False)
    assert [task.kind for task in state.tasks.values()] == ["settle"]
    await desk.cannot_complete(CASHIER, "received", "more_than_approved", amount=TOTAL + 1, **PAID)
    await desk.cannot_complete(TECH2, "received", "not_a_candidate", amount=TOTAL, **PAID)
    await desk.complete(CASHIER, "received", amount=TOTAL - 1_000, **PAID)
    assert await desk.handle.result() == "closed"
    assert desk.shelf.state.settlement.received == TOTAL - 1_000
    assert [notice.to_id for notice in desk.shelf.notices("paid")] == [OWNER.id]


async def test_the_technician_may_take_the_money_and_only_another_lead_waives_it(desk: Desk) -> None:
    await quoted(desk)
    await desk.complete(OWNER, "approved")
    await desk.walk_to("finished")
    await desk.cannot_complete(CASHIER, "waived", "outcome_role", reason="老住户")
    both = TECH.model_copy(update={"roles": (Role.TECHNICIAN, Role.LEAD)})
    await desk.cannot_complete(both, "waived", "four_eyes", reason="老住户")
    await desk.complete(TECH, "received", amount=TOTAL, **PAID)
    state = await desk.state()
    assert (state.stage, [task.kind for task in state.tasks.values()]) == ("finished", ["confirm"])
    await desk.complete(OWNER, "not_fixed", reason="还在漏水")
    await desk.walk_to("finished")
    assert (await desk.state()).task_of("settle") is None, "it has been paid"


async def test_a_waived_claim_is_over_and_one_not_mended_waits(desk: Desk) -> None:
    await quoted(desk)
    await desk.complete(OWNER, "approved")
    await desk.walk_to("finished")
    await desk.complete(OWNER, "not_fixed", reason="还在漏水")
    assert (await desk.state()).task_of("settle") is None, "nobody is asked to pay for what is not mended"
    await desk.walk_to("finished")
    await desk.complete(LEAD, "waived", reason="返修，免收")
    await desk.complete(OWNER, "fixed", rating={"result": 3, "speed": 3, "manner": 3})
    assert await desk.handle.result() == "closed"
    assert desk.shelf.state.settlement.settled == TOTAL


async def test_what_is_not_paid_in_a_quarter_is_for_the_books(desk: Desk) -> None:
    await quoted(desk)
    await desk.complete(OWNER, "approved")
    await desk.walk_to("closed")
    await desk.sleep(days=16)
    state = await desk.state()
    assert [task.kind for task in state.tasks.values()] == ["settle"], "stars are no longer asked for"
    await desk.env.sleep(timedelta(days=75))
    assert await desk.handle.result() == "closed"
    assert [(notice.to, notice.to_id) for notice in desk.shelf.notices("unsettled")] == [("role", Role.FINANCE)]
