"""Merging as a fact of Postgres: what it refuses, what happens at once, and who hears of what."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from models.domain import commands as c
from models.domain.acts import ACTS
from models.domain.complaints import Complaint, Matter, Subject
from models.domain.following import Fate, Follower, Joined, Joining
from models.domain.grouping import finish
from models.domain.incidents import IncidentKind, OpenIncident
from models.domain.lifecycles.repair import REPAIR
from models.domain.order import Audience, Charge, HoldReason, OrderState, Priority, Reporter
from models.domain.people import SYSTEM, Actor, Role
from models.domain.places import Place
from models.domain.step import Step
from models.repositories import groups, incidents, public_works, sweeping
from models.repositories.direct import Direct
from models.repositories.publish import publish
from tests.repositories.rows import DISPATCHER, OWNER, START, TECH, filing, minute, rows, take_in

IN_SCOPE = ("com_a",)
CLERK = Actor(kind="staff", id="stf_clerk", roles=(Role.CLERK,), communities=IN_SCOPE)

_serial = itertools.count(1)


class Order:
    """An order whose steps are published as a workflow would, without one."""

    def __init__(self, engine: Engine, state: OrderState) -> None:
        self.engine, self.step = engine, Step(state)
        self.number = state.number

    def publish(self, at: datetime) -> None:
        with self.engine.begin() as conn:
            publish(conn, self.step.batch(at))

    def enter(self, *stages: str, at: float = 5, **facts: Any) -> None:
        for stage in stages:
            self.step.enter(stage, minute(at), self.step.record(stage, TECH, minute(at), **facts))
        self.publish(minute(at))

    def ask(
        self,
        primary: str | None = None,
        incident: str | None = None,
        scope: tuple[str, ...] = IN_SCOPE,
        by: str = DISPATCHER.id,
    ) -> Joined:
        question = Joining(
            number=self.number,
            version=self.step.state.version,
            primary=primary,
            incident=incident,
            communities=scope,
            by=by,
        )
        with self.engine.begin() as conn:
            return groups.join(conn, question)

    def follow(self, primary: Order, at: float = 1) -> None:
        """Decided, then published, as the workflow does it."""
        assert self.ask(primary.number) == Joined()
        ACTS["merge"](self.step, DISPATCHER, c.Merge(primary=primary.number), minute(at))
        self.publish(minute(at))

    def fate(self) -> Fate:
        following = self.step.state.following
        assert following is not None
        question = Follower(
            number=self.number,
            version=self.step.state.version,
            primary=following.primary,
            incident=following.incident,
        )
        with self.engine.begin() as conn:
            return groups.fate(conn, question)

    def wake(self, at: float = 30) -> Fate:
        fate = self.fate()
        ACTS["wake"](self.step, SYSTEM, c.Wake(**fate.model_dump()), minute(at))
        self.publish(minute(at))
        return fate

    def column(self, name: str) -> Any:
        with self.engine.begin() as conn:
            return rows(conn, f"SELECT {name} FROM work_orders WHERE number = :number", number=self.number)[0][0]  # noqa: S608

    def woken(self) -> list[Any]:
        with self.engine.begin() as conn:
            wanted = "SELECT body->>'update' FROM outbox WHERE number = :number AND action = 'command' ORDER BY id"
            return [row[0] for row in rows(conn, wanted, number=self.number)]

    def told(self, kind: str) -> list[str]:
        with self.engine.begin() as conn:
            wanted = "SELECT to_id FROM notices WHERE number = :number AND kind = :kind"
            return [row[0] for row in rows(conn, wanted, number=self.number, kind=kind)]


@pytest.fixture
async def file(engine: Engine, direct: Direct) -> Any:
    async def file(**changes: Any) -> Order:
        state = filing(f"BX20261119-{next(_serial):05d}").model_copy(update=changes)
        await take_in(direct, state)
        return Order(engine, state)

    return file


async def test_a_follower_goes_where_its_primary_goes_without_its_workflow(file: Any) -> None:
    primary, child = await file(), await file()
    child.follow(primary)
    assert (child.column("primary_number"), primary.column("accompanied")) == (primary.number, True)
    primary.step.state.assignee = TECH.id
    primary.enter("dispatched", "accepted")
    primary.step.record("commented", TECH, minute(6), Audience.REPORTER, text="配件下午到")
    primary.step.record("commented", TECH, minute(6), Audience.STAFF, text="业主很急")
    primary.publish(minute(6))
    assert (child.told("accepted"), child.told("replied")) == ([OWNER.id], [OWNER.id])
    assert child.woken() == []
    primary.enter("in_progress", "finished", at=9)
    assert child.woken() == ["wake"]
    assert child.wake() == Fate(came_to="finished", worker=TECH.id)
    assert (child.column("stage"), child.column("primary_number"), child.column("assignee_id")) == (
        "finished",
        None,
        TECH.id,
    )


async def refusal(order: Order, primary: str, **more: Any) -> str | None:
    answer = order.ask(primary, **more)
    return answer.facts.get("reason") if answer.refused else None


async def test_each_refusal(file: Any) -> None:
    primary, child, other, done = await file(), await file(), await file(), await file()
    child.follow(primary)
    assert await refusal(other, "BX20000101-00001") == "order_not_found"
    assert await refusal(other, primary.number, scope=("com_b",)) == "order_not_found"
    assert await refusal(other, child.number) == "primary_follows", "one deep"
    assert await refusal(primary, other.number) == "leads_a_group", "one deep"
    assert await refusal(primary, child.number) == "primary_follows", "no circle"
    done.enter("cancelled")
    assert await refusal(other, done.number) == "primary_over"
    with other.engine.begin() as conn:
        conn.execute(text("UPDATE work_orders SET kind = 'complaint' WHERE number = :n"), {"n": done.number})
    assert await refusal(other, done.number) == "merge_other_kind"
    other.step.state.version += 1
    assert await refusal(other, primary.number) == "unavailable", "a late attempt of an earlier version decides nothing"


def of(matter: Matter = Matter.COMPLAINT) -> Complaint:
    return Complaint(matter=matter, subject=Subject(kind="community"))


@pytest.fixture
async def complain(file: Any) -> Any:
    """A complaint that one clerk has in hand."""

    async def complain(**changes: Any) -> Order:
        changes = {"complaint": of(), "assignee": TECH.id, "levels": {}, "clocks": {}, "tasks": {}} | changes
        order: Order = await file(kind="complaint", **changes)
        return order

    return complain


async def test_complaints_are_one_group_only_if_the_same_people_are_kept_from_all(complain: Any) -> None:
    primary, child = await complain(excluded=("stf_a", "stf_b")), await complain(excluded=("stf_b", "stf_a"))
    for excluded in ((), ("stf_a",), ("stf_a", "stf_b", "stf_c")):
        other = await complain(excluded=excluded)
        assert await refusal(other, primary.number) == "merge_other_exclusion"
        assert await refusal(primary, other.number) == "merge_other_exclusion"
    plain = await complain()
    assert await refusal(plain, (await complain(complaint=of(Matter.SUGGESTION))).number) == "merge_other_kind"
    assert child.ask(primary.number, by="stf_a").refused == "not_found", "whom it is about learns of neither"
    assert child.ask(primary.number) == Joined()


async def test_replies_reach_all_makers_and_the_answer_wakes_each(complain: Any) -> None:
    primary, child = await complain(), await complain(reporter=Reporter(kind="resident", id="anon_1"))
    child.follow(primary)
    primary.step.enter("assigned", minute(2))
    for _ in range(2):
        primary.step.record("replied", TECH, minute(3), text="已联系保洁公司")
        primary.publish(minute(3))
    assert child.told("progress_told") == ["anon_1", "anon_1"]
    primary.enter("answered", at=9, text="已更换保洁人员")
    assert child.woken() == ["wake"]
    assert child.wake() == Fate(came_to="finished", worker=TECH.id)
    assert (child.column("stage"), child.column("assignee_id"), child.told("answered")) == (
        *("answered", TECH.id),
        ["anon_1"],
    )


async def test_of_a_refused_complaint_the_oldest_follower_is_decided_anew(complain: Any, engine: Engine) -> None:
    """Also while its maker may still object; and nobody can be merged into it."""
    primary, eldest, younger = await complain(), await complain(), await complain()
    eldest.follow(primary)
    younger.follow(primary)
    primary.enter("refused", reason="不属于物业职责")
    assert (primary.column("finished_at"), eldest.woken(), younger.woken()) == (None, ["wake"], [])
    assert await refusal((await complain()), primary.number) == "primary_over"
    with engine.begin() as conn:
        conn.execute(text("UPDATE outbox SET done_at = now() WHERE action = 'command'"))
        conn.execute(text("UPDATE work_orders SET started_at = now()"))
        assert sweeping.wake_forgotten(conn, datetime.now(UTC) + timedelta(minutes=1), datetime.now(UTC)) == [
            eldest.number,
            younger.number,
        ]
    assert eldest.wake() == Fate(came_to="promoted")
    assert (eldest.column("stage"), younger.woken()[-1]) == ("submitted", "wake")
    assert younger.wake() == Fate(came_to="followed_on", primary=eldest.number)
    primary.enter("rejected", at=40)
    assert (primary.column("finished_at"), younger.column("primary_number")) == (None, eldest.number)


async def test_of_a_into_b_and_b_into_a_one_wins(file: Any) -> None:
    for _ in range(8):
        one, other = await file(), await file()
        with ThreadPoolExecutor(2) as pool:
            asked = pool.submit(one.ask, other.number), pool.submit(other.ask, one.number)
            answers = [answer.result(timeout=10) for answer in asked]
        assert [answer.refused for answer in answers].count(None) == 1
        assert [one.column("primary_number"), other.column("primary_number")].count(None) == 1


async def test_a_link_whose_order_changed_meanwhile_is_taken_away_by_that_change(file: Any) -> None:
    primary, child = await file(), await file()
    assert child.ask(primary.number) == Joined()
    ACTS["cancel"](child.step, OWNER, c.Cancel(), minute(1))
    child.publish(minute(1))
    assert child.column("primary_number") is None
    primary.enter("cancelled")
    assert primary.column("heir_number") is None


async def test_the_oldest_follower_takes_the_place_of_a_primary_that_was_called_off(file: Any) -> None:
    primary, eldest, second, third = await file(), await file(), await file(), await file()
    for child in (eldest, second, third):
        child.follow(primary)
    primary.enter("cancelled")
    assert (eldest.woken(), second.woken(), third.woken()) == (["wake"], [], []), "one after the other"
    assert second.fate() == Fate(), "the heir has not heard of it yet"
    assert eldest.wake().came_to == "promoted"
    assert (second.woken(), third.woken()) == (["wake"], ["wake"])
    assert second.wake() == Fate(came_to="followed_on", primary=eldest.number)
    assert (second.column("primary_number"), eldest.column("primary_number")) == (eldest.number, None)
    eldest.enter("cancelled", at=40)
    assert second.woken() == ["wake", "wake"], "and so on"
    assert third.wake(at=41).came_to == "promoted", "its heir is gone as well: it is the next"


@pytest.mark.parametrize("who", [OWNER, CLERK])
async def test_what_is_said_on_a_follower_reaches_who_works_on_the_primary(file: Any, who: Actor) -> None:
    """A clerk urges for whoever phoned; what staff say among themselves stays where it was said."""
    primary, child = await file(), await file()
    child.follow(primary)
    task = next(iter(primary.step.state.tasks.values()))
    task.holder = DISPATCHER.id
    primary.step.record("claimed", DISPATCHER, minute(2), Audience.STAFF)
    primary.publish(minute(2))
    ACTS["urge"](child.step, who, c.Urge(), minute(3))
    ACTS["comment"](child.step, who, c.Comment(text="有进展吗"), minute(3))
    child.publish(minute(3))
    assert primary.woken() == ["urge"]
    assert child.told("reporter_replied") == ([DISPATCHER.id] if who is OWNER else [])


async def test_a_guest_who_follows_is_not_told_by_anybody(file: Any) -> None:
    primary, child = await file(), await file(reporter=Reporter(kind="guest"))
    child.follow(primary)
    primary.enter("dispatched")
    assert child.told("dispatched") == []


async def test_a_primary_and_its_followers_publish_at_once_without_waiting_for_each_other_for_ever(file: Any) -> None:
    primary, children = await file(), [await file() for _ in range(3)]
    for child in children:
        child.follow(primary)

    def speak(order: Order) -> None:
        for at in range(10, 20):
            who = TECH if order is primary else OWNER
            order.step.record("commented", who, minute(at), Audience.REPORTER, text="…")
            order.publish(minute(at))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(speak, [primary, *children]))


def test_a_worker_of_the_group_counts_as_each_orders_worker() -> None:
    step = Step(filing("BX20261122-00001"))
    event = step.record("group_finished", SYSTEM, minute(1))
    finish(step, event, TECH.id, minute(1))
    assert (step.state.stage, step.state.done_by["carry_out"]) == ("finished", TECH.id)


# -- incidents and neighbours ------------------------------------------------------------------------------------------


def incident_of(number: int) -> OpenIncident:
    return OpenIncident(
        id=f"inc_{number}",
        community_id="com_a",
        order_kind="repair",
        kind=IncidentKind.NO_WATER,
        title="停水",
        text="水泵检修，18点恢复。",
        categories=("water",),
        building_ids=("bld_1",),
    )


async def test_an_incident_is_announced_once_gathers_what_waits_and_wakes_its_reports(
    file: Any, engine: Engine
) -> None:
    waiting, urgent = await file(), await file(priority=Priority.EMERGENCY)
    with engine.begin() as conn:
        gathered = incidents.open_incident(conn, incident_of(1), DISPATCHER.id, minute(5), gather=True)
        told = rows(conn, "SELECT delivery, number FROM notices WHERE incident_id = 'inc_1' AND to_id = 'res_owner'")
        assert [tuple(row) for row in told] == [("centre_only", None)], "nobody has a credit: it lies in the centre"
    assert waiting.number in gathered
    assert urgent.number not in gathered
    assert waiting.woken() == ["merge"]
    assert waiting.ask(incident="inc_1") == Joined()
    ACTS["merge"](waiting.step, SYSTEM, c.Merge(incident="inc_1"), minute(6))
    waiting.publish(minute(6))
    assert waiting.fate() == Fate()
    with engine.begin() as conn:
        closed = incidents.close(conn, "inc_1", DISPATCHER.id, minute(9), came_to="finished", closing_text="已恢复供水")
        again = incidents.close(conn, "inc_1", DISPATCHER.id, minute(9), came_to="free", closing_text="已恢复供水")
    assert (closed, again) == ([waiting.number], None)
    assert waiting.woken() == ["merge", "wake"]
    assert urgent.ask(incident="inc_1").facts["reason"] == "incident_closed"
    assert waiting.wake() == Fate(came_to="finished")
    assert (waiting.column("stage"), waiting.column("incident_id")) == ("finished", None)


async def test_an_incident_takes_in_its_own_kind_alone(file: Any, engine: Engine) -> None:
    order = await file()
    with engine.begin() as conn:
        incidents.open_incident(conn, incident_of(4), DISPATCHER.id, minute(5), gather=False)
    assert order.ask(incident="inc_4") == Joined()
    with engine.begin() as conn:
        conn.execute(text("UPDATE incidents SET order_kind = 'complaint' WHERE id = 'inc_4'"))
    assert [order.ask(incident=one).facts["reason"] for one in ("inc_4", "inc_none")] == ["incident_not_found"] * 2


async def test_a_lost_wake_up_is_written_again_after_a_while(file: Any, engine: Engine) -> None:
    primary, child = await file(), await file()
    child.follow(primary)
    primary.enter("cancelled")
    with engine.begin() as conn:
        conn.execute(text("UPDATE outbox SET done_at = now() WHERE number = :n"), {"n": child.number})
        conn.execute(text("UPDATE work_orders SET started_at = now() WHERE number = :n"), {"n": child.number})
        assert child.number not in sweeping.wake_forgotten(conn, START, minute(30))
        later = datetime.now(UTC) + timedelta(minutes=5)
        assert child.number in sweeping.wake_forgotten(conn, later, later)
        assert child.number not in sweeping.wake_forgotten(conn, later, later), "it waits already"
    assert child.wake().came_to == "promoted"


async def test_neighbours_are_told_at_hold_finish_and_close_and_of_nothing_else(file: Any, engine: Engine) -> None:
    order = await file(place=Place(building_id="bld_1", spot="lift"), charge=Charge.PUBLIC)
    with engine.begin() as conn:
        assert public_works.join(conn, order.number, OWNER.id, minute(1))
        assert public_works.join(conn, order.number, OWNER.id, minute(2)), "once is enough"
    order.step.state.assignee = TECH.id
    order.enter("dispatched", "accepted", "in_progress")
    task = order.step.open(REPAIR.tasks["carry_out"], minute(6), TECH.id, ())
    held = c.PutOnHold(task_id=task.id, reason=HoldReason.PARTS, until=minute(90))
    ACTS["hold"](order.step, TECH, held, minute(7))
    order.publish(minute(7))
    ACTS["resume"](order.step, TECH, c.Resume(task_id=task.id), minute(8))
    order.enter("finished", "closed", at=9)
    with engine.begin() as conn:
        told = rows(conn, "SELECT kind FROM notices WHERE number = :n AND kind LIKE 'public%'", n=order.number)
        assert sorted(row.kind for row in told) == ["public_closed", "public_finished", "public_held"]
        assert not public_works.join(conn, order.number, OWNER.id, minute(10)), "the work is done"
