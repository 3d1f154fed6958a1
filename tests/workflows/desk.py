"""A test's view of orders on a real Temporal server.

It files, sends commands as the gateway does, and reads what was published.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import WithStartWorkflowOperation, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.facts import Facts
from models.domain.assignment import Choice
from models.domain.commands import ENVELOPE_LIFE, Envelope
from models.domain.errors import WuyouError, from_payload
from models.domain.following import Fate, Follower, Joined, Joining
from models.domain.lifecycles import LIFECYCLES
from models.domain.numbers import PREFIXES
from models.domain.order import Event, Filing, OrderState, Reporter, new_order
from models.domain.people import Actor, Role
from models.domain.places import Place
from models.domain.quotes import Parties
from models.domain.recipients import Notice
from models.domain.rights import Action
from models.domain.step import Batch, Published
from models.domain.terms import Terms, TermsWanted
from workflows import names, search_attributes
from workflows.human_tasks import Receipt

KEY = b"proof key of the tests"
PAYLOAD_KEYS = {"test": "dGVzdCBrZXkgb2YgdGhpcnR5LXR3byBieXRlcyA6LSk="}
COMMUNITY = "com_1"

OWNER = Actor(kind="resident", id="res_owner")
NEIGHBOUR = Actor(kind="resident", id="res_neighbour")


def staff(name: str, *roles: Role, communities: tuple[str, ...] = (COMMUNITY,)) -> Actor:
    return Actor(kind="staff", id=f"stf_{name}", roles=roles, communities=communities)


DISPATCHER = staff("dispatcher", Role.DISPATCHER)
TECH = staff("tech1", Role.TECHNICIAN)
TECH2 = staff("tech2", Role.TECHNICIAN)
LEAD = staff("lead", Role.LEAD)
CLERK = staff("clerk", Role.CLERK)
GUARD = staff("guard", Role.GUARD)
STRANGER = staff("stranger", Role.DISPATCHER, Role.LEAD, Role.CLERK, Role.TECHNICIAN, communities=("com_2",))

BY_STAFF = Reporter(kind="staff", id=CLERK.id)
GUEST = Reporter(kind="guest", filed_by=CLERK.id)
PHONED = {"channel": "phone", "note": "业主来电", "photo_ids": []}
GARAGE = Place(building_id="bld_1", spot="garage")

WAY = ("dispatched", "accepted", "in_progress", "finished", "closed")
"""The plain way of a repair."""

_serial = itertools.count(1)


class Shelf:
    """Postgres as one order's publish sees it. What a batch does to rows is tested on the real database elsewhere."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.ended = False
        self.gone: set[str] = set()
        """People who have left: whoever of them holds a task is answered as ineligible."""
        self.parties = Parties(owner=OWNER.id)
        """Who owns the house, for a quote."""
        self.down = False
        self.slow = 0.0
        """Seconds that every publish takes. What arrives meanwhile reaches the workflow together, in its next task."""
        self.attempts = 0
        self.choices: list[Choice | None] = []
        """Whom the look at who is there finds, for orders that assign themselves; nobody when nothing is said."""
        self.answers: list[Published | Exception] = []
        """What the next publishes answer instead of success."""
        self.joined = Joined()
        self.asked_to_join: list[Joining] = []
        self.fate = Fate()
        """What the database says about a group. What it decides by is tested on the real one."""

    def take(self, batch: Batch) -> Published:
        self.attempts += 1
        time.sleep(self.slow)
        if self.down:
            raise ConnectionError("the database is away")
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is not None and answer.behind:
            return answer
        self.batches.append(batch)
        if answer is not None:
            return answer
        holders = {task.holder for task in batch.state.tasks.values() if task.holder}
        return Published(ineligible=sorted(holders & self.gone))

    @property
    def state(self) -> OrderState:
        return self.batches[-1].state

    @property
    def events(self) -> list[Event]:
        return [event for batch in self.batches for event in batch.events]

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    @property
    def stages(self) -> list[str]:
        """The stages entered, in order."""
        return [event.stage for event in self.events if event.stage]

    @property
    def handled(self) -> list[str]:
        return [handled.update_id for batch in self.batches for handled in batch.handled]

    def notices(self, kind: str) -> list[Notice]:
        return [notice for batch in self.batches for notice in batch.notices if notice.kind == kind]

    def outcomes(self) -> list[str]:
        return [closed.outcome for batch in self.batches for closed in batch.closed]


