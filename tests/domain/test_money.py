"""Whole fen: nothing is lost between what is typed, what is reckoned and what is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain import quotes
from models.domain.money import PRICE_AT_MOST, QUANTITY_AT_MOST, TOTAL_AT_MOST, fen_of, plain_yuan, yuan
from models.domain.quotes import Line, total_of
from tests.domain.samples import in_stage

AMOUNTS = st.integers(min_value=0, max_value=TOTAL_AT_MOST)
LINES = st.lists(
    st.builds(
        Line,
        item=st.just("角阀"),
        quantity=st.integers(1, QUANTITY_AT_MOST),
        price=st.integers(0, PRICE_AT_MOST),
    ),
    max_size=20,
)


@given(AMOUNTS)
def test_what_is_written_is_read_back_to_the_fen(fen: int) -> None:
    assert fen_of(yuan(fen)) == fen
    assert fen_of(plain_yuan(fen)) == fen


@pytest.mark.parametrize(
    ("typed", "fen"),
    [("12", 1200), ("12.5", 1250), ("0.29", 29), (" ￥1,234.50 ", 123450), ("80元", 8000), ("1，000", 100000)],
)
def test_yuan_as_people_type_them(typed: str, fen: int) -> None:
    assert fen_of(typed) == fen


@pytest.mark.parametrize("typed", ["", "-5", "1.234", "1e3", "五十", "1.2.3", "NaN"])
def test_what_is_no_amount_is_none(typed: str) -> None:
    assert fen_of(typed) is None


def test_amounts_are_read_with_two_digits() -> None:
    assert [yuan(0), yuan(5), yuan(123450), yuan(-100)] == ["¥0.00", "¥0.05", "¥1,234.50", "-¥1.00"]
    assert plain_yuan(123450) == "1234.50"


@given(LINES, LINES)
def test_a_total_is_the_sum_of_its_lines_in_any_order(some: list[Line], more: list[Line]) -> None:
    assert total_of(some + more) == total_of(more + some) == total_of(some) + total_of(more)
    assert isinstance(total_of(some), int)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["quote", "approved", "declined", "expired", "received", "waived", "silence"]),
            st.integers(1, TOTAL_AT_MOST // QUANTITY_AT_MOST),
        ),
        max_size=12,
    )
)
def test_never_more_is_claimed_than_was_agreed(acts: list[tuple[str, int]]) -> None:
    """However quotes, answers and payments follow each other."""
    order = in_stage("in_progress").state
    for act, price in acts:
        if act == "quote":
            form = {"lines": [{"item": "管件", "quantity": 1, "price": price}]}
            quotes.put_quote(order, form, "stf_1", quotes.Parties(), order.submitted_at)
        elif act in ("approved", "declined", "expired"):
            quotes.answer_quote(order, act, None, order.submitted_at)
        elif quotes.outstanding(order):
            amount = min(price, quotes.outstanding(order))
            form = {"amount": amount, "method": "cash", "receipt_no": "1"} if act == "received" else {}
            quotes.settle(order, act, form)
        assert 0 <= quotes.outstanding(order) <= quotes.approved(order)
        assert order.settlement.received >= 0
        if act in ("received", "waived"):
            assert quotes.outstanding(order) == 0
