"""What is wrong when Postgres and a workflow disagree, the gravest cause first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models.domain.drift import REMEDIES, START_PATIENCE, Kept, Laid, Life, Remedy, Said, Trouble, shown, trouble_of
from models.domain.order import OrderState
from tests.domain.samples import NOW as FILED
from tests.domain.samples import filed

NOW = FILED + timedelta(hours=1)
RUNNING = Said(life=Life.RUNNING, order=filed())


def kept(state: OrderState, /, **changed: Any) -> Kept:
    facts = {
        "number": state.number,
        "community_id": state.community_id,
        "submitted_at": state.submitted_at,
        "started": True,
        "ended": False,
        "refused": None,
        "columns": shown(state),
        "state": state,
        "tasks": {task.id: Laid(holder=task.holder, rank=state.rank) for task in state.tasks.values()},
    }
    return Kept(**{**facts, **changed})


def trouble(row: Kept, said: Said | None) -> Trouble | None:
    found = trouble_of(row, said, NOW)
    return found.trouble if found else None


def test_what_agrees_has_no_trouble() -> None:
    state = filed()
    assert trouble(kept(state), Said(life=Life.RUNNING, order=state.model_copy(deep=True))) is None


def test_updates_of_one_history_are_nobodys_business() -> None:
    state = filed()
    counted = state.model_copy(update={"handled_updates": 7})
    assert trouble(kept(state), Said(life=Life.RUNNING, order=counted)) is None


@pytest.mark.parametrize(
    ("changed", "said", "expected"),
    [
        ({"started": False}, None, Trouble.WAITING),
        ({}, None, Trouble.LOST),
        ({}, Said(life=Life.UNKNOWN), Trouble.LOST),
        ({}, Said(life=Life.BROKEN), Trouble.LOST),
        ({}, Said(life=Life.COMPLETED), Trouble.ENDED),
        ({"refused": "a rule"}, Said(life=Life.RUNNING, failure="KeyError"), Trouble.FAILING),
        ({}, Said(life=Life.RUNNING), Trouble.SILENT),
        ({"refused": "a rule"}, Said(life=Life.RUNNING, order=filed()), Trouble.REFUSED),
        ({}, Said(life=Life.RUNNING, order=filed().model_copy(update={"version": 9})), Trouble.BEHIND),
        ({}, Said(life=Life.RUNNING, order=filed().model_copy(update={"holds": 1})), Trouble.ROW),
        ({"columns": {**shown(filed()), "urged": 3}}, Said(life=Life.RUNNING, order=filed()), Trouble.ROW),
        ({"state": None}, Said(life=Life.RUNNING, order=filed()), Trouble.ROW),
        ({"tasks": dict.fromkeys(filed().tasks, Laid(holder=None, rank=0))}, RUNNING, Trouble.TASKS),
        ({"tasks": {}}, Said(life=Life.RUNNING, order=filed()), Trouble.TASKS),
        ({"ended": True, "columns": {**shown(filed()), "open": False}}, Said(life=Life.COMPLETED), None),
        ({"ended": True}, Said(life=Life.COMPLETED), Trouble.ENDED),
    ],
)
def test_the_gravest_cause_counts(changed: dict[str, Any], said: Said | None, expected: Trouble | None) -> None:
    assert trouble(kept(filed(), **changed), said) is expected


def test_a_start_may_take_a_moment() -> None:
    waiting = kept(filed(), started=False)
    assert trouble_of(waiting, None, waiting.submitted_at + START_PATIENCE) is None


def test_every_trouble_has_a_remedy_or_goes_away_by_itself() -> None:
    assert {trouble for trouble in Trouble if REMEDIES[trouble] is None} == {Trouble.SILENT}
    assert set(REMEDIES.values()) - {None} == set(Remedy)