class Shelves:
    """The activities that the worker serves: every order has a shelf of its own."""

    def __init__(self) -> None:
        self.of: dict[str, Shelf] = {}
        self.terms = Terms()
        """What an order that asks for its terms again is answered."""
        self.terms_wanted: list[TermsWanted] = []

    @activity.defn(name=names.PUBLISH)
    def publish(self, batch: Batch) -> Published:
        return self.of.setdefault(batch.number, Shelf()).take(batch)

    @activity.defn(name=names.QUOTE_PARTIES)
    def parties(self, number: str) -> Parties:
        return self.of[number].parties

    @activity.defn(name=names.JOIN_GROUP)
    def join(self, question: Joining) -> Joined:
        self.of[question.number].asked_to_join.append(question)
        return self.of[question.number].joined

    @activity.defn(name=names.FATE_OF_FOLLOWER)
    def fate(self, question: Follower) -> Fate:
        return self.of[question.number].fate

    @activity.defn(name=names.READ_TERMS)
    def read_terms(self, wanted: TermsWanted) -> Terms:
        self.terms_wanted.append(wanted)
        return self.terms

    @property
    def served(self) -> list[Callable[..., Any]]:
        facts = Facts([KEY])
        return [
            self.publish,
            self.end,
            self.choose,
            self.join,
            self.fate,
            self.parties,
            self.read_terms,
            self.file_again,
            facts.verify,
        ]

    @activity.defn(name=names.FILE_AGAIN)
    def file_again(self, number: str) -> str:
        return f"{number}-again"

    @activity.defn(name=names.CHOOSE_STAFF)
    def choose(self, number: str) -> Choice | None:
        shelf = self.of.setdefault(number, Shelf())
        time.sleep(shelf.slow)
        if shelf.down:
            raise ConnectionError("the database is away")
        return shelf.choices.pop(0) if shelf.choices else None

    @activity.defn(name=names.END)
    def end(self, number: str) -> None:
        self.of.setdefault(number, Shelf()).ended = True


