"""Rounds: their rhythm through any week, and who may plan and walk them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.domain.errors import Forbidden, IllegalTransition, NotFound, Refusal, ValidationFailed
from models.domain.numbers import CHINA
from models.domain.people import Actor, Role, Team
from models.domain.rounds import Duty, Rhythm, Tick, check_tick, may_plan, may_tick, may_walk
from tests.domain.samples import ACTORS, ELSEWHERE, HERE

RHYTHMS = st.builds(
    lambda weekdays, times: Rhythm(weekdays=tuple(weekdays), times=tuple(times)),
    st.sets(st.integers(1, 7), min_size=1),
    st.sets(st.builds(time, st.integers(0, 23), st.integers(0, 59)), min_size=1, max_size=6),
)
MOMENTS = st.integers(0, 365 * 24 * 60).map(lambda count: datetime(2026, 6, 1, tzinfo=UTC) + timedelta(minutes=count))
A_WEEK = timedelta(days=7)


@given(RHYTHMS, MOMENTS)
def test_the_next_beginning_is_planned_later_and_within_a_week(rhythm: Rhythm, at: datetime) -> None:
    begins = rhythm.next_after(at)
    assert at < begins <= at + A_WEEK
    local = begins.astimezone(CHINA)
    assert local.isoweekday() in rhythm.weekdays
    assert local.time() in rhythm.times
    assert rhythm.between(at, begins) == []


@given(RHYTHMS, MOMENTS)
def test_a_week_has_every_time_of_every_day_once(rhythm: Rhythm, at: datetime) -> None:
    first = rhythm.next_after(at)
    week = [first, *rhythm.between(first, first + A_WEEK)]
    assert len(week) == len(rhythm.weekdays) * len(rhythm.times)
    assert week == sorted(set(week))


def test_civil_time_is_chinas() -> None:
    rhythm = Rhythm(weekdays=(1,), times=(time(7, 30),))
    sunday_evening_in_london = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
    assert rhythm.next_after(sunday_evening_in_london) == datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekdays": [], "times": ["08:00"]},
        {"weekdays": [8], "times": ["08:00"]},
        {"weekdays": [1, 1], "times": ["08:00"]},
        {"weekdays": [1], "times": ["08:00", "08:00"]},
        {"weekdays": [1], "times": ["08:00:30"]},
    ],
)
def test_a_rhythm_that_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Rhythm.model_validate(wrong)


@pytest.mark.parametrize("wrong", [{}, {"role": "guard", "team": "order"}, {"staff": "a", "role": "guard"}])
def test_a_duty_is_one_thing(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Duty.model_validate(wrong)


GUARD = Actor(kind="staff", id="stf_guard", roles=(Role.GUARD,), team=Team.ORDER, communities=(HERE,))


@pytest.mark.parametrize(
    ("duty", "walks"),
    [
        (Duty(role=Role.GUARD), True),
        (Duty(team=Team.ORDER), True),
        (Duty(staff="stf_guard"), True),
        (Duty(role=Role.TECHNICIAN), False),
        (Duty(team=Team.ENGINEERING), False),
        (Duty(staff="stf_other"), False),
    ],
)
def test_whose_duty_it_is_walks_and_a_lead_may_stand_in(duty: Duty, walks: bool) -> None:
    if walks:
        may_walk(GUARD, HERE, duty)
    else:
        with pytest.raises(Forbidden):
            may_walk(GUARD, HERE, duty)
    may_walk(ACTORS["lead"], HERE, duty)
    with pytest.raises(NotFound):
        may_walk(GUARD, ELSEWHERE, duty)


def test_leads_managers_and_admins_plan_and_nobody_else() -> None:
    planners = set()
    for name, actor in ACTORS.items():
        try:
            may_plan(actor, HERE)
            planners.add(name)
        except Refusal:
            continue
    assert planners == {"lead", "manager", "admin"}


def test_an_item_is_ticked_once_and_only_while_the_patrol_is_open() -> None:
    duty = Duty(role=Role.GUARD)
    may_tick(GUARD, HERE, duty, "open", ticked=False)
    for status, ticked in (("open", True), ("done", False), ("missed", False)):
        with pytest.raises(IllegalTransition):
            may_tick(GUARD, HERE, duty, status, ticked=ticked)


def test_a_finding_is_told_in_words() -> None:
    check_tick(Tick(result="ok"))
    check_tick(Tick(result="finding", text="水泵有异响", photo_ids=("pho_1",)))
    for wrong in (Tick(result="finding"), Tick(result="finding", text="坏"), Tick(result="ok", photo_ids=("pho_1",))):
        with pytest.raises(ValidationFailed):
            check_tick(wrong)
