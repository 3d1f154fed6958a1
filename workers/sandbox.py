"""What orders run in: a sandbox wherever code is tried, and none where it has been tried."""

from __future__ import annotations

from typing import Any

from temporalio.converter import SerializationContext, StorageDriverStoreContext
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import Info, SandboxImportNotificationPolicy


class _Instance(WorkflowInstance):
    """One order in its sandbox.

    The SDK asks it several times per payload which context the payload is encoded in, each time by compiling a line of
    code and running it in the sandbox: two fifths of the worker's event loop, measured. Our converter and codec know no
    contexts, and nothing is stored outside of Temporal, so the answer stands beforehand.
    """

    def __init__(self, sandboxed: WorkflowInstance) -> None:
        self._sandboxed = sandboxed

    def activate(self, act: Any) -> Any:
        return self._sandboxed.activate(act)

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        return None

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        return StorageDriverStoreContext(target=None)

    def get_info(self) -> Info:
        return self._sandboxed.get_info()

    def get_thread_id(self) -> int | None:
        return self._sandboxed.get_thread_id()


class OrdersSandbox(SandboxedWorkflowRunner):
    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Instance(super().create_instance(det))


def sandbox() -> SandboxedWorkflowRunner:
    """Refuses a first-party import that a workflow file forgot to pass through: it would cost 15 MB per cached
    order.
    """
    policy = (
        SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
        | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
    )
    return OrdersSandbox(restrictions=SandboxRestrictions.default.with_import_notification_policy(policy))


def runner(sandboxed: bool) -> WorkflowRunner:
    """For a worker in production, outside by default.

    A sandbox finds out whether code reads the clock or the world where it must not, and all tests run in it. It also
    imports the workflow anew for every order, which was half of what a start cost the worker.
    """
    return sandbox() if sandboxed else UnsandboxedWorkflowRunner()
