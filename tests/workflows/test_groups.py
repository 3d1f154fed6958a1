"""合并: an order that follows another sleeps, says nothing, and goes on when it is woken or taken out."""

from __future__ import annotations

import pytest

from models.domain.clocks import ClockName
from models.domain.following import Fate, Joined
from models.domain.people import SYSTEM, Actor
from tests.workflows.desk import CLERK, DISPATCHER, LEAD, NEIGHBOUR, OWNER, TECH, TECH2, Desk
from tests.workflows.test_appointments import proposed, window
from workflows import options

PRIMARY = "BX20261122-99999"
STARS = {"result": 4, "speed": 5, "manner": 5}


async def merged(desk: Desk, stage: str = "submitted", by: Actor = DISPATCHER) -> None:
    await desk.at(stage)
    await desk.send(by, "merge", primary=PRIMARY)


async def come_to(desk: Desk, came_to: str, **more: str) -> None:
    desk.shelf.fate = Fate.model_validate({"came_to": came_to, **more})
    await desk.send(SYSTEM, "wake")


async def test_a_merged_order_never_escalates_and_costs_nothing(desk: Desk) -> None:
    """Merged order still escalates (zammad #904)."""
    await merged(desk, "accepted")
    assert [notice.to_id for notice in desk.shelf.notices("merged_away")] == [TECH.id]
    assert [notice.to_id for notice in desk.shelf.notices("merged")] == [OWNER.id]
    length, published = await desk.history_length(), len(desk.shelf.batches)
    await desk.sleep(days=30)
    assert await desk.history_length() == length, "no timer, no workflow task"
    assert len(desk.shelf.batches) == published
    assert {"warned", "breached"} & set(desk.shelf.kinds) == set()
    state = await desk.state()
    assert (state.stage, state.tasks, state.running_clock) == ("accepted", {}, None)


async def test_dispatching_can_be_merging(desk: Desk) -> None:
    await desk.file()
    receipt = await desk.complete(DISPATCHER, "merged", primary=PRIMARY)
    assert receipt.stage == "submitted"
    state = await desk.state()
    assert state.following is not None
    assert (state.following.primary, state.following.by) == (PRIMARY, DISPATCHER.id)
    assert desk.shelf.state == state
    assert desk.shelf.outcomes() == ["merged"]


async def test_the_database_is_asked_within_the_scope_of_whoever_merges(desk: Desk) -> None:
    await merged(desk, by=CLERK)
    (asked,) = desk.shelf.asked_to_join
    assert (asked.primary, asked.communities, asked.by) == (PRIMARY, CLERK.communities, CLERK.id)
    await desk.file()
    await desk.send(SYSTEM, "merge", incident="inc_1")
    (asked,) = desk.shelf.asked_to_join
    assert (asked.incident, asked.communities, asked.by) == ("inc_1", ("*",), SYSTEM.id)


async def test_who_refuses_a_merge(desk: Desk) -> None:
    await desk.at("accepted")
    for who in (OWNER, TECH):
        await desk.refused(who, "merge", "merge_role", primary=PRIMARY)
    await desk.refused(NEIGHBOUR, "merge", "order_not_found", primary=PRIMARY)
    await desk.refused(CLERK, "merge", "merge_with_itself", primary=desk.number)
    await desk.refused(CLERK, "unmerge", "follows_nothing", reason="不是同一故障")
    await desk.refused(CLERK, "wake", "forbidden")
    await desk.refused(CLERK, "merge", "validation_failed")
    desk.shelf.joined = Joined(refused="illegal_transition", facts={"reason": "primary_over"})
    await desk.refused(CLERK, "merge", "primary_over", primary=PRIMARY)
    assert desk.shelf.state.following is None
    desk.shelf.joined = Joined()
    await desk.send(CLERK, "merge", primary=PRIMARY)
    await desk.refused(CLERK, "merge", "follows_already", primary=PRIMARY)


@pytest.mark.parametrize("stage", ["on_hold", "finished"])
async def test_what_waits_for_somebody_else_is_not_merged(desk: Desk, stage: str) -> None:
    await desk.at(stage)
    why = "on_hold" if stage == "on_hold" else "cannot_merge_here"
    await desk.refused(LEAD, "merge", why, primary=PRIMARY)


async def test_taken_out_it_goes_on_where_it_was_and_the_wait_does_not_count(desk: Desk) -> None:
    await merged(desk, "accepted")
    before = (await desk.state()).clocks[ClockName.ARRIVE].due_at
    await desk.sleep(hours=10)
    await desk.send(CLERK, "unmerge", reason="不是同一故障")
    state = await desk.state()
    (task,) = state.tasks.values()
    assert (state.stage, task.kind, task.holder) == ("accepted", "carry_out", TECH.id)
    assert state.clocks[ClockName.ARRIVE].due_at > before
    assert desk.shelf.state == state, "whoever took it out reads it open again"
    await desk.walk_to("closed")


async def test_a_proposed_visit_is_off_once_the_order_follows_another(desk: Desk) -> None:
    """Nobody comes for it alone, so nobody is asked whether that suits, nor reminded, nor taken to have agreed."""
    visit = await proposed(desk)
    asked = await desk.task_of("agree_appointment")
    await desk.send(DISPATCHER, "merge", primary=PRIMARY)
    state = await desk.state()
    assert (state.stage, state.tasks, state.running_clock) == ("accepted", {}, None)
    assert desk.shelf.outcomes()[-2:] == ["merged", "merged"]
    await desk.refused(OWNER, "complete", "task_not_open", task_id=asked, outcome="agreed")
    await desk.sleep(days=2)
    assert {"expired", "reminder"} & set(desk.shelf.kinds) == set()
    await desk.send(CLERK, "unmerge", reason="不是同一故障")
    state = await desk.state()
    assert [task.kind for task in state.tasks.values()] == ["carry_out"]
    assert (state.clocks[ClockName.ARRIVE].running, state.appointment_agreed) == (True, False)
    visit = await window(desk, days=2)
    await desk.complete(TECH, "proposed", appointment=visit)
    await desk.complete(OWNER, "agreed")
    assert (await desk.state()).appointment_agreed


