"""The maps: whole, in words, and drawn as the documents show them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from models.domain import acts, order, words
from models.domain.lifecycles import LIFECYCLES, Lifecycle
from models.domain.lifecycles.diagram import mermaid
from models.domain.numbers import PREFIXES

ROOT = Path(__file__).parents[2]
ALL = pytest.mark.parametrize("lifecycle", LIFECYCLES.values(), ids=list(LIFECYCLES))


@ALL
def test_every_stage_can_be_reached_and_leads_to_an_end(lifecycle: Lifecycle) -> None:
    reached, new = set[str](), {lifecycle.first_stage, *lifecycle.other_first_stages}
    while new:
        reached |= new
        new = {following for stage in new for following in lifecycle.edges[stage]} - reached
    assert reached == set(lifecycle.edges)
    ending = set(lifecycle.ends)
    while more := {stage for stage, following in lifecycle.edges.items() if following & ending} - ending:
        ending |= more
    assert ending == set(lifecycle.edges)


@ALL
def test_what_the_map_names_is_on_the_map(lifecycle: Lifecycle) -> None:
    stages = set(lifecycle.edges)
    named = lifecycle.after_work | lifecycle.reporter_may_cancel | lifecycle.staff_may_cancel | lifecycle.may_hold
    assert named | {lifecycle.cancelled_stage, lifecycle.first_stage, *lifecycle.other_first_stages} <= stages
    assert lifecycle.held_stage in stages or not lifecycle.may_hold
    assert lifecycle.ends <= lifecycle.after_work
    assert lifecycle.first_task in lifecycle.tasks
    for stage in lifecycle.reporter_may_cancel | lifecycle.staff_may_cancel:
        assert lifecycle.cancelled_stage in lifecycle.edges[stage]
    for stage in lifecycle.may_hold:
        assert lifecycle.held_stage in lifecycle.edges[stage]
        assert stage in lifecycle.edges[lifecycle.held_stage]
    for spec in lifecycle.tasks.values():
        assert set(spec.not_by) <= {*lifecycle.tasks, "cancel"}
        assert spec.claim_completes is None or spec.claim_completes in spec.outcomes


@ALL
def test_everything_on_the_map_has_chinese_words(lifecycle: Lifecycle) -> None:
    assert lifecycle.kind in words.KINDS
    assert lifecycle.kind in PREFIXES
    assert set(lifecycle.edges) <= set(words.STAGES)
    assert set(lifecycle.tasks) <= set(words.TASKS)
    outcomes = {outcome for spec in lifecycle.tasks.values() for outcome in spec.outcomes}
    assert outcomes <= set(words.OUTCOMES)
    assert outcomes <= set(words.EVENTS)
    roles = {role for spec in lifecycle.tasks.values() for role in spec.roles}
    assert roles <= set(words.ROLES)


def test_every_event_that_code_records_has_words() -> None:
    source = Path(str(acts.__file__)).read_text(encoding="utf-8")
    recorded = {
        constant.value
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "record"
        for constant in ast.walk(call.args[0])
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str) and constant.value != "system"
    }
    assert len(recorded) > 10
    assert recorded | {"stage"} <= set(words.EVENTS)
    assert set(acts.ACTS) <= set(words.ACTIONS)


def test_every_choice_has_words() -> None:
    assert {str(each) for each in order.Priority} <= set(words.PRIORITIES)
    assert {str(each) for each in order.HoldReason} <= set(words.HOLD_REASONS)
    assert {str(each) for each in order.Source} <= set(words.SOURCES)
    assert {str(each) for each in order.Charge} <= set(words.CHARGES)


@ALL
def test_the_document_shows_the_map_as_it_is(lifecycle: Lifecycle) -> None:
    page = (ROOT / "docs" / "lifecycles" / f"{lifecycle.kind}.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{mermaid(lifecycle)}\n```" in page
    for stage in lifecycle.edges:
        assert f"| `{stage}` | {words.stage(lifecycle.kind, stage)} |" in page
