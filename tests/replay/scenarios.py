"""Lives of orders whose histories are kept, so that today's code is held to what it once decided."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import pytest
from temporalio import activity
from temporalio.worker import Worker

from integrations.holidays import announced
from models.domain.assignment import Choice, Why
from models.domain.commands import Fact
from models.domain.complaints import Complaint, Matter, Subject
from models.domain.following import Fate
from models.domain.forms import as_json
from models.domain.lifecycles.repair import LEVELS
from models.domain.move_cars import Obstacle
from models.domain.order import Reporter
from models.domain.people import SYSTEM, Absentee, Actor, Role
from models.domain.policy import Policy, terms_for
from models.domain.rounds import Firing, Opened
from models.domain.step import Published
from models.domain.terms import Terms
from tests.workflows import cars, visits
from tests.workflows.desk import CLERK, DISPATCHER, GUARD, KEY, LEAD, NEIGHBOUR, OWNER, TECH, TECH2, Desk, staff
from workflows import names, options

MANAGER: Final = staff("manager", Role.MANAGER)
QUALITY: Final = staff("quality", Role.QUALITY)
PRIMARY: Final = "BX20261122-99999"
STARS: Final = {"result": 5, "speed": 4, "manner": 5}


async def plain(desk: Desk) -> None:
    await desk.at("closed")
    await desk.send(OWNER, "rate", **STARS)


async def reopened_twice(desk: Desk) -> None:
    await desk.at("finished")
    await desk.complete(OWNER, "not_fixed", reason="还在漏水")
    await desk.walk_to("finished")
    await desk.complete(OWNER, "not_fixed", reason="又漏了")
    await desk.complete(LEAD, "assigned", staff=TECH2.id)
    await desk.complete(TECH2, "accepted")
    await desk.complete(TECH2, "arrived")
    await desk.complete(TECH2, "finished", report="换了水管")
    await desk.complete(OWNER, "fixed", rating=STARS)


async def held_and_woken(desk: Desk) -> None:
    await desk.at("in_progress")
    await desk.hold(hours=2)
    await desk.sleep(hours=2, seconds=1)
    await desk.walk_to("finished")
    await desk.complete(OWNER, "fixed", rating=STARS)


async def late_and_cancelled(desk: Desk) -> None:
    await desk.file()
    await desk.send(OWNER, "urge")
    await desk.sleep(minutes=50)
    await desk.complete(DISPATCHER, "pool")
    await desk.on_task(TECH2, "claim")
    await desk.complete(TECH2, "handed_back", reason="没有配件")
    await desk.send(OWNER, "comment", text="算了，自己修好了")
    await desk.send(OWNER, "cancel")


async def auto_closed_and_rated(desk: Desk) -> None:
    await desk.at("finished")
    await desk.sleep(days=7, seconds=1)
    await desk.send(OWNER, "rate", **STARS)


async def passed_to_another_firm(desk: Desk) -> None:
    await desk.at("referred")
    await desk.complete(DISPATCHER, "postponed", follow_up=await desk.now() + timedelta(days=2))
    await desk.complete(DISPATCHER, "done", report="已更换门机")
    await desk.complete(OWNER, "fixed", rating=STARS)


async def nobody_at_home_twice(desk: Desk) -> None:
    closed_door = {"note": "敲门无人应答", "photo_ids": ["pho_door"]}
    await desk.at("accepted", vacant=True)
    await desk.complete(TECH, "no_access", **closed_door)
    await desk.sleep(days=3, seconds=1)
    start = await desk.now() + timedelta(days=1)
    visit = {"from": start, "to": start + timedelta(hours=2)}
    await desk.complete(CLERK, "rebooked", appointment=visit)
    await desk.complete(TECH, "no_access", **closed_door)
    await desk.complete(CLERK, "rebooked", appointment=visit)
    await desk.send(OWNER, "consent", given_by="owner", channel="app")
    await desk.walk_to("finished")
    await desk.complete(OWNER, "fixed", rating=STARS)


async def cancelled_and_objected(desk: Desk) -> None:
    await desk.at("submitted")
    await desk.send(CLERK, "cancel", reason="重复报修")
    await desk.complete(OWNER, "objected", reason="不是重复的")
    await desk.complete(LEAD, "filed_again", reason="取消有误")


async def called_back(desk: Desk) -> None:
    await desk.at("finished", call_back_share=1)
    await desk.complete(OWNER, "fixed", rating={**STARS, "manner": 1})
    await desk.complete(CLERK, "discontent", note="师傅态度不好")
    await desk.complete(LEAD, "made_good", text="已上门致歉")


async def continued_as_new(desk: Desk) -> None:
    """Only the last run is kept: it begins with a state in the middle of a life."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(options, "RENEW_AFTER_UPDATES", 2)
        await desk.at("in_progress")
        patch.setattr(options, "RENEW_AFTER_UPDATES", 1500)
        await desk.walk_to("finished")
        await desk.complete(OWNER, "fixed", rating=STARS)


