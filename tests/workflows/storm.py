"""A storm's scene: real workflows that publish to a real Postgres, people who press, and what must hold meanwhile.

Crashes are of two kinds. The worker keeps nothing in memory if it is so made, so each step is taken as after its death;
and `Unsteady` loses a publish before it is committed, or its answer afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, text
from temporalio import activity
from temporalio.service import RPCError, RPCStatusCode

from activities.facts import Facts
from activities.groups import Groups
from activities.policies import Policies
from activities.projection import Projection
from activities.quotes import Quotes
from activities.sequels import Sequels
from activities.staffing import Staffing
from models.domain.commands import Envelope
from models.domain.drift import Kept, Life, Said, trouble_of
from models.domain.errors import LEAVES, Unavailable, WuyouError
from models.domain.forms import as_json
from models.domain.lifecycles.repair import REPAIR
from models.domain.order import OrderState, Reporter
from models.domain.people import SYSTEM, Absentee, Actor, Role
from models.domain.places import Place
from models.domain.rights import Action, allowed
from models.domain.step import Batch, Handled, Published
from models.repositories import aftermath, drift, intake
from models.repositories.direct import Direct
from models.tables.catalog import Category
from models.tables.people import Resident, Staff, StaffScope, Tie
from models.tables.places import Building, Community, House
from tests.workflows.desk import (
    CLERK,
    COMMUNITY,
    DISPATCHER,
    KEY,
    LEAD,
    NEIGHBOUR,
    OWNER,
    PHONED,
    TECH,
    TECH2,
    Desk,
    staff,
)
from workflows import names
from workflows.options import AT_ONCE

MANAGER: Final = staff("manager", Role.MANAGER)
CASHIER: Final = staff("cashier", Role.CASHIER)
DEPUTY: Final = Actor(
    **(staff("deputy", Role.TECHNICIAN).model_dump() | {"deputises": [Absentee(id=TECH.id, roles=TECH.roles)]})
)
PEOPLE: Final = (OWNER, NEIGHBOUR, DISPATCHER, TECH, TECH2, DEPUTY, LEAD, CLERK, MANAGER, CASHIER)
EVERYBODY: Final = (*PEOPLE, SYSTEM)

ANSWER_SECONDS: Final = 30.0
"""An answer takes milliseconds, beside an outage of the database some seconds; one that never comes is a bug."""

AGREE_SECONDS: Final = 15.0
TICK_SECONDS: Final = 0.5
"""Between the running out of a clock and whoever it tells."""

QUERY_SECONDS: Final = timedelta(seconds=5)
QUERIES: Final = 6
RARE: Final = frozenset({"comment", "amend", "consent", "cancel", "rejected", "cancelled", "called_off"})
RARELY: Final = 8
PLAIN: Final = ("submitted", "dispatched", "accepted", "in_progress", "finished")
LATE_SEQ: Final = 1000
"""Timeline events from here on belong to no step."""


class Unsteady:
    """The publish, with what is to go wrong at its next attempts: `before` its commit, or `after` it."""

    def __init__(self, projection: Projection) -> None:
        self._publish = projection.publish
        self.faults: list[str] = []
        self._begun = 0.0

    async def at_rest(self) -> None:
        """Until the core's clock for the last attempt has run out. With nothing cached it drops a publish that is under
        way and keeps its clock, which in a worker that has ended by then finds nobody to tell, and prints a panic.
        """
        limit = AT_ONCE["start_to_close_timeout"]
        assert limit is not None
        await asyncio.sleep(max(0.0, self._begun + limit.total_seconds() + TICK_SECONDS - time.monotonic()))

    @activity.defn(name=names.PUBLISH)
    async def publish(self, batch: Batch) -> Published:
        self._begun = time.monotonic()
        fault = self.faults.pop(0) if self.faults else None
        if fault == "before":
            raise ConnectionError("the database is away")
        answer = await self._publish(batch)
        if fault == "after":
            raise ConnectionError("the connection broke after the commit")
        return answer


def activities(engine: Engine, unsteady: Unsteady, projection: Projection) -> list[Callable[..., Any]]:
    """All that an order asks of the outside, as the production worker serves it."""
    groups = Groups(engine)
    return [
        unsteady.publish,
        projection.end,
        Staffing(engine).choose,
        Policies(engine).read_terms,
        Facts([KEY]).verify,
        groups.join,
        groups.fate,
        Quotes(engine).parties,
        Sequels(engine, lambda: None).file_again,
    ]


def move_in(conn: Connection) -> None:
    """The desk's people as rows: two neighbours and everybody who works for them."""
    conn.execute(insert(Community), [{"id": COMMUNITY, "code": "s", "name": "风暴里", "duty_phone": "400"}])
    building = {"id": "bld_1", "community_id": COMMUNITY, "name": "1栋", "units": 1, "floors": 6}
    conn.execute(insert(Building), [building])
    for house, who in (("hse_1", OWNER), ("hse_2", NEIGHBOUR)):
        home = {"id": house, "community_id": COMMUNITY, "building_id": "bld_1", "label": f"1栋1单元{house}"}
        conn.execute(insert(House), [home])
        conn.execute(insert(Resident), [{"id": who.id, "openid": who.id, "name": "王芳"}])
        long_ago = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
        tie = {"resident_id": who.id, "house_id": house, "kind": "owner", "since": long_ago}
        conn.execute(insert(Tie), [tie])
    for person in (one for one in PEOPLE if one.kind == "staff"):
        conn.execute(insert(Staff), [_hired(person)])
        conn.execute(insert(StaffScope), [{"staff_id": person.id, "community_id": COMMUNITY}])
    conn.execute(insert(Category), [{"kind": "repair", "code": "water", "title": "水暖", "skill": "water"}])


