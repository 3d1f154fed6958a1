"""What an outbox row asks of Temporal: start an order, start an effect, send a command of the system's.

Every call carries the row's id, and what already exists counts as done. So a row may be carried out any number of
times.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    ActivityIDConflictPolicy,
    ActivityIDReusePolicy,
    Priority,
    RetryPolicy,
)
from temporalio.exceptions import ActivityAlreadyStartedError, ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from models.domain.commands import ENVELOPE_LIFE, Envelope, Fact
from models.domain.errors import Unavailable
from models.domain.order import OrderState
from models.domain.people import SYSTEM
from models.repositories.relaying import Starting
from models.repositories.rows_of import RANK_EMERGENCY
from workflows import names
from workflows.starting import URGENT, USUAL, summary
from workflows.starting import arguments as starting_arguments

RPC_SECONDS: Final = timedelta(seconds=5)
"""Starting takes milliseconds; a server that needs longer is treated as away, and the row stays."""

COMMAND_SECONDS: Final = timedelta(seconds=20)
"""An Update answers when its branch has come to rest, which may take a publish and its retries."""

EFFECT_LIFE: Final = timedelta(hours=24)
"""A message a day late helps nobody: from then on it is in the message centre only."""

ATTEMPT_SECONDS: Final = timedelta(minutes=2)
"""Two channels with a new token each and an SMS, of eleven seconds per call; or a photo of ten megabytes both ways."""

EFFECT_RETRIES: Final = RetryPolicy(
    # WeChat's outages last minutes and its quotas a day; five minutes between attempts is bearable for both.
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(minutes=5),
)

EFFECTS: Final[Mapping[str, str]] = {"notice": names.DELIVER_NOTICE, "photo": names.FINALISE_PHOTO}
"""Outbox action → activity. Both take one id."""

BEGUN_AFTER_ATTEMPTS: Final = 3
"""A command may be written before its order's workflow has begun. After two more attempts, three seconds later, one
that Temporal does not know has ended.
"""

_OUTAGES: Final = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.ABORTED,
        RPCStatusCode.UNKNOWN,
        RPCStatusCode.INTERNAL,
    }
)


class EngineDown(Exception):
    """Temporal did not take the call. Nothing is wrong with the row."""


class Moot(Exception):
    """The row can never be carried out, and need not: the order has ended, or the rules refuse."""


class Row(Protocol):
    """A leased outbox row."""

    @property
    def id(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def number(self) -> str | None: ...
    @property
    def rank(self) -> int: ...
    @property
    def attempts(self) -> int: ...
    @property
    def body(self) -> dict[str, Any]: ...


def subject_of(row: Row) -> str:
    """The id of the notice or photo that an effect is about. A second wish for one has a row id of its own."""
    return str(row.body.get(row.action, row.id))


class Errands:
    def __init__(self, client: Client, proof_key: bytes | None) -> None:
        self._client = client
        self._proof_key = proof_key

    async def carry_out(self, row: Row, starting: Starting | None) -> None:
        """Raises EngineDown, Moot; anything else is a fault of this one row. `starting` belongs to a start."""
        try:
            if row.action == "start":
                await self._start(row, starting)
            elif row.action == "command":
                await self._command(row)
            elif row.action == "fact":
                await self._fact(row)
            else:
                await self._effect(row)
        except (WorkflowAlreadyStartedError, ActivityAlreadyStartedError):
            return
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise EngineDown(str(error)) from error
        except RPCError as error:
            if error.status in _OUTAGES:
                raise EngineDown(f"{error.status.name}: {error.message}") from error
            raise

    async def _start(self, row: Row, starting: Starting | None) -> None:
        if starting is None:
            raise Moot("there is no such order")
        order = OrderState.model_validate(starting.state)
        await self._client.start_workflow(
            order.lifecycle.workflow,
            order,
            **starting_arguments(order, summary(order, starting.category, starting.building)),
            # The answer brings the first task along, for the worker that lives in this process: Temporal need not write
            # it down, look for a worker and wake it. Where it cannot, the task goes the usual way.
            request_eager_start=True,
            rpc_timeout=RPC_SECONDS,
        )

    async def _effect(self, row: Row) -> None:
        activity = EFFECTS[row.action]
        await self._client.start_activity(
            activity,
            subject_of(row),
            id=row.id,
            task_queue=names.EFFECTS,
            id_reuse_policy=ActivityIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=ActivityIDConflictPolicy.USE_EXISTING,
            schedule_to_close_timeout=EFFECT_LIFE,
            start_to_close_timeout=ATTEMPT_SECONDS,
            retry_policy=EFFECT_RETRIES,
            priority=Priority(priority_key=URGENT if row.rank == RANK_EMERGENCY else USUAL),
            rpc_timeout=RPC_SECONDS,
        )

    async def _fact(self, row: Row) -> None:
        """`body`: {"signal": name, "id": the event's own, "at"}. Told twice it changes nothing more."""
        if self._proof_key is None or row.number is None:
            raise Moot("a fact needs an order and a proof key")
        name = str(row.body["signal"])
        fact = Fact(id=str(row.body["id"]), at=datetime.fromisoformat(row.body["at"]))
        handle = self._client.get_workflow_handle(row.number)
        try:
            await handle.signal(name, fact.sealed(self._proof_key, row.number, name), rpc_timeout=RPC_SECONDS)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND or row.attempts < BEGUN_AFTER_ATTEMPTS:
                raise
            raise Moot("the order has ended") from error

    async def _command(self, row: Row) -> None:
        """`body`: {"update": name, "body": the command}. What the rules refuse, they will refuse again."""
        if self._proof_key is None or row.number is None:
            raise Moot("a command needs an order and a proof key")
        update, body = str(row.body["update"]), dict(row.body["body"])
        envelope = Envelope(
            actor=SYSTEM,
            expires_at=datetime.now(UTC) + ENVELOPE_LIFE,
            digest=hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest(),
            body=body,
        )
        handle = self._client.get_workflow_handle(row.number)
        try:
            await handle.execute_update(
                update,
                envelope.sealed(self._proof_key, row.number, update),
                id=row.id,
                rpc_timeout=COMMAND_SECONDS,
            )
        except WorkflowUpdateFailedError as error:
            if isinstance(error.cause, ApplicationError) and error.cause.type == Unavailable.code:
                raise  # An operator has to act first; what the order will say then, nobody knows yet.
            raise Moot(str(error.cause)) from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND and row.attempts >= BEGUN_AFTER_ATTEMPTS:
                raise Moot("the order has ended") from error
            raise