class Rounds:
    """Stands in for the activities of a round: a walk of an hour, after one that an outage swallowed."""

    @activity.defn(name=names.OPEN_PATROL)
    async def open(self, firing: Firing) -> Opened:
        return Opened(patrol_id="pat_2", due_at=firing.at + timedelta(hours=1), missed=["pat_1"])

    @activity.defn(name=names.GIVE_UP_PATROL)
    async def give_up(self, patrol_id: str) -> bool:
        return True

    @activity.defn(name=names.TELL_LEADS)
    async def tell_leads(self, patrol_ids: list[str]) -> int:
        return len(patrol_ids)


async def missed_patrol(desk: Desk) -> None:
    rounds = Rounds()
    client = desk.env.client
    async with (
        Worker(client, task_queue=names.ORDERS, activities=[rounds.open, rounds.give_up]),
        Worker(client, task_queue=names.EFFECTS, activities=[rounds.tell_leads]),
    ):
        desk.handle = await client.start_workflow(
            names.PATROL, "rnd_pump", id="round-rnd_pump", result_type=str, task_queue=desk.queue
        )
        assert await desk.handle.result() == "missed"


async def merged_and_taken_out(desk: Desk) -> None:
    await desk.at("accepted")
    await desk.send(DISPATCHER, "merge", primary=PRIMARY)
    await desk.sleep(days=3)
    await desk.send(DISPATCHER, "unmerge", reason="不是同一故障")
    await desk.walk_to("finished")
    await desk.complete(OWNER, "fixed", rating=STARS)


async def corrected_in_working_time(desk: Desk) -> None:
    """Filed beyond the announced holidays, held, corrected, given new settings, and closed by silence."""
    now = await desk.now()
    terms = terms_for(Policy(), announced(), since=now, now=now)
    assert terms.calendar is not None
    unknown = terms.calendar.model_copy(update={"known_until": now.date() - timedelta(days=1)})
    desk.shelves.terms = terms.model_copy(update={"read_at": now + timedelta(days=7)})
    await desk.file(terms=terms.model_copy(update={"calendar": unknown}))
    await desk.sleep(days=7, minutes=1)
    await desk.walk_to("in_progress")
    await desk.hold(hours=2)
    await desk.send(CLERK, "amend", priority="high", reason="已影响楼下", levels=LEVELS_NOW["high"])
    await desk.sleep(hours=2, seconds=1)
    fresh = {"levels": LEVELS_NOW["normal"], "terms": as_json(Terms(read_at=now + timedelta(days=8)))}
    await desk.send(SYSTEM, "refresh_policy", **fresh)
    await desk.walk_to("finished")
    await desk.complete(OWNER, "fixed", rating=STARS)


