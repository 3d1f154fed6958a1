"""Which proposal is agreed at once, and until when the others may be answered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.domain import appointments
from models.domain.forms import Window, as_json
from models.domain.order import Reporter
from tests.domain.samples import NOW, in_stage


def hours(start: float, until: float) -> Window:
    return Window(start=NOW + timedelta(hours=start), until=NOW + timedelta(hours=until))


WISH = hours(20, 24)


@pytest.mark.parametrize(
    ("proposal", "asked"),
    [
        (WISH, False),
        (hours(21, 23), False),
        (hours(19.9, 22), True),
        (hours(22, 24.1), True),
        (hours(30, 32), True),
    ],
)
def test_what_lies_within_the_wish_is_agreed_at_once(proposal: Window, asked: bool) -> None:
    order = in_stage("accepted").state
    order.appointment = WISH
    assert appointments.propose(order, {"appointment": as_json(proposal)}) is asked
    assert order.appointment_agreed is not asked
    assert (order.appointment, order.proposed) == ((WISH, proposal) if asked else (proposal, None))


def test_whoever_has_no_account_has_been_spoken_to() -> None:
    order = in_stage("accepted", reporter=Reporter(kind="guest")).state
    assert not appointments.propose(order, {"appointment": as_json(WISH)})
    assert (order.appointment, order.appointment_agreed) == (WISH, True)


@pytest.mark.parametrize(("begins", "answered_by"), [(30, 24), (5, 5), (-1, 0)])
def test_an_answer_is_waited_for_a_day_at_most_and_not_beyond_the_visit(begins: int, answered_by: int) -> None:
    order = in_stage("accepted").state
    order.proposed = hours(begins, begins + 2)
    assert appointments.answer_by(order, NOW) == NOW + timedelta(hours=answered_by)
