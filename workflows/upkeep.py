"""What operators' tools ask of a workflow from outside, the same for the doctor and for the operator's page.

Not imported by any workflow: these are calls of a client.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    GetWorkflowExecutionHistoryReverseRequest,
    ResetWorkflowExecutionRequest,
)
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.common import QueryRejectCondition, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from models.domain.drift import Life, Mark, Said
from models.domain.order import OrderState
from workflows import names
from workflows.starting import arguments

ASK_SECONDS: Final = timedelta(seconds=10)
"""A query replays an order that is not cached, which takes milliseconds; behind a backlog it waits its turn."""

CALL_SECONDS: Final = timedelta(seconds=5)

LAST_EVENTS: Final = 50
"""How far back the cause of a failing step is looked for: it is among the last events, or there is none."""

BROKEN_OFF_WHY: Final = "an operator restarts it from its row"

FIRST_ATTEMPT: Final = 1
"""A task beyond it has failed; the first failure is already the cause that repeats."""

TEMPORAL_REPORTS: Final = "TemporalReportedProblems IS NOT NULL AND ExecutionStatus = 'Running'"
"""The server marks a workflow after five failures of its task in a row."""

BROKEN_OFF: Final = "ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut', 'Canceled')"

_UNANSWERED: Final = frozenset(
    {
        RPCStatusCode.FAILED_PRECONDITION,  # The server itself refuses to ask a workflow whose task has failed thrice.
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,  # So says the client when its own time is over.
    }
)

_LIVES: Final = {
    WorkflowExecutionStatus.RUNNING: Life.RUNNING,
    WorkflowExecutionStatus.CONTINUED_AS_NEW: Life.RUNNING,
    WorkflowExecutionStatus.COMPLETED: Life.COMPLETED,
}
"""Everything else is an end that an order's workflow never comes to by itself."""


async def look(client: Client, number: str, within: timedelta | None = None) -> Said:
    """What Temporal says about an order's workflow. `within` limits how long it may take to answer.

    Raises RPCError when Temporal itself does not answer.
    """
    handle = client.get_workflow_handle(number)
    try:
        order = await handle.query(
            names.SNAPSHOT,
            result_type=OrderState,
            reject_condition=QueryRejectCondition.NOT_OPEN,
            rpc_timeout=within or ASK_SECONDS,
        )
        return Said(life=Life.RUNNING, order=order)
    except WorkflowQueryRejectedError as error:
        return Said(life=_LIVES.get(error.status, Life.BROKEN) if error.status else Life.BROKEN)
    except WorkflowQueryFailedError as error:
        return Said(life=Life.RUNNING, failure=str(error), step_fails=await _failing_run(client, number) is not None)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return Said(life=Life.UNKNOWN)
        if error.status not in _UNANSWERED:
            raise
    try:
        return await _without_answer(client, number)
    except RPCError as error:
        if error.status not in _UNANSWERED:
            raise
        return Said(life=Life.RUNNING)  # A server that is too busy to describe it; nobody has answered, that is all.


async def glance(client: Client, number: str) -> Mark | None:
    """How far a running workflow's history has come; None while a step is under way or fails, or when it has ended.

    Costs a tenth of a question to the workflow, and no worker anything. Raises RPCError.
    """
    try:
        found = await client.get_workflow_handle(number).describe(rpc_timeout=CALL_SECONDS)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND or error.status in _UNANSWERED:
            return None
        raise
    if found.status is not WorkflowExecutionStatus.RUNNING or found.raw_description.HasField("pending_workflow_task"):
        return None
    return Mark(run_id=found.run_id, history_length=found.history_length)


async def _without_answer(client: Client, number: str) -> Said:
    """Nobody answered the query: because its task fails, or because there is no worker."""
    found = await client.get_workflow_handle(number).describe(rpc_timeout=CALL_SECONDS)
    life = _LIVES.get(found.status, Life.BROKEN) if found.status else Life.UNKNOWN
    fails = found.raw_description.pending_workflow_task.attempt > FIRST_ATTEMPT
    if life is not Life.RUNNING or not fails:
        return Said(life=life)
    failed = await _last_failure(client, number)
    cause = await _cause(client, failed) if failed else "its task does not end"
    return Said(life=life, failure=cause, step_fails=_is_own(failed))