async def merged_and_finished(desk: Desk) -> None:
    await desk.file()
    await desk.complete(DISPATCHER, "merged", primary=PRIMARY)
    for fate in (
        Fate(came_to="followed_on", primary="BX20261122-88888"),
        Fate(came_to="finished", worker=TECH2.id),
    ):
        desk.shelf.fate = fate
        await desk.send(SYSTEM, "wake")
    await desk.complete(OWNER, "fixed", rating=STARS)


async def quoted_and_paid(desk: Desk) -> None:
    await desk.at("quoting")
    await desk.complete(OWNER, "declined", reason="太贵了")
    await desk.complete(TECH, "needs_quote", lines=[{"item": "角阀", "quantity": 1, "price": 4500}])
    await desk.complete(OWNER, "approved")
    await desk.walk_to("finished")
    await desk.complete(OWNER, "fixed", rating=STARS)
    await desk.complete(TECH, "received", amount=4500, method="cash", receipt_no="SJ-0017")


async def quote_unanswered_and_called_off(desk: Desk) -> None:
    await desk.at("quoting")
    await desk.sleep(days=7, seconds=1)
    await desk.complete(TECH, "cancelled")


async def appointment_agreed_and_moved(desk: Desk) -> None:
    await desk.at("dispatched")
    start = await desk.now() + timedelta(hours=30)
    await desk.complete(TECH, "accepted", appointment=_two_hours(start))
    await desk.complete(OWNER, "other_time", appointment=_two_hours(start + timedelta(days=1)))
    await desk.complete(TECH, "proposed", appointment=_two_hours(start + timedelta(days=2)))
    await desk.complete(OWNER, "agreed")
    await desk.send(OWNER, "cancel")


def _two_hours(start: datetime) -> dict[str, str]:
    return {"from": start.isoformat(), "to": (start + timedelta(hours=2)).isoformat()}


LEVELS_NOW: Final = {
    priority: {name.value: as_json(level) for name, level in levels.items()} for priority, levels in LEVELS.items()
}


async def of_an_incident(desk: Desk) -> None:
    await desk.file(incident="inc_1")
    await desk.sleep(days=1)
    desk.shelf.fate = Fate(came_to="finished")
    await desk.send(SYSTEM, "wake")
    await desk.complete(OWNER, "fixed", rating=STARS)


async def assigned_by_itself_and_handed_over(desk: Desk) -> None:
    """The first technician leaves, the second has no room, the third's deputy does the work."""
    await desk.file(assigns_itself=True, choices=[Choice(staff=TECH.id, open_orders=1, among=2)])
    await desk.eventually(lambda: desk.shelf.batches and desk.shelf.state.stage == "dispatched")
    await desk.complete(TECH, "accepted")
    await desk.on_task(SYSTEM, "hand_over", holder=TECH.id, staff=TECH2.id)
    await desk.on_task(SYSTEM, "hand_over", holder=TECH2.id)
    desk.shelf.answers.append(Published(ineligible=[TECH2.id], reasons={TECH2.id: Why.AT_CAP}))
    await desk.on_task(TECH2, "claim")
    await desk.complete(DISPATCHER, "assigned", staff=TECH.id)
    absentee = Absentee(id=TECH.id, roles=TECH.roles)
    deputy = TECH2.model_copy(update={"deputises": (absentee,)})
    await desk.complete(deputy, "accepted")
    await desk.complete(deputy, "arrived")
    await desk.complete(deputy, "finished", report="换了垫圈", photo_ids=["pho_1"])
    await desk.complete(OWNER, "fixed", rating=STARS)


async def emergency_straight_to_the_pool(desk: Desk) -> None:
    await desk.file(priority="emergency", assigns_itself=True, choices=[Choice()])
    await desk.eventually(lambda: desk.shelf.batches and desk.shelf.state.stage == "dispatched")
    await desk.on_task(TECH2, "claim")
    await desk.complete(TECH2, "arrived")
    await desk.complete(TECH2, "finished", report="关了总阀", photo_ids=["pho_1"])
    await desk.complete(OWNER, "fixed", rating=STARS)


