"""投诉建议 on a real server: every edge, both rounds, the days that the law counts, and whom it is kept from."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from models.domain.complaints import Complaint, Matter, Subject
from models.domain.following import Joined
from models.domain.lifecycles.complaint import COMPLAINT
from models.domain.numbers import PREFIXES
from models.domain.order import OrderState, Reporter
from models.domain.people import SYSTEM, Role
from tests.workflows.desk import CLERK, LEAD, OWNER, TECH, Desk, staff
from tests.workflows.test_groups import come_to

MANAGER = staff("manager", Role.MANAGER)
QUALITY = staff("quality", Role.QUALITY)
CLERK2 = staff("clerk2", Role.CLERK)
ACCUSED = staff("accused", Role.LEAD, Role.CLERK)
UNDERLING = staff("underling", Role.CLERK, Role.LEAD)

ABOUT_COMMUNITY = Complaint(matter=Matter.COMPLAINT, subject=Subject(kind="community"))
ABOUT_LEAD = Complaint(
    matter=Matter.COMPLAINT, subject=Subject(kind="staff", id=ACCUSED.id, role=Role.LEAD), anonymous=True
)


BECAUSE = {"reason": "不归我管"}
PRIMARY = "TS20261122-99999"


async def file(desk: Desk, complaint: Complaint = ABOUT_COMMUNITY, **more: Any) -> OrderState:
    priority = "high" if complaint.matter is Matter.COMPLAINT else "normal"
    return await desk.file(
        kind="complaint", priority=priority, complaint=complaint, first_roles=(complaint.rung,), **more
    )


async def answered(desk: Desk, complaint: Complaint = ABOUT_COMMUNITY) -> None:
    await file(desk, complaint)
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    await desk.complete(CLERK, "replied", text="已联系保洁公司")
    await desk.complete(CLERK, "answered", text="已更换保洁人员，每日两次清扫")


async def test_from_submitted_to_called_back(desk: Desk) -> None:
    await answered(desk)
    assert desk.shelf.stages == ["assigned", "handling", "answered"]
    await desk.cannot_complete(CLERK, "satisfied", "task_held_by_other")
    await desk.complete(OWNER, "satisfied")
    state = await desk.state()
    assert (state.stage, [task.kind for task in state.tasks.values()]) == ("closed", ["call_back"])
    await desk.cannot_complete(CLERK, "content", "four_eyes", note="业主表示满意")
    await desk.complete(CLERK2, "discontent", note="业主说又脏了")
    assert [notice.to_id for notice in desk.shelf.notices("call_went_badly")] == [Role.MANAGER]
    await desk.handle.result()
    assert desk.shelf.ended


async def test_a_dispute_climbs_one_rung_and_its_answer_is_final(desk: Desk) -> None:
    await answered(desk)
    await desk.complete(OWNER, "dissatisfied", reason="还是很脏")
    state = await desk.state()
    (task,) = state.tasks.values()
    assert (state.stage, task.roles, task.holder) == ("disputed", (Role.MANAGER,), None)
    assert state.clocks["answer"].running
    await desk.cannot_complete(MANAGER, "handed_back", "answer_it_here", reason="不归我管")
    await desk.cannot_complete(LEAD, "answered", "not_a_candidate", text="答复两次")
    await desk.complete(MANAGER, "answered", text="已更换保洁公司")
    assert (await desk.state()).stage == "closed"
    assert desk.shelf.stages[-3:] == ["disputed", "answered", "closed"]
    assert (len(desk.shelf.notices("answered")), len(desk.shelf.notices("answered_finally"))) == (1, 1)
    await desk.cannot_complete(CLERK, "content", "four_eyes", note="第一轮是我办的")
    await desk.complete(CLERK2, "content", note="业主满意")


async def test_who_has_replied_does_not_call_back_but_who_handed_back_may(desk: Desk) -> None:
    await file(desk)
    await desk.complete(LEAD, "assigned", staff=CLERK2.id)
    await desk.complete(CLERK2, "handed_back", **BECAUSE)
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    await desk.complete(CLERK, "replied", text="正在核实")
    await desk.send(LEAD, "reassign", task_id=await desk.task(), staff=MANAGER.id, reason="换人")
    await desk.complete(MANAGER, "answered", text="已整改")
    await desk.complete(OWNER, "satisfied")
    await desk.cannot_complete(CLERK, "content", "four_eyes", note="业主满意")
    await desk.complete(CLERK2, "content", note="业主满意")


async def test_silence_after_the_answer_closes_it(desk: Desk) -> None:
    await answered(desk)
    assert not (await desk.state()).clocks["answer"].running
    await desk.sleep(days=6, hours=23)
    assert desk.shelf.state.stage == "answered"
    await desk.sleep(hours=1, seconds=1)
    assert desk.shelf.state.stage == "closed"
    await desk.sleep(days=15, seconds=1)
    assert desk.shelf.outcomes()[-1] == "expired"
    assert desk.shelf.ended


async def test_refusing_to_take_it_up_may_be_objected_to_once(desk: Desk) -> None:
    await file(desk)
    await desk.complete(LEAD, "rejected", reason="不属于物业职责")
    await desk.complete(OWNER, "objected", reason="合同第三条写明由物业负责")
    state = await desk.state()
    (task,) = state.tasks.values()
    assert (state.stage, task.roles) == ("submitted", (Role.MANAGER,))
    await desk.complete(MANAGER, "rejected", reason="合同已变更")
    assert (await desk.state()).stage == "rejected"
    await desk.handle.result()


async def test_a_refusal_that_nobody_objects_to_stands_after_a_week(desk: Desk) -> None:
    await file(desk)
    await desk.complete(LEAD, "rejected", reason="不属于物业职责")
    await desk.sleep(days=7, seconds=1)
    assert desk.shelf.state.stage == "rejected"


async def test_its_maker_may_withdraw_it_until_it_is_answered(desk: Desk) -> None:
    await file(desk)
    await desk.refused(LEAD, "cancel", "cancel_role", reason="重复")
    await desk.send(OWNER, "cancel")
    assert (await desk.state()).stage == "cancelled"
    await answered(desk)
    await desk.refused(OWNER, "cancel", "too_late_to_cancel")


async def test_handing_back_and_passing_on(desk: Desk) -> None:
    await file(desk)
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    await desk.complete(CLERK, "handed_back", reason="请环境部办理")
    assert (await desk.state()).stage == "submitted"
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    await desk.on_task(LEAD, "reassign", staff=CLERK2.id, reason="请客服二组办理")
    assert (await desk.state()).assignee == CLERK2.id
    await desk.complete(CLERK2, "answered", text="已处理完毕")
    assert (await desk.state()).stage == "answered"


async def test_it_waits_and_wakes(desk: Desk) -> None:
    await file(desk)
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    await desk.hold(CLERK, reason="third_party")
    assert (await desk.state()).stage == "on_hold"
    await desk.sleep(hours=2, seconds=1)
    assert desk.shelf.state.stage == "assigned"


async def test_the_days_that_the_law_counts(desk: Desk) -> None:
    """First reply in a day; from the eighth day an alarm a day; on the tenth the manager has it, and nothing closes."""
    await file(desk)
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    await desk.sleep(hours=23)
    assert "breached" not in desk.shelf.kinds
    await desk.sleep(hours=1, seconds=1)
    assert [event.facts["clock"] for event in desk.shelf.events if event.kind == "breached"] == ["reply"]
    await desk.complete(CLERK, "replied", text="正在核实")
    await desk.sleep(days=6)  # Seven days and a second have gone by.
    assert [event.facts["clock"] for event in desk.shelf.events if event.kind == "breached"] == ["reply", "answer"]
    for alarm, before in (("answer_overdue", 0), ("answer_overdue", 1), ("taken_over", 0)):
        await desk.sleep(hours=23)
        assert desk.shelf.kinds.count(alarm) == before
        await desk.sleep(hours=1)
        assert desk.shelf.kinds.count(alarm) == before + 1
    state = desk.shelf.state
    (task,) = state.tasks.values()
    assert (state.stage, state.assignee, task.holder, task.roles) == ("handling", None, None, (Role.MANAGER,))
    assert {notice.to_id for notice in desk.shelf.notices("taken_over")} == {Role.MANAGER, Role.QUALITY}
    await desk.cannot_complete(CLERK, "answered", "not_a_candidate", text="答复")
    await desk.complete(MANAGER, "answered", text="由我负责，已整改")
    await desk.sleep(days=6)
    assert desk.shelf.kinds.count("answer_overdue") == 2


async def test_withdrawn_and_handed_back_from_every_stage_of_the_work(desk: Desk) -> None:
    for replied in (False, True):
        await file(desk)
        await desk.complete(LEAD, "assigned", staff=CLERK.id)
        if replied:
            await desk.complete(CLERK, "replied", text="正在核实")
            await desk.hold(CLERK, reason="third_party")
            await desk.sleep(hours=2, seconds=1)
            assert desk.shelf.state.stage == "handling"
            await desk.complete(CLERK, "handed_back", reason="请环境部办理")
            assert (await desk.state()).stage == "submitted"
            await desk.complete(LEAD, "assigned", staff=CLERK2.id)
            await desk.complete(CLERK2, "replied", text="继续核实")
        await desk.send(OWNER, "cancel")
        assert (await desk.state()).stage == "cancelled"


async def test_passed_on_from_a_hold_it_goes_on(desk: Desk) -> None:
    await file(desk)
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    await desk.complete(CLERK, "replied", text="正在核实")
    await desk.hold(CLERK, reason="third_party")
    await desk.on_task(LEAD, "reassign", staff=CLERK2.id, reason="请客服二组办理")
    state = await desk.state()
    assert (state.stage, state.hold, state.assignee) == ("assigned", None, CLERK2.id)


async def test_from_a_hold_it_is_handed_back_withdrawn_or_called_on(desk: Desk) -> None:
    await file(desk)
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    await desk.hold(CLERK, reason="third_party")
    await desk.complete(CLERK, "handed_back", reason="请环境部办理")
    assert (await desk.state()).stage == "submitted"
    await desk.complete(LEAD, "assigned", staff=CLERK2.id)
    await desk.hold(LEAD, reason="third_party")
    # What it waited for is done, and the system says so.
    await desk.on_task(SYSTEM, "resume")
    assert (await desk.state()).stage == "assigned"
    await desk.hold(LEAD, reason="third_party")
    await desk.send(OWNER, "cancel")
    assert (await desk.state()).stage == "cancelled"


async def test_a_dispute_may_wait_as_well(desk: Desk) -> None:
    await answered(desk)
    await desk.complete(OWNER, "dissatisfied", reason="还是很脏")
    task = await desk.task()
    await desk.on_task(MANAGER, "claim")
    until = await desk.now() + timedelta(hours=2)
    await desk.send(MANAGER, "hold", task_id=task, reason="third_party", until=until.isoformat())
    assert (await desk.state()).stage == "on_hold"
    await desk.refused(MANAGER, "complete", "answer_it_here", task_id=task, outcome="handed_back", form=BECAUSE)
    await desk.sleep(hours=2, seconds=1)
    assert desk.shelf.state.stage == "disputed"


async def test_nobody_answers_by_phone_for_an_anonymous_maker(desk: Desk) -> None:
    hidden = Complaint(matter=Matter.COMPLAINT, subject=Subject(kind="community"), anonymous=True)
    await answered(desk, hidden)
    phoned = {"channel": "phone", "note": "来电表示满意", "photo_ids": []}
    body: dict[str, Any] = {"task_id": await desk.task(), "outcome": "satisfied", "form": {}, "on_behalf": phoned}
    await desk.refused(CLERK2, "complete", "anonymous_answers_in_app", **body)


async def test_what_nobody_has_assigned_in_ten_days_is_the_managers_to_assign(desk: Desk) -> None:
    await file(desk, ago=timedelta(days=9, hours=23))
    await desk.sleep(hours=2)
    await desk.cannot_complete(LEAD, "assigned", "not_a_candidate", staff=CLERK.id)
    await desk.complete(MANAGER, "assigned", staff=CLERK.id)
    assert (await desk.state()).stage == "assigned"


async def test_about_a_superior_the_rung_that_decided_may_call_back(desk: Desk) -> None:
    about = Complaint(matter=Matter.COMPLAINT, subject=Subject(kind="staff", id="stf_m", role=Role.MANAGER))
    await file(desk, about)
    await desk.complete(QUALITY, "assigned", staff=CLERK.id)
    await desk.complete(CLERK, "answered", text="已与当事人谈话")
    await desk.complete(OWNER, "satisfied")
    await desk.cannot_complete(QUALITY, "content", "four_eyes", note="满意")
    await desk.complete(staff("quality2", Role.QUALITY), "content", note="业主满意")


async def test_on_hold_the_days_go_on(desk: Desk) -> None:
    await file(desk, ago=timedelta(days=7, hours=23))
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    await desk.hold(CLERK, reason="third_party", hours=48)
    await desk.sleep(hours=2)
    assert "answer_overdue" in desk.shelf.kinds


async def test_whom_it_is_about_and_their_people_never_meet_it(desk: Desk) -> None:
    await file(desk, ABOUT_LEAD, excluded=(ACCUSED.id, UNDERLING.id))
    (task,) = (await desk.state()).tasks.values()
    assert task.roles == (Role.MANAGER,)
    for who in (ACCUSED, UNDERLING):
        await desk.refused(who, "claim", "order_not_found", task_id=task.id)
        await desk.refused(who, "comment", "order_not_found", text="让我看看")
        assert await desk.buttons(who) == set()
        await desk.cannot_complete(MANAGER, "assigned", "not_assignable", staff=who.id)
    await desk.complete(MANAGER, "assigned", staff=CLERK.id)
    task_id = await desk.task()
    await desk.refused(MANAGER, "reassign", "not_assignable", task_id=task_id, staff=UNDERLING.id, reason="换人")


@pytest.mark.parametrize(
    ("held", "rung", "dispute"),
    [
        (None, Role.LEAD, Role.MANAGER),
        (Role.CLERK, Role.LEAD, Role.MANAGER),
        (Role.LEAD, Role.MANAGER, Role.QUALITY),
        (Role.MANAGER, Role.QUALITY, Role.QUALITY),
        (Role.QUALITY, Role.QUALITY, Role.QUALITY),
    ],
)
def test_who_decides_about_whom(held: Role | None, rung: Role, dispute: Role) -> None:
    complaint = Complaint(matter=Matter.COMPLAINT, subject=Subject(kind="staff", id="stf_x", role=held))
    assert (complaint.rung, complaint.one_higher()) == (rung, dispute)
    assert complaint.above(Role.MANAGER) in (Role.MANAGER, Role.QUALITY)
    assert complaint.above(Role.ADMIN) is Role.ADMIN, "whom an admin has put on the ladder decides nothing"


async def test_a_suggestion_is_pressed_less(desk: Desk) -> None:
    suggestion = Complaint(matter=Matter.SUGGESTION, subject=Subject(kind="community"), call_back=False)
    await file(desk, suggestion)
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    await desk.complete(CLERK, "answered", text="采纳，下月安装")
    await desk.complete(OWNER, "satisfied")
    await desk.handle.result()
    assert desk.shelf.ended


async def test_nobody_answers_for_a_guest_but_a_clerk_who_did_not_handle_it(desk: Desk) -> None:
    await file(desk, reporter=Reporter(kind="guest", filed_by=CLERK.id))
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    await desk.complete(CLERK, "answered", text="已处理")
    phoned = {"channel": "phone", "note": "来电表示满意", "photo_ids": []}
    body: dict[str, Any] = {"task_id": await desk.task(), "outcome": "satisfied", "form": {}, "on_behalf": phoned}
    await desk.refused(CLERK, "complete", "four_eyes", **body)
    await desk.send(CLERK2, "complete", **body)
    assert (await desk.state()).stage == "closed"


async def test_merged_when_it_is_assigned_and_judged_by_its_own_maker(desk: Desk) -> None:
    await file(desk)
    await desk.complete(LEAD, "merged", primary=PRIMARY)
    state = await desk.state()
    assert (state.stage, state.tasks, state.running_clock) == ("submitted", {}, None)
    assert [notice.to_id for notice in desk.shelf.notices("merged")] == [OWNER.id]
    length = await desk.history_length()
    await desk.sleep(days=20)
    assert await desk.history_length() == length, "no alarm of the days that the law counts while it follows"
    await come_to(desk, "finished", worker=CLERK.id)
    assert [notice.to_id for notice in desk.shelf.notices("answered")] == [OWNER.id]
    assert (await desk.state()).stage == "answered"
    await desk.complete(OWNER, "satisfied")
    await desk.cannot_complete(CLERK, "content", "four_eyes", note="满意")
    await desk.complete(CLERK2, "content", note="业主满意")
    await desk.handle.result()


@pytest.mark.parametrize("stage", ["assigned", "handling"])
async def test_merged_in_the_middle_it_climbs_alone_and_keeps_no_old_promise(desk: Desk, stage: str) -> None:
    await file(desk)
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    if stage == "handling":
        await desk.complete(CLERK, "replied", text="正在核实")
    await desk.send(LEAD, "merge", primary=PRIMARY)
    assert [notice.to_id for notice in desk.shelf.notices("merged_away")] == [CLERK.id]
    await come_to(desk, "finished", worker=CLERK2.id)
    await desk.complete(OWNER, "dissatisfied", reason="我反映的不是这个")
    state = await desk.state()
    (task,) = state.tasks.values()
    assert (state.stage, state.following, task.roles) == ("disputed", None, (Role.MANAGER,))
    assert [clock.name for clock in state.clocks.values() if clock.running] == ["answer"]
    await desk.complete(MANAGER, "answered", text="已单独处理")
    assert (await desk.state()).stage == "closed"


async def test_promoted_or_taken_out_it_goes_on_where_it_was(desk: Desk) -> None:
    await file(desk)
    await desk.complete(LEAD, "merged", primary=PRIMARY)
    await come_to(desk, "promoted")
    assert (await desk.task_of("assign"), await desk.stage()) == (f"{desk.number}.2", "submitted")
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    await desk.send(MANAGER, "merge", primary=PRIMARY)
    await desk.send(LEAD, "unmerge", reason="不是同一件事")
    (task,) = (await desk.state()).tasks.values()
    assert (task.kind, task.holder, await desk.stage()) == ("handle", CLERK.id, "assigned")
    await desk.send(LEAD, "merge", primary=PRIMARY)
    await desk.send(OWNER, "cancel")
    assert await desk.handle.result() == "cancelled"


async def test_who_may_merge_it_and_when(desk: Desk) -> None:
    await file(desk, ABOUT_LEAD, excluded=(ACCUSED.id, UNDERLING.id))
    for who in (CLERK, LEAD, TECH, OWNER):
        await desk.refused(who, "merge", "merge_role", primary=PRIMARY)
    await desk.refused(ACCUSED, "merge", "order_not_found", primary=PRIMARY)
    await desk.refused(MANAGER, "merge", "merge_with_itself", primary=desk.number)
    await desk.cannot_complete(MANAGER, "merged", "merge_with_itself", primary=desk.number)
    desk.shelf.joined = Joined(refused="illegal_transition", facts={"reason": "merge_other_exclusion"})
    await desk.cannot_complete(MANAGER, "merged", "merge_other_exclusion", primary=PRIMARY)
    desk.shelf.joined = Joined()
    await desk.complete(MANAGER, "merged", primary=PRIMARY)
    await desk.refused(LEAD, "unmerge", "merge_role", reason="不是同一件事")
    await desk.send(QUALITY, "unmerge", reason="不是同一件事")
    await desk.complete(MANAGER, "rejected", reason="不属于物业职责")
    await desk.refused(MANAGER, "merge", "cannot_merge_here", primary=PRIMARY)


TOURS = (
    test_from_submitted_to_called_back,
    test_a_dispute_climbs_one_rung_and_its_answer_is_final,
    test_refusing_to_take_it_up_may_be_objected_to_once,
    test_its_maker_may_withdraw_it_until_it_is_answered,
    test_handing_back_and_passing_on,
    test_it_waits_and_wakes,
    test_withdrawn_and_handed_back_from_every_stage_of_the_work,
    test_from_a_hold_it_is_handed_back_withdrawn_or_called_on,
    test_a_dispute_may_wait_as_well,
    test_merged_when_it_is_assigned_and_judged_by_its_own_maker,
)


async def test_every_edge_of_the_map_is_walked_and_no_other(desk: Desk) -> None:
    for tour in TOURS:
        await tour(desk)
    mine = [shelf for number, shelf in desk.shelves.of.items() if number.startswith(PREFIXES["complaint"])]
    ways = [["submitted", *shelf.stages] for shelf in mine]
    walked = {edge for way in ways for edge in pairwise(way)}
    assert walked == {(stage, after) for stage, following in COMPLAINT.edges.items() for after in following}
