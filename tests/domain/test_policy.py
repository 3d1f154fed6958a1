"""A community's settings: which promise counts, and which settings make no sense."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from integrations.holidays import announced
from models.domain.clocks import ClockName, Level
from models.domain.errors import ValidationFailed
from models.domain.lifecycles.repair import LEVELS
from models.domain.order import Priority
from models.domain.policy import RANGE_AT_MOST, DayRange, Policy, levels_for, refuse_unknown_promises, terms_for
from models.domain.terms import Terms
from tests.domain.samples import NOW


def promise(minutes: int, category: str | None = None, **more: Any) -> dict[str, Any]:
    said = {"kind": "repair", "category": category, "priority": "normal", "clock": "accept"}
    return said | {"limit": timedelta(minutes=minutes), "around_the_clock": True} | more


def levels(*promises: dict[str, Any], own: dict[str, dict[str, int]] | None = None) -> Any:
    policy = Policy.model_validate({"promises": promises})
    return levels_for(policy, "repair", "lift", Priority.NORMAL, own or {})


@pytest.mark.parametrize(
    ("promises", "own", "minutes"),
    [
        ([], {}, 30),
        ([promise(20)], {}, 20),
        ([promise(20)], {"normal": {"accept": 2400}}, 40),
        ([promise(20), promise(10, "lift")], {"normal": {"accept": 2400}}, 10),
        ([promise(10, "lift"), promise(20)], {}, 10),
        ([promise(10, "water")], {}, 30),
        ([promise(10, priority="high")], {"high": {"accept": 60}}, 30),
        ([promise(10, kind="complaint")], {}, 30),
    ],
)
def test_the_most_particular_promise_counts(promises: Any, own: Any, minutes: int) -> None:
    found = levels(*promises, own=own)
    assert found[ClockName.ACCEPT].limit == timedelta(minutes=minutes)
    assert {name: found[name] for name in (ClockName.ARRIVE, ClockName.FINISH)} == {
        name: LEVELS["normal"][name] for name in (ClockName.ARRIVE, ClockName.FINISH)
    }


def test_a_promise_says_itself_whether_it_counts_around_the_clock() -> None:
    assert levels(promise(20))[ClockName.ACCEPT] == Level(limit=timedelta(minutes=20), around_the_clock=True)
    own = {"normal": {"accept": 60}}
    assert levels(own=own)[ClockName.ACCEPT] == Level(limit=timedelta(minutes=1), around_the_clock=False)


def test_a_clock_that_the_kind_does_not_have_is_never_added() -> None:
    assert set(levels(promise(20, clock="answer"), promise(10, "lift", clock="reply"))) == set(LEVELS["normal"])


@pytest.mark.parametrize("wrong", [{"kind": "picnic"}, {"clock": "answer"}])
def test_a_promise_that_nobody_could_keep_is_refused_by_its_place(wrong: dict[str, str]) -> None:
    refuse_unknown_promises(Policy.model_validate({"promises": [promise(20)]}))
    with pytest.raises(ValidationFailed) as refusal:
        refuse_unknown_promises(Policy.model_validate({"promises": [promise(20), promise(20, **wrong)]}))
    assert [error["field"] for error in refusal.value.errors] == ["promises.1.clock"]


@pytest.mark.parametrize(
    "settings",
    [
        {"week": [""] * 7},
        {"week": ["08:00-12:00"] * 6},
        {"ladder": []},
        {"ladder": [{"share": 0.5, "role": "lead"}, {"share": 0.5, "role": "manager"}]},
        {"ladder": [{"share": -0.1, "role": "lead"}]},
        {"warn_at": 0.96},
        {"call_back_share": 1.01},
        {"open_orders_at_most": 0},
        {"quote_owner_above": -1},
        {"promises": [promise(0)]},
        {"closures": [{"first": "2026-01-02", "last": "2026-01-01"}]},
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate(settings)


def test_days_in_a_row_have_both_ends_and_an_end() -> None:
    first = NOW.date()
    last = first + RANGE_AT_MOST - timedelta(days=1)
    assert len(list(DayRange(first=first, last=last).days())) == RANGE_AT_MOST.days
    with pytest.raises(ValidationError):
        DayRange(first=first, last=last + timedelta(days=1))


def test_an_order_carries_the_settings_it_was_promised_by() -> None:
    given = {"warn_at": 0.5, "ladder": [{"share": 0.2, "role": "manager"}], "hold_without_lead": "PT5H"}
    policy = Policy.model_validate({**given, "closures": [{"first": "2026-11-30", "last": "2026-11-30"}]})
    terms = terms_for(policy, announced(), since=NOW, now=NOW)
    assert (terms.warn_at, terms.ladder) == (0.5, policy.ladder)
    assert terms.hold_without_lead == timedelta(hours=5)
    assert terms.calendar is not None
    assert policy.closures[0].first in terms.calendar.off
    assert terms.calendar.known_until == announced().known_until
    free = terms_for(policy.model_copy(update={"keeps_holidays": False}), announced(), since=NOW, now=NOW)
    assert free.calendar is not None
    assert free.calendar.known_until.year == NOW.year + 1, "who keeps no holidays waits for no announcement"
    assert free.calendar.off == (policy.closures[0].first,)
    assert Terms().calendar is None