async def car_promised_and_moved(desk: Desk) -> None:
    """The second way reaches the user, one more joins, the promise is not kept, and the car is gone at last."""
    await cars.file(desk)
    await desk.sleep(minutes=2, seconds=1)
    await cars.end(desk, cars.USER, "move", "coming", minutes="5")
    await desk.send(SYSTEM, "join", resident=NEIGHBOUR.id)
    await cars.end(desk, OWNER, "confirm_moved", "still_there")
    await desk.send(OWNER, "cancel")
    await cars.end(desk, NEIGHBOUR, "confirm_moved", "moved")


async def car_of_somebody_silent(desk: Desk) -> None:
    """Looked at by a clerk, then every rung of the ladder, and the police in the end."""
    await cars.file(desk, cars.KNOWN.model_copy(update={"vetted": False}))
    await cars.end(desk, CLERK, "vet", "passed")
    await desk.sleep(minutes=5, seconds=1)
    await cars.end(desk, GUARD, "call_owner", "not_reached")
    await desk.sleep(minutes=21)
    await cars.end(desk, LEAD, "on_site", "reported", reason="已报警")


async def car_seen_at_the_gate(desk: Desk) -> None:
    """A fact that nobody has proved, then one that a machine of ours tells."""
    await cars.file(desk, cars.KNOWN.model_copy(update={"obstacle": Obstacle.FIRE_LANE}))
    fact = Fact(id="evt_1", at=await desk.now())
    await desk.handle.signal("plate_left", fact)
    await desk.eventually(lambda: "unproved_fact" in desk.shelf.kinds)
    await desk.handle.signal("plate_left", fact.sealed(KEY, desk.number, "plate_left"))


async def car_of_a_guard_on_the_way(desk: Desk) -> None:
    """Who says that they go has it, and nobody else goes as well."""
    await cars.file(desk, cars.KNOWN.model_copy(update={"obstacle": Obstacle.FIRE_LANE}))
    await cars.end(desk, GUARD, "on_site", "going")
    await cars.end(desk, GUARD, "on_site", "moved")


async def car_of_a_visitor(desk: Desk) -> None:
    """The host is asked, called, and says that nobody of theirs came in it."""
    await cars.file(desk, cars.VISITORS)
    await desk.sleep(minutes=5, seconds=1)
    await cars.end(desk, cars.HOST, "move_visitor", "not_my_visitor")
    await cars.end(desk, GUARD, "on_site", "gone")


async def visitor_invited(desk: Desk) -> None:
    """The plain visit."""
    await visits.invite(desk)
    await desk.send(GUARD, "complete", task_id=f"{desk.number}.1", outcome="arrived", form={})
    await desk.send(GUARD, "complete", task_id=f"{desk.number}.2", outcome="left", form={})


async def visitor_of_a_long_stay(desk: Desk) -> None:
    """Approved, in and out, seen by the gate, and over at the end of the window."""
    await visits.invite(desk, approved=False, entries=9, hours=48)
    await cars.end(desk, CLERK, "approve_stay", "granted")
    await cars.end(desk, GUARD, "arrive", "arrived")
    await cars.end(desk, GUARD, "arrive", "arrived")
    fact = Fact(id="evt_1", at=await desk.now())
    await desk.handle.signal("plate_left", fact.sealed(KEY, desk.number, "plate_left"))
    await desk.eventually(lambda: "left" in desk.shelf.stages)
    await desk.sleep(hours=49)


async def visitor_unannounced(desk: Desk) -> None:
    """Nobody answers the app; the guard telephones twice."""
    await visits.walk_in(desk, reachable=False)
    await cars.end(desk, GUARD, "call_host", "not_reached")
    await desk.sleep(minutes=6)
    await cars.end(desk, GUARD, "call_host", "admitted")
    await desk.sleep(hours=13)