class Desk:
    """One order at a time, and everybody who may press its buttons."""

    def __init__(self, env: WorkflowEnvironment, shelves: Shelves, queue: str) -> None:
        self.env, self.client, self.shelves, self.queue = env, env.client, shelves, queue
        self.handle: WorkflowHandle[Any, str]
        self._filed: list[WorkflowHandle[Any, str]] = []

    @property
    def number(self) -> str:
        return self.handle.id

    @property
    def shelf(self) -> Shelf:
        return self.shelves.of[self.number]

    async def clear(self) -> None:
        """End what is still open.

        One that is terminated in the middle of a step would stop the server's clock for good.
        """
        for handle in self._filed:
            with contextlib.suppress(RPCError):
                await handle.query(names.SNAPSHOT)
                await handle.terminate()
        self._filed.clear()

    async def now(self) -> datetime:
        return await self.env.get_current_time()

    async def file(self, **filing: Any) -> OrderState:
        """A new order and its workflow, as the relay starts it."""
        order = await self.filed(**filing)
        await self.start(order)
        return order

    async def start(self, order: OrderState) -> None:
        self.handle = await self.client.start_workflow(order.lifecycle.workflow, order, **self._arguments(order))
        self._filed.append(self.handle)

    async def file_with(self, who: Actor, action: str, **filing: Any) -> Receipt:
        """A new order whose first task's command comes before its workflow has begun, as when Temporal was away."""
        body = filing.pop("body", {})
        order = await self.filed(**filing)
        self.handle = self.client.get_workflow_handle(order.number)
        self._filed.append(self.handle)
        start = WithStartWorkflowOperation(
            order.lifecycle.workflow,
            order,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            **self._arguments(order),
        )
        envelope = await self.sealed(who, action, body and {"task_id": f"{order.number}.1", **body})
        receipt: Receipt = await self.client.execute_update_with_start_workflow(
            action, envelope, start_workflow_operation=start, id=uuid.uuid4().hex, result_type=Receipt
        )
        return receipt

    def _arguments(self, order: OrderState) -> dict[str, Any]:
        attributes = search_attributes.at_start(order)
        return {"id": order.number, "task_queue": self.queue, "search_attributes": attributes}

    async def filed(
        self,
        *,
        kind: str = "repair",
        priority: str = "normal",
        reporter: Reporter | None = None,
        place: Place | None = None,
        ago: timedelta = timedelta(0),
        choices: Sequence[Choice | None] = (),
        slow: float = 0.0,
        down: bool = False,
        **more: Any,
    ) -> OrderState:
        """A new order without a workflow, and its shelf."""
        order = new_order(
            Filing(
                number=f"{PREFIXES[kind]}20261122-{next(_serial):05d}",
                kind=kind,
                community_id=COMMUNITY,
                place=place or Place(house_id="hse_1"),
                category="water",
                priority=priority,  # type: ignore[arg-type]
                levels=LIFECYCLES[kind].levels[priority],
                reporter=reporter or Reporter(kind="resident", id=OWNER.id),
                at=await self.now() - ago,
                **more,
            )
        )
        self.shelves.of[order.number] = shelf = Shelf()
        shelf.choices, shelf.slow, shelf.down = list(choices), slow, down
        return order

    async def sealed(self, who: Actor, action: str, body: dict[str, Any], key: bytes = KEY) -> Envelope:
        envelope = Envelope(actor=who, expires_at=await self.now() + ENVELOPE_LIFE, digest="d", body=body)
        return envelope.sealed(key, self.number, action)

    async def deliver(self, action: str, envelope: Any, update_id: str | None = None) -> Receipt:
        """Any envelope, as it is. Raises the refusal that the caller would get."""
        try:
            return await self.handle.execute_update(
                action, envelope, id=update_id or uuid.uuid4().hex, result_type=Receipt
            )
        except WorkflowUpdateFailedError as error:
            refusal = refusal_in(error)
            if refusal is None:
                raise
            raise refusal from error

    async def send(self, who: Actor, action: str, update_id: str | None = None, **body: Any) -> Receipt:
        """As the gateway sends it."""
        return await self.deliver(action, await self.sealed(who, action, body), update_id)

    async def refused(self, who: Actor, action: str, why: str, /, **body: Any) -> WuyouError:
        """The command is refused for this reason, and the order is exactly as before."""
        before = await self.state()
        with pytest.raises(WuyouError) as refusal:
            await self.send(who, action, **body)
        assert refusal.value.reason == why
        assert await self.state() == before
        return refusal.value

    async def state(self) -> OrderState:
        return await self.handle.query(names.SNAPSHOT, result_type=OrderState)

    async def stage(self) -> str:
        return (await self.state()).stage

    async def buttons(self, who: Actor) -> set[str]:
        """The actions offered, an outcome standing for its completion."""
        actions: list[Action] = await self.handle.query(names.ALLOWED, who, result_type=list[Action])
        return {action.outcome or action.action for action in actions}

    async def task(self) -> str:
        """The id of the one open task."""
        (task,) = (await self.state()).tasks
        return task

    async def task_with(self, outcome: str) -> str:
        """The id of the open task that may end so; of the only one, if it may not."""
        state = await self.state()
        specs = state.lifecycle.tasks
        fitting = [task.id for task in state.tasks.values() if outcome in specs[task.kind].outcomes]
        return fitting[0] if fitting else await self.task()

    async def task_of(self, kind: str) -> str:
        """The id of the open task of a kind, where others stand open beside it."""
        task = (await self.state()).task_of(kind)
        assert task is not None, kind
        return task.id

    async def complete(self, who: Actor, outcome: str, on_behalf: dict[str, Any] | None = None, **form: Any) -> Receipt:
        body: dict[str, Any] = {"task_id": await self.task_with(outcome), "outcome": outcome, "form": form}
        return await self.send(who, "complete", **body, **({"on_behalf": on_behalf} if on_behalf else {}))

    async def cannot_complete(self, who: Actor, outcome: str, why: str, /, **form: Any) -> WuyouError:
        body: dict[str, Any] = {"task_id": await self.task_with(outcome), "outcome": outcome, "form": form}
        return await self.refused(who, "complete", why, **body)

    async def on_task(self, who: Actor, action: str, **body: Any) -> Receipt:
        """claim, release, reassign, resume: whatever needs the open task."""
        return await self.send(who, action, task_id=await self.task(), **body)

    async def hold(
        self, who: Actor = TECH, reason: str = "parts", hours: float = 2, note: str | None = None
    ) -> Receipt:
        until = await self.now() + timedelta(hours=hours)
        return await self.on_task(who, "hold", reason=reason, until=until, note=note)

    async def sleep(self, **span: float) -> None:
        """Let the server's clock run: `days=7`. What the order says by itself meanwhile is on its shelf afterwards."""
        await self.env.sleep(timedelta(**span))
        await self.settled()

    async def settled(self) -> None:
        """Until every alarm that has come due has been heard, and all that the workflow knows has been published."""
        end = time.monotonic() + 10
        while not await self._is_settled():
            assert time.monotonic() < end, "the published state stays behind"
            await asyncio.sleep(0.01)

    async def _is_settled(self) -> bool:
        state, now = await self.state(), await self.now()
        heard = state.next_alarm is None or state.next_alarm > now
        return heard and (not self.shelf.batches or state == self.shelf.state)

    async def at(self, stage: str, **filing: Any) -> OrderState:
        """A new order, walked the plain way to a stage."""
        await self.file(**filing)
        await self.walk_to(stage)
        return await self.state()

    async def walk_to(self, stage: str) -> None:
        while (here := await self.stage()) != stage:
            match stage, here:
                case "on_hold", "in_progress":
                    await self.hold()
                case "referred", _:
                    follow_up = await self.now() + timedelta(days=1)
                    firm = {"party": "lift_firm", "contact": "迅达电梯"}
                    await self.complete(DISPATCHER, "referred", follow_up=follow_up, **firm)
                case "quoting", "in_progress":
                    await self.complete(TECH, "needs_quote", lines=[{"item": "角阀", "quantity": 2, "price": 4500}])
                case "rejected", _:
                    await self.complete(DISPATCHER, "rejected", reason="不属于物业范围")
                case "cancelled", _:
                    await self.send(LEAD, "cancel", reason="重复报修")
                case _:
                    await self.step_from(here)

    async def step_from(self, here: str) -> None:
        match here:
            case "submitted":
                await self.complete(DISPATCHER, "assigned", staff=TECH.id)
            case "dispatched":
                await self.complete(TECH, "accepted")
            case "accepted":
                await self.complete(TECH, "arrived")
            case "in_progress":
                await self.complete(TECH, "finished", report="换了垫圈", photo_ids=["pho_1"])
            case "finished":
                await self.complete(OWNER, "fixed")
            case _:
                raise AssertionError(f"the plain way does not go on from {here}")

    async def eventually(self, look: Callable[[], object], seconds: float = 10) -> None:
        """Wait in real time for what the worker does by itself."""
        end = time.monotonic() + seconds
        while not look():
            assert time.monotonic() < end, "it did not happen"
            await asyncio.sleep(0.02)

    async def history_length(self) -> int:
        return len((await self.handle.fetch_history()).events)


def refusal_in(error: WorkflowUpdateFailedError) -> WuyouError | None:
    """What the gateway makes of a failed update; None for anything untyped."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type and cause.details:
        return from_payload(cause.type, cause.details[0])
    return None
