"""A test's view of one order on a real Temporal server: it files, sends commands as the gateway does, and reads what was published."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from models.domain.commands import ENVELOPE_LIFE, Envelope
from models.domain.errors import WuyouError, from_payload
from models.domain.lifecycles.repair import LEVELS
from models.domain.order import Filing, OrderState, Reporter, new_order
from models.domain.people import Actor, Role
from models.domain.places import Place
from models.domain.step import Batch, Published
from workers.temporal import orders_worker
from workflows import names, proof_keys, search_attributes
from workflows.repair import RepairWorkflow

KEY = b"proof key of the tests"
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
STRANGER = staff("stranger", Role.DISPATCHER, Role.LEAD, Role.CLERK, communities=("com_2",))

_serial = itertools.count(1)


class Shelf:
    """Postgres as publish sees it, in memory: what a batch must do there is tested on the real database elsewhere."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.ended: list[str] = []
        self.ineligible: list[str] = []

    @activity.defn(name=names.PUBLISH)
    def publish(self, batch: Batch) -> Published:
        self.batches.append(batch)
        away = [task.holder for task in batch.state.tasks.values() if task.holder in self.ineligible]
        return Published(ineligible=[holder for holder in away if holder])

    @activity.defn(name=names.END)
    def end(self, number: str) -> None:
        self.ended.append(number)

    @property
    def state(self) -> OrderState:
        return self.batches[-1].state

    def events(self) -> list[str]:
        return [event.kind for batch in self.batches for event in batch.events]

    def stages(self) -> list[str]:
        return [event.stage for batch in self.batches for event in batch.events if event.stage]

    def notices(self, kind: str) -> list[Any]:
        return [notice for batch in self.batches for notice in batch.notices if notice.kind == kind]


class Desk:
    """One order, and everybody who may press its buttons."""

    def __init__(self, env: WorkflowEnvironment, client: Client, shelf: Shelf, queue: str) -> None:
        self.env, self.client, self.shelf, self.queue = env, client, shelf, queue
        self.handle: WorkflowHandle[RepairWorkflow, str]

    async def file(
        self,
        *,
        priority: str = "normal",
        reporter: Reporter | None = None,
        place: Place | None = None,
        at: datetime | None = None,
    ) -> OrderState:
        now = at or await self.env.get_current_time()
        order = new_order(
            Filing(
                number=f"BX20261122-{next(_serial):05d}",
                kind="repair",
                community_id=COMMUNITY,
                place=place or Place(house_id="hse_1"),
                category="water",
                priority=priority,  # type: ignore[arg-type]
                levels=LEVELS[priority],
                reporter=reporter or Reporter(kind="resident", id=OWNER.id),
                at=now,
            )
        )
        self.handle = await self.client.start_workflow(
            RepairWorkflow.run,
            order,
            id=order.number,
            task_queue=self.queue,
            search_attributes=search_attributes.at_start(order),
        )
        return order

    async def send(self, who: Actor, action: str, key: str | None = None, **body: Any) -> dict[str, Any]:
        """As the gateway sends it. Raises the refusal that the caller would get."""
        now = await self.env.get_current_time()
        envelope = Envelope(actor=who, expires_at=now + ENVELOPE_LIFE, digest="d", body=body)
        sealed = envelope.sealed(KEY, self.handle.id, action)
        try:
            answer: dict[str, Any] = await self.handle.execute_update(action, sealed, id=key or uuid.uuid4().hex)
        except WorkflowUpdateFailedError as error:
            raise refusal_in(error) from error
        return answer

    async def state(self) -> OrderState:
        return await self.handle.query(RepairWorkflow.snapshot)

    async def task(self) -> str:
        """The id of the one open task."""
        (task,) = (await self.state()).tasks
        return task

    async def complete(self, who: Actor, outcome: str, on_behalf: dict[str, Any] | None = None, **form: Any) -> dict[str, Any]:
        behalf = {"on_behalf": on_behalf} if on_behalf else {}
        return await self.send(who, "complete", task_id=await self.task(), outcome=outcome, form=form, **behalf)

    async def sleep(self, span: timedelta) -> None:
        await self.env.sleep(span)

    async def to_stage(self, stage: str) -> None:
        """Walk the plain way to a stage."""
        for step in ("dispatched", "accepted", "in_progress", "finished", "closed"):
            if (await self.state()).stage == stage:
                return
            await self.walk(step)
        assert (await self.state()).stage == stage

    async def walk(self, step: str) -> None:
        match step:
            case "dispatched":
                await self.complete(DISPATCHER, "assigned", staff=TECH.id)
            case "accepted":
                await self.complete(TECH, "accepted")
            case "in_progress":
                await self.complete(TECH, "arrived")
            case "finished":
                await self.complete(TECH, "finished", report="换了垫圈", photo_ids=["pho_1"])
            case "closed":
                await self.complete(OWNER, "fixed")


def refusal_in(error: WorkflowUpdateFailedError) -> WuyouError:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type and cause.details:
        return from_payload(cause.type, cause.details[0])
    raise error


@asynccontextmanager
async def open_desk(env: WorkflowEnvironment) -> AsyncIterator[Desk]:
    """A worker on a queue of its own."""
    proof_keys.use([KEY])
    shelf, queue = Shelf(), f"orders-{uuid.uuid4().hex[:8]}"
    async with orders_worker(env.client, [shelf.publish, shelf.end], queue):
        yield Desk(env, env.client, shelf, queue)

