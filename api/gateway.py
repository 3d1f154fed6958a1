"""The one door to the workflows: a person's command becomes a sealed envelope in an Update, and its refusal an error
of ours.

Refuses from the projection what is surely lost, so that a stampede on one task costs one Update and not twenty; lets
at most four commands of one order be under way, in the order in which they came.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.engine import EngineWatch
from models.domain import rights
from models.domain.commands import ENVELOPE_LIFE, Envelope
from models.domain.drift import Found, Remedy, Said, Trouble
from models.domain.errors import (
    LEAVES,
    Forbidden,
    NotFound,
    TaskHeldByOther,
    TaskNotOpen,
    Unavailable,
    ValidationFailed,
    WuyouError,
    from_payload,
)
from models.domain.lifecycles import LIFECYCLES
from models.domain.order import OrderState
from models.domain.people import Actor
from models.domain.step import Handled
from models.repositories import aftermath, operations, reading, relaying
from models.repositories.direct import Direct
from models.repositories.live import Announcer
from workflows import remedies, starting, upkeep

RPC_TIMEOUT: Final = timedelta(seconds=8)
"""Past this a person has given up; below it an unlucky sticky worker (1 s) and one slow publish (5 s) still fit."""

LOOK_SECONDS: Final = timedelta(seconds=2)
"""The operator's page shows what does not answer within this time as silent."""

IN_FLIGHT: Final = 4
"""Commands of one order on their way at once. More only queue inside Temporal, where the wait is dearer."""

SURELY_LOST: Final = (TaskNotOpen, TaskHeldByOther, NotFound, Forbidden, ValidationFailed)
"""Refusals that a slightly old projection cannot get wrong: tasks never reopen under their id, scopes and forms do
not move.

All others (a stage, an urge's five minutes) are left to the workflow, which alone knows the present.
"""


@dataclass
class _Gate:
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(IN_FLIGHT))
    users: int = 0


@dataclass(frozen=True)
class Order:
    """A command on its way: who wants what of which order, under which id it may be sent again."""

    number: str
    actor: Actor
    action: str
    body: dict[str, Any]
    update_id: str
    digest: str


@dataclass(frozen=True)
class Standing:
    """What Postgres knew of an order at some moment: its state, whether its workflow waits, lives or has ended."""

    state: OrderState
    started: bool
    ended: bool
    projection_error: str | None


def standing_of(row: reading.Row | None) -> Standing:
    """Raises NotFound for no row."""
    if row is None:
        raise NotFound("order_not_found")
    return Standing(
        state=OrderState.model_validate(row["state"]),
        started=row["started_at"] is not None,
        ended=row["workflow_ended_at"] is not None,
        projection_error=row["projection_error"],
    )