async def last_words(client: Client, number: str) -> OrderState:
    """The state with which a workflow ended. Raises RPCError, WorkflowQueryFailedError."""
    said: OrderState = await client.get_workflow_handle(number).query(
        names.SNAPSHOT, result_type=OrderState, rpc_timeout=ASK_SECONDS
    )
    return said


async def republish(client: Client, number: str) -> None:
    """Have it publish its whole state. Raises RPCError."""
    await client.get_workflow_handle(number).signal(names.REPUBLISH, rpc_timeout=CALL_SECONDS)


async def retry(client: Client, number: str) -> bool:
    """Try the failing step again now: by itself Temporal would wait for up to ten minutes.

    The workflow goes on from the last step that succeeded, in a new run that keeps all signals and updates. False when
    nothing failed. Raises RPCError.
    """
    failed = await _last_failure(client, number)
    if failed is None:
        return False
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=number),
            reason="an operator tries the failing step again",
            workflow_task_finish_event_id=failed.event_id,
            # Pressed twice, it is one reset.
            request_id=f"retry-{number}-{failed.event_id}-{failed.event_time.ToNanoseconds()}",
        ),
        timeout=CALL_SECONDS,
    )
    return True


async def break_off(client: Client, number: str) -> bool:
    """End a workflow whose own step fails, so that it can be restarted. One that does not fail is left alone: False.
    One that has ended already needs nothing more. Raises RPCError.
    """
    handle = client.get_workflow_handle(number)
    try:
        if (await handle.describe(rpc_timeout=CALL_SECONDS)).status is not WorkflowExecutionStatus.RUNNING:
            return True
        run = await _failing_run(client, number)
        if run is None:
            return False
        # This very run: a new one, which somebody has just started, is not the one that fails.
        broken = client.get_workflow_handle(number, run_id=run)
        await broken.terminate(reason=BROKEN_OFF_WHY, rpc_timeout=CALL_SECONDS)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    return True


async def restart(client: Client, order: OrderState, summary: str) -> None:
    """Start a lost workflow anew from what Postgres holds; one that runs after all is left alone. Raises RPCError."""
    how: dict[str, Any] = arguments(order, summary)
    how["id_reuse_policy"] = WorkflowIDReusePolicy.ALLOW_DUPLICATE
    await client.start_workflow(order.lifecycle.workflow, order, **how, rpc_timeout=CALL_SECONDS)


async def numbers_where(client: Client, query: str, limit: int) -> list[str]:
    """The orders whose workflows Temporal finds so, the latest first, each once. Raises RPCError."""
    found = client.list_workflows(query, limit=limit, rpc_timeout=CALL_SECONDS)
    return list(dict.fromkeys([each.id async for each in found]))


async def somebody_works(client: Client) -> bool:
    """Whether a worker has asked for orders lately; the server remembers it for five minutes. Raises RPCError."""
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=names.ORDERS),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        ),
        timeout=CALL_SECONDS,
    )
    return bool(answer.pollers)


async def _failing_run(client: Client, number: str) -> str | None:
    """The running run whose own code fails, again and again; None for any other."""
    found = await client.get_workflow_handle(number).describe(rpc_timeout=CALL_SECONDS)
    if found.raw_description.pending_workflow_task.attempt <= FIRST_ATTEMPT:
        return None
    return found.run_id if _is_own(await _last_failure(client, number)) else None


def _is_own(failed: HistoryEvent | None) -> bool:
    return failed is not None and failed.HasField("workflow_task_failed_event_attributes")


async def _last_failure(client: Client, number: str) -> HistoryEvent | None:
    answer = await client.workflow_service.get_workflow_execution_history_reverse(
        GetWorkflowExecutionHistoryReverseRequest(
            namespace=client.namespace,
            execution=WorkflowExecution(workflow_id=number),
            maximum_page_size=LAST_EVENTS,
        ),
        timeout=CALL_SECONDS,
    )
    for event in answer.history.events:
        if event.HasField("workflow_task_completed_event_attributes"):
            return None
        if event.HasField("workflow_task_failed_event_attributes"):
            return event
        if event.HasField("workflow_task_timed_out_event_attributes"):
            return event
    return None


async def _cause(client: Client, failed: HistoryEvent) -> str:
    if not _is_own(failed):
        return "its task timed out"
    failure = failed.workflow_task_failed_event_attributes.failure
    return str(await client.data_converter.decode_failure(failure))
