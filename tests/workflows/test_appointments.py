"""When somebody comes: wished for, proposed, agreed on, moved; the promise to arrive follows what both have agreed."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from models.domain.clocks import ClockName
from models.domain.numbers import CHINA
from tests.workflows.desk import GUEST, OWNER, TECH, Desk


async def window(desk: Desk, days: int = 1, hour: int = 10, hours: int = 2) -> dict[str, str]:
    day = (await desk.now()).astimezone(CHINA).date() + timedelta(days=days)
    start = datetime.combine(day, time(hour), CHINA)
    return {"from": start.isoformat(), "to": (start + timedelta(hours=hours)).isoformat()}


async def proposed(desk: Desk, **filing: Any) -> dict[str, str]:
    await desk.at("dispatched", **filing)
    visit = await window(desk)
    await desk.complete(TECH, "accepted", appointment=visit)
    return visit


async def test_a_proposal_asks_the_reporter_and_the_promise_to_arrive_waits(desk: Desk) -> None:
    visit = await proposed(desk)
    state = await desk.state()
    assert (state.stage, state.appointment_agreed) == ("accepted", False)
    assert [task.kind for task in state.tasks.values()] == ["agree_appointment", "carry_out"]
    assert not state.clocks[ClockName.ARRIVE].running
    assert state.clocks[ClockName.FINISH].running
    (asked,) = desk.shelf.notices("visit_proposed")
    assert (asked.to_id, asked.template, asked.facts["visit"]) == (OWNER.id, "your_turn", visit)
    await desk.cannot_complete(TECH, "agreed", "task_held_by_other")
    await desk.complete(OWNER, "agreed")
    state = await desk.state()
    assert state.appointment_agreed
    assert state.clocks[ClockName.ARRIVE].due_at == datetime.fromisoformat(visit["to"])
    assert state.clocks[ClockName.ARRIVE].running
    assert [notice.to_id for notice in desk.shelf.notices("visit_agreed")] == [TECH.id]


async def test_an_agreed_visit_reminds_both_on_the_day(desk: Desk) -> None:
    visit = await proposed(desk)
    await desk.complete(OWNER, "agreed")
    start = datetime.fromisoformat(visit["from"])
    (today,), (soon,) = desk.shelf.notices("visit_today"), desk.shelf.notices("appointment_soon")
    assert (today.to_id, today.not_before) == (OWNER.id, start.replace(hour=8))
    assert (soon.to_id, soon.not_before) == (TECH.id, start - timedelta(hours=1))
    assert {today.while_task, soon.while_task} == {await desk.task_of("carry_out")}
    assert today.facts["visit"] == soon.facts["visit"] == visit


async def test_another_time_is_the_reporters_wish_and_proposing_it_needs_no_more_words(desk: Desk) -> None:
    await proposed(desk)
    wish = await window(desk, days=2, hour=14, hours=4)
    await desk.complete(OWNER, "other_time", appointment=wish)
    state = await desk.state()
    assert state.appointment is not None
    assert (state.appointment_agreed, state.proposed) == (False, None)
    assert state.clocks[ClockName.ARRIVE].running
    (told,) = desk.shelf.notices("visit_refused")
    assert (told.to_id, told.facts["visit"]) == (TECH.id, wish)
    visit = await window(desk, days=2, hour=15)
    await desk.complete(TECH, "proposed", appointment=visit)
    state = await desk.state()
    assert (state.appointment_agreed, state.proposed) == (True, None)
    assert [task.kind for task in state.tasks.values()] == ["carry_out"]
    assert state.clocks[ClockName.ARRIVE].due_at == datetime.fromisoformat(visit["to"])


async def test_moving_a_visit_changes_its_reminders(desk: Desk) -> None:
    await proposed(desk)
    await desk.complete(OWNER, "agreed")
    first = await desk.task_of("carry_out")
    later = await window(desk, days=3)
    await desk.complete(TECH, "proposed", appointment=later)
    await desk.complete(OWNER, "agreed")
    state = await desk.state()
    assert state.appointment is not None
    assert state.appointment.start == datetime.fromisoformat(later["from"])
    assert await desk.task_of("carry_out") != first, "what was promised beside the first task is taken back with it"
    assert desk.shelf.notices("visit_today")[-1].facts["visit"] == later


async def test_a_second_proposal_takes_the_place_of_the_first(desk: Desk) -> None:
    await proposed(desk)
    first = await desk.task_of("agree_appointment")
    later = await window(desk, days=2)
    await desk.complete(TECH, "proposed", appointment=later)
    assert await desk.task_of("agree_appointment") != first
    await desk.complete(OWNER, "agreed")
    state = await desk.state()
    assert state.appointment is not None
    assert state.appointment.start == datetime.fromisoformat(later["from"])


async def test_silence_gives_the_promise_back_and_tells_the_technician(desk: Desk) -> None:
    await proposed(desk)
    asked = (await desk.state()).tasks[await desk.task_of("agree_appointment")]
    assert asked.gives_up_at is not None
    assert asked.gives_up_at - asked.opened_at <= timedelta(hours=24)
    await desk.sleep(seconds=(asked.gives_up_at - await desk.now()).total_seconds() + 1)
    state = await desk.state()
    assert [task.kind for task in state.tasks.values()] == ["carry_out"]
    assert (state.appointment, state.appointment_agreed) == (None, False)
    assert state.clocks[ClockName.ARRIVE].running
    assert [notice.to_id for notice in desk.shelf.notices("visit_unanswered")] == [TECH.id]
    assert "breached" not in [event.kind for event in desk.shelf.events if event.facts.get("clock") == "arrive"]


async def test_who_has_arrived_asks_no_more(desk: Desk) -> None:
    await proposed(desk)
    await desk.complete(TECH, "arrived")
    state = await desk.state()
    assert [task.kind for task in state.tasks.values()] == ["carry_out"]
    assert "withdrawn" in desk.shelf.outcomes()
    await desk.cannot_complete(TECH, "proposed", "already_arrived", appointment=await window(desk))


async def test_whoever_has_no_account_was_asked_by_telephone(desk: Desk) -> None:
    visit = await proposed(desk, reporter=GUEST)
    state = await desk.state()
    assert state.appointment_agreed
    assert state.clocks[ClockName.ARRIVE].due_at == datetime.fromisoformat(visit["to"])


async def test_the_reporters_answer_ends_a_wait_for_it(desk: Desk) -> None:
    await proposed(desk)
    until = await desk.now() + timedelta(hours=5)
    work = await desk.task_of("carry_out")
    await desk.send(TECH, "hold", task_id=work, reason="appointment", until=until)
    await desk.complete(OWNER, "agreed")
    state = await desk.state()
    assert (state.stage, state.hold) == ("accepted", None)
    assert state.clocks[ClockName.ARRIVE].running