def _hired(person: Actor) -> dict[str, Any]:
    return {
        "id": person.id,
        "account": person.id.removeprefix("stf_"),
        "name": person.id,
        "password_hash": "-",
        "team": "engineering",
        "roles": [role.value for role in person.roles],
        "skills": ["water"],
        "active": True,
        "on_duty": True,
    }


class Town:
    """Some orders under way, and everything that can be done to them."""

    def __init__(
        self, desk: Desk, engine: Engine, direct: Direct, unsteady: Unsteady, filings: Sequence[tuple[Actor, Place]]
    ) -> None:
        self.desk, self.engine, self.direct, self.unsteady = desk, engine, direct, unsteady
        self.filings = filings
        self.numbers: list[str] = []
        self.done: Counter[str] = Counter()
        """What was pressed with success."""

    async def begin(self) -> None:
        """New orders, and nothing of the storm before."""
        self.numbers.clear()
        for reporter, place in self.filings:
            await self.file(reporter, place)

    def order(self, which: int) -> str:
        return self.numbers[which % len(self.numbers)]

    async def file(self, reporter: Actor, place: Place) -> None:
        """Taken in by the real statement, then started as the relay starts it."""
        kind = "resident" if reporter.kind == "resident" else "staff"
        order = await self.desk.filed(reporter=Reporter(kind=kind, id=reporter.id), place=place)
        words = intake.Words(place_label="1栋", description="漏水")
        await intake.take_in(self.direct, order, words, update_id=uuid.uuid4().hex, digest="d")
        await self.desk.start(order)
        self.say("UPDATE work_orders SET started_at = now() WHERE number = :n", n=order.number)
        self.numbers.append(order.number)

    # -- pressing -----------------------------------------------------------------------------------------------------

    async def press(self, number: str, who: Actor, action: Action, nth: int) -> None:
        """One act; sent again as a client does who has heard nothing. Any refusal will do, as long as it is typed."""
        body = await self.body_of(number, action, nth)
        key = uuid.uuid4().hex
        for _ in range(2 if nth % 5 == 0 else 1):
            try:
                await asyncio.wait_for(self.send(number, who, action.action, key, body), 2 * ANSWER_SECONDS)
            except WuyouError as refusal:
                assert_typed(refusal)
                return
        self.done[action.outcome or action.action] += 1

    async def plain_step(self, number: str) -> None:
        """The next step of a repair that goes well, so that a storm comes far; refused where it has gone astray."""
        state = await self.state(number)
        self.desk.handle = self.desk.client.get_workflow_handle(number)
        if state.stage in PLAIN and not state.following:
            try:
                await self.desk.step_from(state.stage)
            except WuyouError as refusal:
                assert_typed(refusal)
            else:
                self.done[f"after {state.stage}"] += 1

    async def send(self, number: str, who: Actor, action: str, key: str, body: dict[str, Any]) -> None:
        """As a client does that is told to come back later. Raises the refusal; one that never passes is a bug."""
        end = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                return await self._send_once(number, who, action, key, body)
            except Unavailable:
                assert time.monotonic() < end, f"{action} on {number} stays unavailable"
                await asyncio.sleep(0.05)

    async def _send_once(self, number: str, who: Actor, action: str, key: str, body: dict[str, Any]) -> None:
        """To the workflow; once it has ended, to the locked row."""
        self.desk.handle = self.desk.client.get_workflow_handle(number)
        try:
            await self.desk.send(who, action, key, **body)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            now = await self.desk.now()
            await asyncio.to_thread(self._after_the_end, number, who, action, key, body, now)

    def _after_the_end(
        self, number: str, who: Actor, action: str, key: str, body: dict[str, Any], now: datetime
    ) -> None:
        command = Envelope(actor=who, expires_at=now, digest="d", body=body).open(action)
        with self.engine.begin() as conn:
            aftermath.act_on_ended(conn, number, who, action, command, now, Handled(update_id=key, digest="d"))

    async def button(self, number: str, nth: int) -> tuple[Actor, Action] | None:
        """One of those that somebody sees at this moment; what ends the order or leads nowhere is pressed rarely."""
        state, now = await self.state(number), await self.desk.now()
        seen: dict[tuple[str | None, ...], list[tuple[Actor, Action]]] = {}
        for who in PEOPLE:
            for action in allowed(state, who, now):
                seen.setdefault((action.action, action.outcome, action.task_id), []).append((who, action))
        rare = [key for key in seen if key[0] in RARE or key[1] in RARE]
        usual = [key for key in seen if key not in rare]
        keys = rare if nth % RARELY == 7 or not usual else usual
        if not keys:
            return None
        pairs = seen[keys[nth % len(keys)]]
        return pairs[nth // len(keys) % len(pairs)]

    async def body_of(self, number: str, action: Action, nth: int) -> dict[str, Any]:
        """What somebody types; `nth` chooses among several."""
        now = await self.desk.now()
        said = _words(action.action, nth, now, self._another(number, nth))
        if action.outcome is not None:
            said = {"outcome": action.outcome, "form": _form(action.outcome, nth, now, self._another(number, nth))}
            if nth % 7 == 6:
                said["on_behalf"] = {**PHONED, "photo_ids": ["pho_sheet"]}
        if action.action == "refresh_policy":
            state = await self.state(number)
            said = {"levels": {name: as_json(level) for name, level in state.levels.items()}, "terms": {}}
        return said | ({"task_id": action.task_id} if action.task_id else {})

    def _another(self, number: str, nth: int) -> str:
        """Mostly another order, sometimes the order itself."""
        return self.numbers[(self.numbers.index(number) + nth) % len(self.numbers)]

    async def relay(self) -> None:
        """Send the commands that steps have left in the outbox; each one twice, as by a relay that died in between."""
        for _ in range(10):
            wishes = self.rows("SELECT id, number, body FROM outbox WHERE action = 'command' AND done_at IS NULL")
            for wish in wishes:
                for _ in range(2):
                    try:
                        await self.send(wish.number, SYSTEM, wish.body["update"], wish.id, wish.body["body"])
                    except WuyouError as refusal:
                        assert_typed(refusal)
                self.say("UPDATE outbox SET done_at = now() WHERE id = :id", id=wish.id)
            if not wishes:
                return
        raise AssertionError("followers wake each other for ever")

    # -- what must hold -----------------------------------------------------------------------------------------------

    async def state(self, number: str) -> OrderState:
        """From whom it is true: the workflow while it runs, then the row.

        The SDK's core loses a query that comes while it lets go of a workflow that has just ended.
        """
        handle = self.desk.client.get_workflow_handle(number)
        for _ in range(QUERIES):
            kept = self._kept(number)
            if kept.ended and kept.state is not None:
                return kept.state
            with contextlib.suppress(RPCError):
                return await handle.query(names.SNAPSHOT, result_type=OrderState, rpc_timeout=QUERY_SECONDS)
        raise AssertionError(f"{number} does not answer")

    def _kept(self, number: str) -> Kept:
        with self.engine.connect() as conn:
            kept = drift.kept(conn, number)
        assert kept is not None
        return kept

    async def agrees(self) -> None:
        """Row, tasks, timeline and workflow of every order tell one story, and the orders one about each other."""
        await self.relay()
        for number in self.numbers:
            kept = await self._in_agreement(number)
            assert kept.state is not None
            whole(kept.state)
            self._timeline(kept.state)
            self._tasks(kept.state)
        self._groups()

    async def _in_agreement(self, number: str) -> Kept:
        end = time.monotonic() + AGREE_SECONDS
        while True:
            kept = self._kept(number)
            said = Said(life=Life.RUNNING, order=await self.state(number))
            found = trouble_of(kept, said, await self.desk.now())
            if found is None:
                return kept
            assert time.monotonic() < end, f"{number}: {found}"
            await asyncio.sleep(0.05)

    def _timeline(self, state: OrderState) -> None:
        events = self.rows(
            "SELECT version, stage FROM timeline_events WHERE number = :n AND seq < :late ORDER BY version, seq",
            n=state.number,
            late=LATE_SEQ,
        )
        assert all(event.version <= state.version for event in events)
        stages = [event.stage for event in events if event.stage]
        assert stages[-1] == state.stage
        assert all(after in REPAIR.edges[before] for before, after in pairwise(stages)), stages
        twice = self.rows(
            "SELECT update_id FROM handled_requests WHERE number = :n GROUP BY 1 HAVING count(*) > 1", n=state.number
        )
        assert twice == []

    def _tasks(self, state: OrderState) -> None:
        """A row for each task that was ever opened, each closed once with an outcome."""
        rows = self.rows("SELECT id, closed_at, outcome, kind FROM tasks WHERE number = :n", n=state.number)
        assert {row.id for row in rows} == {f"{state.number}.{nth}" for nth in range(1, state.opened + 1)}
        assert all((row.closed_at is None) == (row.outcome is None) for row in rows)
        assert Counter(row.kind for row in rows if row.closed_at is None).most_common(1)[:1] in (
            [],
            *([(kind, 1)] for kind in REPAIR.tasks),
        )

    def _groups(self) -> None:
        """Nobody follows a follower, nor what is over."""
        wrong = self.rows(
            "SELECT f.number FROM work_orders f JOIN work_orders p ON p.number = f.primary_number"
            " WHERE f.number = ANY(:n) AND f.open"
            " AND (p.primary_number IS NOT NULL OR NOT p.open OR p.finished_at IS NOT NULL)",
            n=self.numbers,
        )
        assert wrong == []

    # -- rows ---------------------------------------------------------------------------------------------------------

    def rows(self, sql: str, **values: Any) -> list[Any]:
        with self.engine.connect() as conn:
            return list(conn.execute(text(sql), values).all())

    def say(self, sql: str, **values: Any) -> None:
        with self.engine.begin() as conn:
            conn.execute(text(sql), values)


def assert_typed(refusal: WuyouError) -> None:
    assert refusal.code in LEAVES


def whole(state: OrderState) -> None:
    """What is true of every repair at every rest."""
    specs = REPAIR.tasks
    on_the_way = [task for task in state.tasks.values() if not specs[task.kind].beside]
    following = state.following is not None
    assert state.stage in REPAIR.edges
    if state.open:
        assert len(on_the_way) == (0 if following else 1), state.tasks
    else:
        assert not following
        assert state.hold is None
    assert (state.hold is not None) == (state.stage == "on_hold")
    assert all(clock.stopped_at is not None for clock in state.clocks.values()) == (not state.open)
    assert not (following and any(clock.running for clock in state.clocks.values()))
    assert state.next_alarm is None or not following
    for task in on_the_way:
        if task.kind in ("accept", "carry_out"):
            assert task.holder == state.assignee


def _form(outcome: str, nth: int, now: datetime, other: str) -> dict[str, Any]:
    """A form that mostly fits; the rules say so where it does not."""
    window = {"from": now + timedelta(hours=1 + nth), "to": now + timedelta(hours=3 + nth)}
    stars = {"result": 1 + nth % 5, "speed": 5, "manner": 4}
    reason = {"reason": "情况有变"}
    forms: dict[str, dict[str, Any]] = {
        "assigned": {"staff": (TECH, TECH2)[nth % 2].id},
        "merged": {"primary": other},
        "referred": {"party": "lift_firm", "contact": "迅达电梯", "follow_up": now + timedelta(days=1)},
        "postponed": {"follow_up": now + timedelta(days=2)},
        "done": {"report": "厂家已修"},
        "accepted": {"appointment": window} if nth % 3 == 0 else {},
        "proposed": {"appointment": window},
        "other_time": {"appointment": window},
        "rebooked": {"appointment": window},
        "finished": {"report": "修好了", "photo_ids": ["pho_1"], "temporary": nth % 2 == 0},
        "no_access": {"note": "无人应门", "photo_ids": ["pho_1"]},
        "out_of_scope": {**reason, "photo_ids": ["pho_1"]},
        "forced_entry": {**reason, "first_witness": LEAD.id, "second_witness": CLERK.id},
        "needs_quote": {"lines": [{"item": "角阀", "quantity": 1 + nth, "price": 4500}]},
        "received": {"amount": 100 * (nth + 1), "method": "cash", "receipt_no": "SJ-1"},
        "fixed": {"rating": stars} if nth % 2 else {},
        "rated": stars,
        "cancelled": {},
        "content": {"note": "业主满意"},
        "discontent": {"note": "业主不满意"},
        "made_good": {"text": "已上门道歉"},
        "objected": reason,
    }
    nothing = ("pool", "arrived", "agreed", "approved")
    return forms.get(outcome, {} if outcome in nothing else reason)


def _words(action: str, nth: int, now: datetime, other: str) -> dict[str, Any]:
    words: dict[str, dict[str, Any]] = {
        "reassign": {"staff": (TECH, TECH2)[nth % 2].id, "reason": "师傅请假"},
        "hold": {
            "reason": ("parts", "reporter", "appointment", "weather")[nth % 4],
            "note": "已电话联系",
            "until": now + timedelta(hours=2 if nth % 3 else 100),
        },
        "hand_over": {"holder": (TECH, TECH2, OWNER)[nth % 3].id, "staff": (None, DEPUTY.id)[nth % 2]},
        "cancel": {"reason": "重复报修"},
        "comment": {"text": "请尽快", "audience": None},
        "amend": {"priority": ("normal", "high", "emergency")[nth % 3], "reason": "看过现场"},
        "consent": {"given_by": "owner", "channel": "phone"},
        "rate": {"result": 1 + nth % 5, "speed": 3, "manner": 3},
        "reply_to_rating": {"text": "谢谢您的评价"},
        "merge": {"primary": other},
        "unmerge": {"reason": "不是同一故障"},
        "join": {"resident": NEIGHBOUR.id},
    }
    return dict(words.get(action, {}))