async def complaint_disputed(desk: Desk) -> None:
    """By somebody who is an alias to it, through both rounds."""
    about = Complaint(matter=Matter.COMPLAINT, subject=Subject(kind="community"), anonymous=True)
    hidden = Actor(kind="resident", id="anon_1")
    reporter = Reporter(kind="resident", id=hidden.id)
    await desk.file(kind="complaint", priority="high", complaint=about, first_roles=(Role.LEAD,), reporter=reporter)
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    await desk.complete(CLERK, "replied", text="已联系保洁公司")
    await desk.complete(CLERK, "answered", text="已更换保洁人员")
    await desk.complete(hidden, "dissatisfied", reason="还是很脏")
    await desk.complete(MANAGER, "answered", text="已更换保洁公司")
    await desk.sleep(days=15, seconds=1)


async def complaint_refused(desk: Desk) -> None:
    about = Complaint(matter=Matter.COMPLAINT, subject=Subject(kind="staff", id="stf_lead2", role=Role.LEAD))
    await desk.file(kind="complaint", priority="high", complaint=about, first_roles=(Role.MANAGER,))
    await desk.complete(MANAGER, "rejected", reason="不属于物业职责")
    await desk.complete(OWNER, "objected", reason="合同写明由物业负责")
    await desk.complete(QUALITY, "rejected", reason="合同已变更")


async def complaint_merged_and_disputed(desk: Desk) -> None:
    """Merged by its decider, freed, merged again while handled, answered with the other, and disputed alone."""
    about = Complaint(matter=Matter.COMPLAINT, subject=Subject(kind="community"))
    await desk.file(kind="complaint", priority="high", complaint=about, first_roles=(Role.LEAD,))
    await desk.complete(LEAD, "merged", primary="TS20261122-99999")
    desk.shelf.fate = Fate(came_to="promoted")
    await desk.send(SYSTEM, "wake")
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    await desk.send(LEAD, "merge", primary="TS20261122-99999")
    await desk.sleep(days=9)
    desk.shelf.fate = Fate(came_to="finished", worker=CLERK.id)
    await desk.send(SYSTEM, "wake")
    await desk.complete(OWNER, "dissatisfied", reason="我反映的不是这个")
    await desk.complete(MANAGER, "answered", text="已单独处理")
    await desk.complete(staff("clerk2", Role.CLERK), "content", note="业主满意")


async def complaint_that_waited_and_was_late(desk: Desk) -> None:
    """For a repair, whose end the system tells; then past the days that the law counts."""
    about = Complaint(matter=Matter.COMPLAINT, subject=Subject(kind="community"), call_back=False)
    await desk.file(kind="complaint", priority="high", complaint=about, first_roles=(Role.LEAD,))
    await desk.complete(LEAD, "assigned", staff=CLERK.id)
    await desk.hold(CLERK, reason="third_party")
    await desk.on_task(SYSTEM, "resume")
    await desk.sleep(days=10, hours=1)
    await desk.complete(MANAGER, "answered", text="由我负责，已整改")
    await desk.complete(OWNER, "satisfied")


SCENARIOS: Final[dict[str, Callable[[Desk], Awaitable[None]]]] = {
    scenario.__name__: scenario
    for scenario in (
        plain,
        reopened_twice,
        held_and_woken,
        late_and_cancelled,
        auto_closed_and_rated,
        continued_as_new,
        missed_patrol,
        merged_and_taken_out,
        merged_and_finished,
        of_an_incident,
        passed_to_another_firm,
        nobody_at_home_twice,
        quoted_and_paid,
        quote_unanswered_and_called_off,
        appointment_agreed_and_moved,
        corrected_in_working_time,
        cancelled_and_objected,
        called_back,
        assigned_by_itself_and_handed_over,
        emergency_straight_to_the_pool,
        complaint_disputed,
        complaint_refused,
        complaint_merged_and_disputed,
        complaint_that_waited_and_was_late,
        car_promised_and_moved,
        car_of_somebody_silent,
        car_seen_at_the_gate,
        car_of_a_guard_on_the_way,
        car_of_a_visitor,
        visitor_invited,
        visitor_of_a_long_stay,
        visitor_unannounced,
    )
}
