"""Copies of what changes, which share what never does.

`model_copy(deep=True)` copies frozen models, working hours and every time as well. It was two fifths of the time that
an action spent in its workflow, and nine tenths of it for nothing.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)


def copied(model: Model) -> Model:
    """A copy that no change of the original reaches: as deep as there are dictionaries, lists and models that are not
    frozen."""
    return model.model_copy(update={name: _copied(value) for name, value in model if _changes(value)})


def _changes(value: Any) -> bool:
    """A tuple of models that change would have to be copied too; the rules keep those in dictionaries."""
    return isinstance(value, dict | list) or (
        isinstance(value, BaseModel) and not value.model_config.get("frozen", False)
    )


def _copied(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return copied(value) if _changes(value) else value
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value
