"""Copies of what changes, which share what never does.

`model_copy(deep=True)` copies frozen models, working hours and every time as well. It was two fifths of the time that
an action spent in its workflow, and nine tenths of it for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)
Copy = Callable[[Any], Any]


def copied(model: Model) -> Model:
    """A copy that no change of the original reaches: as deep as there are dictionaries, lists and models that are not
    frozen.
    """
    copy = model.model_copy()
    fields = copy.__dict__
    for name, value in fields.items():
        how = _COPIES[type(value)]
        if how is not None:
            fields[name] = how(value)
    return copy


class _Copies(dict[type, Copy | None]):
    """How values of a type are copied, found out once for each; None for those that never change.

    A tuple of models that change would have to be copied too; the rules keep those in dictionaries.
    """

    def __missing__(self, kind: type) -> Copy | None:
        if issubclass(kind, dict):
            self[kind] = _dict
        elif issubclass(kind, list):
            self[kind] = _list
        else:
            changes = issubclass(kind, BaseModel) and not kind.model_config.get("frozen", False)
            self[kind] = copied if changes else None
        return self[kind]


_COPIES = _Copies()


def _dict(values: dict[Any, Any]) -> dict[Any, Any]:
    return {key: _item(value) for key, value in values.items()}


def _list(values: list[Any]) -> list[Any]:
    return [_item(value) for value in values]


def _item(value: Any) -> Any:
    how = _COPIES[type(value)]
    return value if how is None else how(value)
