"""Today's code decides again what was decided when these histories were made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, WorkflowRunner

from integrations.temporal import data_converter
from settings import Settings
from tests.replay.save import HISTORIES, RELEASE
from tests.replay.scenarios import SCENARIOS
from tests.workflows.desk import PAYLOAD_KEYS
from workers.registry import BESIDES, WORKFLOWS
from workers.sandbox import sandbox
from workflows.repair import RepairWorkflow

MOST_BYTES = 150_000

KEPT = pytest.mark.parametrize("path", sorted(HISTORIES.glob("*.json")), ids=lambda path: path.stem)


def replayer(runner: WorkflowRunner | None = None) -> Replayer:
    converter = data_converter(Settings(payload_keys=PAYLOAD_KEYS))
    return Replayer(workflows=[*WORKFLOWS, *BESIDES], data_converter=converter, workflow_runner=runner or sandbox())


def number_in(said: Any) -> str:
    """The order's number: replayed under another id, a workflow would be another one."""
    return str(said["events"][0]["workflowExecutionStartedEventAttributes"].get("workflowId", "replayed"))


def history(path: Path) -> WorkflowHistory:
    words = path.read_text(encoding="utf-8")
    return WorkflowHistory.from_json(number_in(json.loads(words)), words)


def test_a_history_of_every_scenario_is_kept() -> None:
    assert {path.stem for path in HISTORIES.glob(f"{RELEASE}-*.json")} == {f"{RELEASE}-{name}" for name in SCENARIOS}


@KEPT
async def test_history_replays(path: Path) -> None:
    await replayer().replay_workflow(history(path))


@KEPT
def test_history_is_small_and_encrypted(path: Path) -> None:
    """What people wrote and who they are is not in the clear."""
    assert path.stat().st_size < MOST_BYTES
    words = path.read_text(encoding="utf-8")
    for secret in ("res_owner", "stf_dispatcher", "还在漏水", "\\u8fd8\\u5728"):
        assert secret not in words


async def test_a_changed_decision_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hasty(self: RepairWorkflow) -> None:
        self.enter("dispatched")

    monkeypatch.setattr(RepairWorkflow, "submitted", hasty)
    outside = UnsandboxedWorkflowRunner()  # A sandbox imports the workflow afresh, and would not see the change.
    with pytest.raises(Exception, match=r"[Nn]ondeterminis"):
        await replayer(outside).replay_workflow(history(HISTORIES / f"{RELEASE}-plain.json"))
