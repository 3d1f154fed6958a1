"""Averages of stars, and who may compare them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.aftercare import in_sample
from models.domain.people import Role
from models.domain.ratings import FEWEST, Stars, best_first, may_compare
from tests.domain.samples import IN_SCOPE, WORKER

counts = st.integers(1, 400)
people = st.builds(
    lambda account, count, each: Stars(account, account, count, (each * count,) * 3),
    st.text("abcdef", min_size=1, max_size=6),
    counts,
    st.integers(1, 5),
)


def test_best_of_list_with_n_1() -> None:
    """A pitfall of others: one order with five stars leads the table."""
    lucky = Stars("lucky", "运气好", 1, (5, 5, 5))
    steady = Stars("steady", "老师傅", 40, (180, 176, 190))
    assert lucky.averages is None
    assert steady.averages == (4.5, 4.4, 4.8)
    assert best_first([lucky, steady]) == [steady, lucky]


@given(st.lists(people, max_size=12))
def test_who_has_too_few_is_never_above_who_has_enough(some: list[Stars]) -> None:
    judged = [stars.count >= FEWEST for stars in best_first(some)]
    assert judged == sorted(judged, reverse=True)


@given(people)
def test_an_average_lies_between_one_and_five(stars: Stars) -> None:
    assert stars.averages is None or all(1 <= average <= 5 for average in stars.averages)


@pytest.mark.parametrize("role", list(Role))
def test_only_those_above_compare(role: Role) -> None:
    assert may_compare(IN_SCOPE[str(role)]) == (role in (Role.LEAD, Role.MANAGER, Role.QUALITY))
    assert not may_compare(WORKER)


def test_a_sample_is_the_share_and_always_the_same() -> None:
    numbers = [f"BX20261122-{serial:05d}" for serial in range(2000)]
    assert not any(in_sample(number, 0) for number in numbers)
    assert all(in_sample(number, 1) for number in numbers)
    tenth = [number for number in numbers if in_sample(number, 0.1)]
    assert 140 < len(tenth) < 260
    assert tenth == [number for number in numbers if in_sample(number, 0.1)]
