"""Order numbers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.numbers import PREFIXES, format_number, is_number, order_of


@given(st.sampled_from(sorted(PREFIXES)), st.integers(1, 10**9), st.integers(1, 999))
def test_a_number_is_recognised_and_found_again_in_its_tasks(kind: str, serial: int, task: int) -> None:
    number = format_number(kind, datetime(2026, 11, 22, tzinfo=UTC), serial)
    assert is_number(number)
    assert number.endswith(str(serial))
    assert order_of(f"{number}.{task}") == number


def test_the_day_is_chinas_and_serials_grow_past_five_digits() -> None:
    late = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    assert format_number("repair", late, 17) == "BX20261123-00017"
    assert format_number("repair", late, 99_999) == "BX20261123-99999"
    assert format_number("repair", late, 100_000) == "BX20261123-100000"


@pytest.mark.parametrize(
    "text", ["", "BX20261122-0017", "XX20261122-00017", "BX2026112-00017", "BX20261122-00017 ", "BX20261122-00017.1"]
)
def test_what_is_no_number(text: str) -> None:
    assert not is_number(text)


@pytest.mark.parametrize("text", ["", "BX20261122-00017", "BX20261122-00017.", "BX20261122-00017.x", "nonsense.1"])
def test_what_is_no_task_id(text: str) -> None:
    assert order_of(text) is None
