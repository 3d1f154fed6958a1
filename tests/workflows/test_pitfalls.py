"""Mistakes that such systems are known for, each under its own name.

Named where their subject is: midnight reminders, pause lost when the level changes, update clock overrules first
response, overdue while waiting for the owner (`test_service_levels`); merged order still escalates (`test_groups`);
dismissed employee kept on reopen (`test_staffing`); self-rating, rate before finish (`test_aftercare`); best-of list
with one rating (`tests/domain/test_ratings`); date filter using the wrong bound (`tests/api/test_takings`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from models.domain.complaints import Complaint, Matter, Subject
from models.domain.errors import RateLimited
from models.domain.order import Event, OrderState
from models.domain.people import Role
from models.domain.recipients import Notice
from models.domain.rights import within_reach
from models.domain.tasks import Closed
from tests.workflows.desk import (
    BY_STAFF,
    CLERK,
    DISPATCHER,
    GUEST,
    LEAD,
    OWNER,
    PHONED,
    TECH,
    TECH2,
    Desk,
    staff,
)

MANAGER = staff("manager", Role.MANAGER)
SECOND = staff("dispatcher2", Role.DISPATCHER)
MANY = 8


# -- claimed task finished by another; wrong "executed by" (mediforce #202) --------------------------------------------


def closed(desk: Desk, kind: str) -> list[Closed]:
    return [one for batch in desk.shelf.batches for one in batch.closed if one.task.kind == kind]


def last(desk: Desk, kind: str) -> Event:
    return [event for event in desk.shelf.events if event.kind == kind][-1]


async def test_claimed_task_finished_by_another(desk: Desk) -> None:
    """Whoever has claimed it is the only one who can end it, whatever role the others have."""
    await desk.file()
    await desk.on_task(DISPATCHER, "claim")
    for other in (SECOND, LEAD, CLERK, TECH):
        refusal = await desk.cannot_complete(other, "pool", "task_held_by_other")
        assert refusal.code == "task_held_by_other"
        assert "pool" not in await desk.buttons(other)
    await desk.complete(DISPATCHER, "assigned", staff=TECH.id)
    for other in (TECH2, LEAD, DISPATCHER):
        await desk.cannot_complete(other, "accepted", "task_held_by_other")
    await desk.complete(TECH, "accepted")
    for other in (TECH2, LEAD, DISPATCHER):
        await desk.cannot_complete(other, "arrived", "task_held_by_other")


async def test_executed_by_is_who_did_it_and_not_who_claimed_it(desk: Desk) -> None:
    await desk.file()
    await desk.on_task(DISPATCHER, "claim")
    await desk.on_task(DISPATCHER, "release")
    await desk.complete(SECOND, "assigned", staff=TECH.id)
    (dispatch,) = closed(desk, "dispatch")
    assert (dispatch.by, last(desk, "assigned").by) == (SECOND.id, SECOND.id)
    await desk.walk_to("in_progress")
    await desk.on_task(LEAD, "reassign", staff=TECH2.id, reason="换人")
    await desk.complete(TECH2, "accepted")
    await desk.complete(TECH2, "arrived")
    await desk.complete(TECH2, "finished", report="换了垫圈", photo_ids=[])
    assert (closed(desk, "carry_out")[-1].by, last(desk, "finished").by) == (TECH2.id, TECH2.id)
    await desk.complete(CLERK, "fixed", on_behalf=PHONED)
    (confirm,) = closed(desk, "confirm")
    assert (confirm.task.holder, confirm.by, last(desk, "fixed").by) == (OWNER.id, CLERK.id, CLERK.id)
    assert last(desk, "fixed").facts["on_behalf"]["channel"] == "phone"
    state = await desk.state()
    assert (state.assignee, state.done_by["carry_out"]) == (TECH2.id, TECH2.id)
    assert "confirm" not in state.done_by, "the reporter's word is not the clerk's"


# -- urge flood at first step (ejyy) -----------------------------------------------------------------------------------


async def press_at_once(desk: Desk) -> list[object]:
    presses = (desk.send(who, "urge") for who in (OWNER, CLERK) * (MANY // 2))
    return list(await asyncio.gather(*presses, return_exceptions=True))


@pytest.mark.parametrize("stage", ["submitted", "dispatched", "accepted", "in_progress"])
async def test_urge_flood(desk: Desk, stage: str) -> None:
    """At the first step as at every other, and pressed at once: one counts, the rest hear when the next one may."""
    await desk.at(stage, slow=0.05)
    answers = await press_at_once(desk)
    refused = [answer for answer in answers if isinstance(answer, RateLimited)]
    assert len(refused) == MANY - 1
    assert all(0 < refusal.retry_after <= 301 for refusal in refused)
    await desk.settled()
    assert ((await desk.state()).urges.count, desk.shelf.kinds.count("urged")) == (1, 1)
    told = {notice.to_id for notice in desk.shelf.notices("urged")}
    assert len(desk.shelf.notices("urged")) == len(told) == 1, "nobody's telephone rings twice for one press"


async def test_urge_flood_does_not_begin_anew_with_the_next_stage(desk: Desk) -> None:
    await desk.file()
    await desk.send(OWNER, "urge")
    for stage in ("dispatched", "accepted", "in_progress"):
        await desk.walk_to(stage)
        await desk.refused(OWNER, "urge", "urged_lately")
    await desk.sleep(minutes=5, seconds=1)
    await desk.send(OWNER, "urge")
    assert (await desk.state()).urges.count == 2


# -- push about a hidden order (condo #1622) ---------------------------------------------------------------------------


def residents_told(desk: Desk) -> set[str]:
    return {notice.to_id for notice, _ in told(desk) if notice.to == "resident"}


def told(desk: Desk) -> Iterator[tuple[Notice, OrderState]]:
    for batch in desk.shelf.batches:
        yield from ((notice, batch.state) for notice in batch.notices)


@pytest.mark.parametrize("filing", [{"reporter": BY_STAFF}, {"reporter": GUEST}], ids=["found by staff", "of a guest"])
async def test_push_about_a_hidden_order(desk: Desk, filing: dict[str, Any]) -> None:
    """An order that no resident reported is told to no resident, in whosever house it is."""
    await desk.at("accepted", **filing)
    await desk.hold()
    await desk.send(LEAD, "comment", text="已联系厂家", audience="reporter")
    await desk.on_task(LEAD, "resume")
    await desk.walk_to("finished")
    await desk.complete(LEAD if filing["reporter"] is BY_STAFF else CLERK, "fixed", **_on_behalf(filing))
    assert residents_told(desk) == set()


def _on_behalf(filing: dict[str, Any]) -> dict[str, Any]:
    return {"on_behalf": PHONED} if filing["reporter"] is GUEST else {}


async def test_push_about_what_is_hidden_in_an_order(desk: Desk) -> None:
    """What staff say among themselves, and why work was given back, rings at no resident's."""
    await desk.at("accepted")
    before = len(desk.shelf.batches)
    await desk.send(TECH, "comment", text="业主态度不好")
    await desk.on_task(DISPATCHER, "reassign", staff=TECH2.id, reason="师傅请假")
    await desk.complete(TECH2, "handed_back", reason="没有配件")
    after = [notice for batch in desk.shelf.batches[before:] for notice in batch.notices if notice.to == "resident"]
    assert {notice.kind for notice in after} <= {"dispatched"}
    assert "态度" not in str(after)
    assert "配件" not in str(after)


async def test_push_about_a_hidden_order_to_staff(desk: Desk) -> None:
    """Whom a complaint is about is told nothing in person, whatever becomes of it."""
    accused, underling = staff("accused", Role.LEAD), staff("underling", Role.CLERK)
    about = Complaint(matter=Matter.COMPLAINT, subject=Subject(kind="staff", id=accused.id, role=Role.LEAD))
    hidden_from = (accused.id, underling.id)
    await desk.file(kind="complaint", priority="high", complaint=about, first_roles=(about.rung,), excluded=hidden_from)
    await desk.complete(MANAGER, "assigned", staff=CLERK.id)
    await desk.sleep(days=5)
    await desk.complete(CLERK, "answered", text="已核实并整改")
    await desk.complete(OWNER, "dissatisfied", reason="没有道歉")
    await desk.sleep(days=30)
    assert {notice.to for notice, _ in told(desk)} == {"resident", "staff", "role"}
    for notice, state in told(desk):
        assert notice.to_id not in (*hidden_from, Role.LEAD), f"{notice.kind}: the complaint is about a lead"
        if notice.to == "staff":
            within_reach(state, staff(notice.to_id.removeprefix("stf_"), Role.CLERK))