class Gateway:
    """`client` may be lazy: it connects at the first command, so the API starts and files orders while Temporal is
    down."""

    def __init__(self, client: Client, db: Direct, sync_engine: Engine, announcer: Announcer, proof_key: bytes) -> None:
        self._client = client
        self._direct = db
        self._sync_engine = sync_engine
        self._announcer = announcer
        self._proof_key = proof_key
        self._gates: dict[str, _Gate] = {}
        self.watch = EngineWatch(self.reachable)

    async def send(self, order: Order, standing: Standing) -> None:
        """Carry out one command. Returns once its effect is in Postgres.

        `standing` is what the caller has just read; it is read again if the command has to wait for its turn.

        Raises the refusal of the rules; Unavailable when the outcome is unknown or an operator must act, at once while
        Temporal is known to be away.
        """
        try:
            async with asyncio.timeout(RPC_TIMEOUT.total_seconds()) as limit:
                with self.watch.cutting_short(limit):
                    async with self._gate(order.number) as waited:
                        await self._send(order, await self._standing(order.number) if waited else standing)
        except TimeoutError:
            raise Unavailable("engine_down") from None

    async def reachable(self) -> bool:
        """Whether Temporal answers. Never raises."""
        try:
            return await self._client.service_client.check_health(timeout=timedelta(seconds=2))
        except (RPCError, RuntimeError, OSError):
            return False

    async def look(self, number: str) -> Said:
        """What Temporal says about an order's workflow. Raises Unavailable."""
        with _engine_trouble():
            return await upkeep.look(self._client, number, LOOK_SECONDS)

    async def suspects(self, limit: int) -> list[str]:
        """Orders whose workflow fails, and those whose workflow was broken off lately. Raises Unavailable."""
        with _engine_trouble():
            failing = await upkeep.numbers_where(self._client, upkeep.TEMPORAL_REPORTS, limit)
            return failing + await upkeep.numbers_where(self._client, upkeep.BROKEN_OFF, limit)

    async def somebody_works(self) -> bool:
        """Whether there is a worker for the workflows. Raises Unavailable."""
        with _engine_trouble():
            return await upkeep.somebody_works(self._client)

    async def mend(self, remedy: Remedy, number: str, *, break_off: bool) -> None:
        """An operator's remedy. Raises IllegalTransition, Unavailable."""
        now = datetime.now(UTC)
        with _engine_trouble():
            await remedies.apply(self._client, self._sync_engine, remedy, number, now, break_off=break_off)
        self._announcer.wake_relay()

    async def _send(self, order: Order, standing: Standing) -> None:
        now = datetime.now(UTC)
        refuse_what_is_lost(standing.state, order, now)
        if standing.projection_error is not None:
            raise Unavailable("projection_failing")
        if standing.ended:
            await self._act_on_ended(order, now)
        elif not self.watch.up:
            raise Unavailable("engine_down")
        elif not standing.started:
            await self._update_with_start(order, standing.state, now)
        else:
            await self._update(order, now)

    async def _standing(self, number: str) -> Standing:
        return standing_of(await reading.standing(self._direct, number))

    async def _update(self, order: Order, now: datetime) -> None:
        handle = self._client.get_workflow_handle(order.number)
        try:
            await handle.execute_update(
                order.action, self._sealed(order, now), id=order.update_id, rpc_timeout=RPC_TIMEOUT
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise Unavailable("engine_down") from error
            await self._without_workflow(order, now)
        except WorkflowUpdateFailedError as error:
            await self._refused(error, order, now)
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise Unavailable("engine_down") from error

    async def _update_with_start(self, order: Order, state: OrderState, now: datetime) -> None:
        """The relay has not come round yet, or Temporal was away: start the workflow just as the relay would."""
        try:
            await self._client.execute_update_with_start_workflow(
                order.action,
                self._sealed(order, now),
                id=order.update_id,
                start_workflow_operation=await self._start_operation(state),
                rpc_timeout=RPC_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            await self._without_workflow(order, now)
        except RPCError as error:
            raise Unavailable("engine_down") from error
        except WorkflowUpdateFailedError as error:
            await self._refused(error, order, now)
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise Unavailable("engine_down") from error

    async def _start_operation(self, state: OrderState) -> WithStartWorkflowOperation[Any, Any]:
        """The relay's own start: whoever comes first starts the order, the other finds it running."""
        named = await relaying.starting_of(self._direct, state.number)
        summary = starting.summary(state, named.category, named.building)
        return WithStartWorkflowOperation(LIFECYCLES[state.kind].workflow, state, **starting.arguments(state, summary))

    async def _refused(self, error: WorkflowUpdateFailedError, order: Order, now: datetime) -> None:
        """Raise what the workflow refused with. A workflow that ended over the command has left the order to
        Postgres."""
        cause = error.cause
        if isinstance(cause, ApplicationError) and cause.type in LEAVES:
            raise _rebuilt(cause) from error
        await self._without_workflow(order, now)

    async def _without_workflow(self, order: Order, now: datetime) -> None:
        """Temporal has no such workflow running. The row tells which of the reasons it is."""
        standing = await self._standing(order.number)
        if await self._was_carried_out(order):
            return
        if not standing.ended:
            lost = Found(trouble=Trouble.LOST, detail=f"{order.action} found no workflow")
            await operations.note_finding(self._direct, order.number, lost, now)
            raise Unavailable("lost")
        await self._act_on_ended(order, now)

    async def _was_carried_out(self, order: Order) -> bool:
        return await reading.handled_request(self._direct, order.update_id) is not None

    async def _act_on_ended(self, order: Order, now: datetime) -> None:
        state = await asyncio.to_thread(self._in_one_transaction, order, now)
        self._announcer.changed(order.number, state.community_id)
        self._announcer.wake_relay()

    def _in_one_transaction(self, order: Order, now: datetime) -> OrderState:
        command = self._sealed(order, now).open(order.action)
        handled = Handled(update_id=order.update_id, digest=order.digest)
        with self._sync_engine.begin() as conn:
            return aftermath.act_on_ended(conn, order.number, order.actor, order.action, command, now, handled)

    def _sealed(self, order: Order, now: datetime) -> Envelope:
        envelope = Envelope(actor=order.actor, expires_at=now + ENVELOPE_LIFE, digest=order.digest, body=order.body)
        return envelope.sealed(self._proof_key, order.number, order.action)

    @asynccontextmanager
    async def _gate(self, number: str) -> AsyncIterator[bool]:
        """Wait for one's turn; tells whether one had to. asyncio's semaphore is fair, so the order's commands go in as
        they came."""
        gate = self._gates.setdefault(number, _Gate())
        gate.users += 1
        waited = gate.places.locked()
        try:
            async with gate.places:
                yield waited
        finally:
            gate.users -= 1
            if gate.users == 0:
                del self._gates[number]


@contextmanager
def _engine_trouble() -> Iterator[None]:
    try:
        yield
    except (RPCError, WorkflowQueryFailedError, RuntimeError) as error:
        raise Unavailable("engine_down") from error


def refuse_what_is_lost(state: OrderState, order: Order, now: datetime) -> None:
    """Ask the rules about the order as Postgres shows it, and believe them only where an old picture cannot mislead."""
    envelope = Envelope(actor=order.actor, expires_at=now, digest=order.digest, body=order.body)
    command = envelope.open(order.action)
    try:
        rights.CHECKS[order.action](state, order.actor, command, now)
    except SURELY_LOST:
        raise
    except WuyouError:
        return


def _rebuilt(cause: ApplicationError) -> WuyouError:
    payload = dict(cause.details[0]) if cause.details else {}
    return from_payload(str(cause.type), payload)
