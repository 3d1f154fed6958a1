"""The log of a guard post: written by one shift, taken over by another person."""

from __future__ import annotations

import pytest

from models.domain import shifts
from models.domain.errors import Forbidden, FourEyes, IllegalTransition, NotFound, Refusal
from models.domain.people import Actor, Role
from models.domain.shifts import Standing
from tests.domain.samples import ACTORS, ELSEWHERE, HERE, NOW

FIRST = Actor(kind="staff", id="stf_first", roles=(Role.GUARD,), communities=(HERE,))
SECOND = FIRST.model_copy(update={"id": "stf_second"})
RUNNING = Standing(community_id=HERE, begun_by=FIRST.id)
HANDED_OVER = RUNNING.model_copy(update={"handed_over_by": FIRST.id, "handed_over_at": NOW})
TAKEN_OVER = HANDED_OVER.model_copy(update={"taken_over_at": NOW})


def refusal(rule: object, *arguments: object) -> type[Refusal] | None:
    try:
        rule(*arguments)  # type: ignore[operator]
    except Refusal as refused:
        return type(refused)
    return None


def test_a_shift_is_written_handed_over_and_taken_over_in_this_order() -> None:
    assert [refusal(shifts.may_write, FIRST, shift) for shift in (RUNNING, HANDED_OVER, TAKEN_OVER)] == [
        None,
        IllegalTransition,
        IllegalTransition,
    ]
    assert [refusal(shifts.may_take_over, SECOND, shift) for shift in (RUNNING, HANDED_OVER, TAKEN_OVER)] == [
        IllegalTransition,
        None,
        IllegalTransition,
    ]


def test_nobody_takes_over_from_themselves() -> None:
    assert refusal(shifts.may_take_over, FIRST, HANDED_OVER) is FourEyes


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        (shifts.may_begin, {"guard", "lead", "manager"}),
        (shifts.may_read, {"guard", "lead", "manager", "quality", "admin", "clerk", "dispatcher"}),
    ],
)
def test_the_post_concerns_guards_and_their_superiors(rule: object, allowed: set[str]) -> None:
    found = {name for name, actor in ACTORS.items() if refusal(rule, actor, HERE) is None}
    assert found == allowed
    assert refusal(rule, ACTORS["technician"], HERE) is Forbidden
    assert refusal(rule, FIRST, ELSEWHERE) is NotFound
