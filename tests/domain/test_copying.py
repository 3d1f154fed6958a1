"""A copy of an order is out of reach of everything that happens to the original."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from models.domain.copying import copied
from models.domain.order import OrderState
from tests.domain.samples import NOW, STAGES, in_stage


def is_frozen(model: type[BaseModel]) -> bool:
    return bool(model.model_config.get("frozen"))


def changing(value: Any) -> Iterator[Any]:
    """Everything inside a value that could be changed in place, the value itself included."""
    if isinstance(value, BaseModel) and not is_frozen(type(value)):
        yield value
        for _, item in value:
            yield from changing(item)
    elif isinstance(value, dict | list):
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from changing(item)


@pytest.mark.parametrize("stage", STAGES)
def test_a_copy_is_equal_and_shares_nothing_that_changes(stage: str) -> None:
    state = in_stage(stage).state
    copy = copied(state)
    assert copy == state
    assert {id(part) for part in changing(copy)}.isdisjoint({id(part) for part in changing(state)})


def test_what_happens_to_the_original_stays_there() -> None:
    state = in_stage("in_progress").state
    before = copied(state).model_dump()
    copy = copied(state)
    state.urges.count += 1
    for clock in state.clocks.values():
        clock.due_at += timedelta(hours=1)
    for task in state.tasks.values():
        task.holder = "stf_other"
    state.done_by["accept"] = "stf_other"
    state.tasks.clear()
    state.entered_at = NOW + timedelta(days=1)
    assert copy.model_dump() == before


def types_in(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from types_in(argument)


def models_in(annotation: Any) -> set[type[BaseModel]]:
    return {one for one in types_in(annotation) if isinstance(one, type) and issubclass(one, BaseModel)}


def test_whatever_is_shared_never_changes() -> None:
    """Tuples and frozen models are shared as they are, so nothing inside of them may change either."""
    seen, left = set[type[BaseModel]](), [OrderState]
    while left:
        model = left.pop()
        seen.add(model)
        for name, field in model.model_fields.items():
            shared = [one for one in types_in(field.annotation) if get_origin(one) in (tuple, frozenset)]
            for inner in models_in(field.annotation) if is_frozen(model) else set().union(*map(models_in, shared)):
                assert is_frozen(inner), f"{model.__name__}.{name} shares a {inner.__name__}, which changes"
            left += models_in(field.annotation) - seen
