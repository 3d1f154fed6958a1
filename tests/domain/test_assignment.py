"""Who may have work, and who gets it by itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain import words
from models.domain.assignment import Candidate, Why, bars, choose, hindrances, preference


def person(account: str = "tech1", **facts: Any) -> Candidate:
    fits = {
        "active": True,
        "in_role": True,
        "in_scope": True,
        "absent": False,
        "on_duty": True,
        "skilled": True,
        "open_orders": 0,
        "cap": 5,
    }
    return Candidate(id=f"stf_{account}", account=account, **fits | facts)


PEOPLE = st.lists(
    st.builds(
        person,
        account=st.sampled_from("abcdefgh"),
        absent=st.booleans(),
        on_duty=st.booleans(),
        skilled=st.booleans(),
        in_scope=st.booleans(),
        open_orders=st.integers(0, 8),
    ),
    unique_by=lambda one: one.account,
)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"active": False}, Why.LEFT),
        ({"in_role": False}, Why.ROLE),
        ({"in_scope": False}, Why.OUT_OF_SCOPE),
        ({"absent": True}, Why.ABSENT),
        ({"open_orders": 5}, Why.AT_CAP),
    ],
)
def test_nobody_gives_work_to_somebody_barred(facts: dict[str, Any], why: Why) -> None:
    assert bars(person(**facts), emergency=False) == [why]
    assert choose([person(**facts)], emergency=False) is None
    assert bars(person(), emergency=False) == []
    assert why in words.WHY_NOT


def test_a_dispatcher_may_see_past_what_keeps_an_order_from_assigning_itself() -> None:
    idle = person(on_duty=False, skilled=False)
    assert bars(idle, emergency=False) == []
    assert hindrances(idle, emergency=False) == [Why.OFF_DUTY, Why.UNSKILLED]


def test_an_emergency_does_not_ask_how_much_somebody_has() -> None:
    busy = person(open_orders=9)
    assert choose([busy], emergency=False) is None
    assert choose([busy], emergency=True) is not None


def test_the_fewest_open_orders_win_and_equals_go_by_account() -> None:
    people = [person("c", open_orders=1), person("b", open_orders=1), person("a", open_orders=2)]
    choice = choose(people, emergency=False)
    assert choice is not None
    assert (choice.staff, choice.open_orders, choice.among) == ("stf_b", 1, 3)


@given(PEOPLE, st.randoms())
def test_the_choice_does_not_depend_on_the_order_in_which_people_are_read(people: list[Candidate], by: Any) -> None:
    shuffled = list(people)
    by.shuffle(shuffled)
    choice = choose(people, emergency=False)
    assert choice == choose(shuffled, emergency=False)
    if choice is not None:
        (best,) = [one for one in people if one.id == choice.staff]
        assert hindrances(best, emergency=False) == []
        assert all(one.open_orders >= best.open_orders for one in people if not hindrances(one, emergency=False)), (
            "somebody who fits as well has less to do"
        )


@given(PEOPLE)
def test_whoever_may_not_have_it_stands_last_in_the_list(people: list[Candidate]) -> None:
    listed = sorted(people, key=lambda one: preference(one, emergency=False))
    barred = [bool(bars(one, emergency=False)) for one in listed]
    assert barred == sorted(barred)
