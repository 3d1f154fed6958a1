"""返修 within thirty days of closing, a makeshift for half a year; everything else is a new matter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models.domain.errors import IllegalTransition
from models.domain.sequels import LASTING_WITHIN, REWORK_WITHIN, Sequel, sequel_of
from tests.domain.samples import NOW, STAGES, in_stage

A_MOMENT = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("stage", "temporary", "within", "sequel"),
    [
        ("closed", False, REWORK_WITHIN, Sequel.REWORK),
        ("closed", True, LASTING_WITHIN, Sequel.LASTING),
        ("finished", True, LASTING_WITHIN, Sequel.LASTING),
    ],
)
def test_what_goes_on_with_it_and_until_when(stage: str, temporary: bool, within: timedelta, sequel: Sequel) -> None:
    order = in_stage(stage).state
    order.temporary = temporary
    assert sequel_of(order, order.entered_at + within) is sequel
    with pytest.raises(IllegalTransition) as refusal:
        sequel_of(order, order.entered_at + within + A_MOMENT)
    assert refusal.value.reason == "rework_too_late"


@pytest.mark.parametrize("stage", sorted(set(STAGES) - {"closed"}))
def test_what_has_not_closed_is_not_done_again(stage: str) -> None:
    with pytest.raises(IllegalTransition) as refusal:
        sequel_of(in_stage(stage).state, NOW)
    assert refusal.value.reason == "rework_after_closing"


@pytest.mark.parametrize("changed", [{"stage": "cancelled", "temporary": True}, {"kind": "complaint"}])
def test_neither_what_was_called_off_nor_another_kind(changed: dict[str, Any]) -> None:
    with pytest.raises(IllegalTransition):
        sequel_of(in_stage("closed").state.model_copy(update=changed), NOW)