async def test_while_somebody_is_asked_to_pay_an_order_is_not_merged(desk: Desk) -> None:
    """The quote stands: whoever agrees to it is still heard. As a primary the order may be followed meanwhile."""
    await desk.at("quoting")
    await desk.refused(DISPATCHER, "merge", "cannot_merge_here", primary=PRIMARY)
    assert "merge" not in await desk.buttons(DISPATCHER)
    await desk.complete(OWNER, "approved")
    await desk.send(DISPATCHER, "merge", primary=PRIMARY)
    await desk.send(DISPATCHER, "unmerge", reason="不是同一故障")
    state = await desk.state()
    assert state.quote is not None
    assert (state.stage, state.quote.status, await desk.task_of("carry_out")) == (
        *("in_progress", "approved"),
        f"{desk.number}.{state.opened}",
    )


async def test_done_with_its_primary_each_reporter_confirms_and_rates(desk: Desk) -> None:
    await merged(desk)
    await come_to(desk, "finished", worker=TECH2.id)
    assert [notice.to_id for notice in desk.shelf.notices("finished")] == [OWNER.id]
    await desk.complete(OWNER, "fixed", rating=STARS)
    state = await desk.state()
    assert (state.stage, state.assignee) == ("closed", TECH2.id)
    assert state.rating is not None


async def test_not_fixed_sends_the_same_technician_to_this_one_alone(desk: Desk) -> None:
    await merged(desk)
    await come_to(desk, "finished", worker=TECH2.id)
    await desk.complete(OWNER, "not_fixed", reason="我家还是没水")
    (task,) = (await desk.state()).tasks.values()
    state = await desk.state()
    assert (task.kind, task.holder, state.stage) == ("carry_out", TECH2.id, "in_progress")
    assert [clock.name for clock in state.clocks.values() if clock.running] == ["finish"], "the group kept the others"


async def test_woken_twice_it_wakes_once(desk: Desk) -> None:
    await merged(desk)
    await come_to(desk, "stays")
    assert (await desk.state()).following is not None
    await come_to(desk, "finished", worker=TECH2.id)
    await come_to(desk, "finished", worker=TECH2.id)
    assert desk.shelf.stages.count("finished") == 1


async def test_promoted_it_is_worked_on_again_and_a_follower_turns_to_it(desk: Desk) -> None:
    await merged(desk)
    await come_to(desk, "followed_on", primary="BX20261122-88888")
    following = (await desk.state()).following
    assert following is not None
    assert following.primary == "BX20261122-88888"
    await come_to(desk, "promoted")
    state = await desk.state()
    assert (state.following, [task.kind for task in state.tasks.values()]) == (None, ["dispatch"])
    await desk.walk_to("closed")


async def test_its_reporter_may_still_withdraw_and_speak(desk: Desk) -> None:
    await merged(desk)
    await desk.send(OWNER, "comment", text="有进展吗")
    await desk.send(OWNER, "urge")
    await desk.send(OWNER, "cancel")
    assert await desk.handle.result() == "cancelled"
    assert desk.shelf.state.following is None


async def test_a_following_order_continues_as_new_and_still_follows(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "RENEW_AFTER_UPDATES", 1)
    await merged(desk)
    await desk.send(OWNER, "comment", text="有进展吗")
    await come_to(desk, "free")
    assert await desk.stage() == "submitted"
    assert len((await desk.state()).tasks) == 1


async def test_a_report_of_an_incident_is_born_following_it_and_is_asked_about_when_it_is_over(desk: Desk) -> None:
    await desk.file(incident="inc_1")
    await desk.sleep(days=2)
    assert desk.shelf.batches == [], "nothing has happened to it"
    await come_to(desk, "finished")
    state = await desk.state()
    assert (state.stage, [task.kind for task in state.tasks.values()]) == ("finished", ["confirm"])


async def test_woken_before_it_has_begun_to_wait(desk: Desk) -> None:
    """Temporal was away: the wake-up comes with the start."""
    await desk.file_with(SYSTEM, "wake", incident="inc_1")
    await come_to(desk, "free")
    assert [task.kind for task in (await desk.state()).tasks.values()] == ["dispatch"]


@pytest.mark.parametrize("first", ["finished", "free", "comment", "unmerge", "cancel"])
async def test_a_command_to_a_worker_that_has_never_met_it_replays(forgetful_desk: Desk, first: str) -> None:
    """Its first task leaves nothing in history, so to a cold worker start and command come together: whichever is heard
    first, the same must follow.
    """
    desk = forgetful_desk
    await desk.file(incident="inc_1")
    assert await desk.stage() == "submitted"
    match first:
        case "comment":
            await desk.send(OWNER, "comment", text="什么时候来电？")
            await come_to(desk, "finished")
        case "unmerge":
            await desk.send(CLERK, "unmerge", reason="不是同一故障")
        case "cancel":
            await desk.send(OWNER, "cancel")
        case _:
            await come_to(desk, first)
    if first != "cancel":
        await desk.walk_to("closed")
        await desk.send(OWNER, "rate", **STARS)
    assert await desk.handle.result() == ("cancelled" if first == "cancel" else "closed")
