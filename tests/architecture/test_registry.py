"""Nothing of ours is forgotten where the worker is composed."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
import textwrap
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

import workflows
from models.domain.acts import ACTS
from models.domain.commands import COMMANDS
from models.domain.lifecycles import LIFECYCLES
from models.domain.rights import CHECKS
from models.domain.words import ACTIONS
from workers.registry import BESIDES, WORKFLOWS
from workers.sandbox import sandbox
from workflows.work_order import WorkOrderWorkflow


def defined() -> set[type]:
    modules = [importlib.import_module(f"workflows.{found.name}") for found in pkgutil.iter_modules(workflows.__path__)]
    classes = {each for module in modules for _, each in inspect.getmembers(module, inspect.isclass)}
    ours = {
        each for each in classes if each.__module__.startswith("workflows.") and issubclass(each, WorkOrderWorkflow)
    }
    return {each for each in ours if workflow._Definition.from_class(each) is not None}


def test_every_workflow_is_registered() -> None:
    assert not defined() & set(BESIDES)
    assert defined() == set(WORKFLOWS)
    names = {workflow._Definition.must_from_class(each).name for each in WORKFLOWS}
    assert names == {lifecycle.workflow for lifecycle in LIFECYCLES.values()}


@pytest.mark.parametrize("registered", WORKFLOWS, ids=lambda each: each.__name__)
def test_every_command_has_a_handler_a_check_an_act_and_a_word(registered: type) -> None:
    handlers = workflow._Definition.must_from_class(registered).updates
    assert set(COMMANDS) == set(CHECKS) == set(ACTS) == set(ACTIONS) == set(handlers)
    assert all(handler.validator for handler in handlers.values())


@pytest.mark.parametrize("lifecycle", LIFECYCLES.values(), ids=list(LIFECYCLES))
def test_every_stage_that_waits_is_a_method_of_its_workflow(lifecycle: object) -> None:
    (registered,) = [
        each
        for each in WORKFLOWS
        if workflow._Definition.must_from_class(each).name == lifecycle.workflow  # type: ignore[attr-defined]
    ]
    waiting = set(lifecycle.edges) - lifecycle.ends - {lifecycle.held_stage}  # type: ignore[attr-defined]
    assert {stage for stage in waiting if not inspect.iscoroutinefunction(getattr(registered, stage, None))} == set()


async def test_the_sandbox_refuses_an_import_that_was_not_passed_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such an import would cost 15 MB for every cached order."""
    (tmp_path / "forgetful.py").write_text(
        textwrap.dedent(
            """
            from temporalio import workflow
            {imports}

            @workflow.defn
            class Forgetful:
                @workflow.run
                async def run(self) -> None: ...
            """
        ).format(imports="import models.domain.words"),
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    forgetful = importlib.import_module("forgetful")
    runner = sandbox()
    assert isinstance(runner, SandboxedWorkflowRunner)
    definition = workflow._Definition.must_from_class(forgetful.Forgetful)
    try:
        with pytest.raises(Exception, match=r"models\.domain\.words"):
            runner.prepare_workflow(definition)
    finally:
        sys.modules.pop("forgetful", None)
    for registered in [*WORKFLOWS, *BESIDES]:
        runner.prepare_workflow(workflow._Definition.must_from_class(registered))
