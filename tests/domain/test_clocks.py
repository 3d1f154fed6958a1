"""Service clocks, as properties: whatever happens and however often anybody looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from models.domain.clocks import Clock, ClockName, Level, Levels
from models.domain.clocks import start_clock as start_by
from models.domain.lifecycles.repair import LEVELS
from models.domain.terms import LADDER, Terms
from tests.domain.samples import filed

PLAIN = Terms()
"""No calendar: every hour counts."""

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
limits = st.integers(1, 60 * 24 * 30).map(lambda minutes: timedelta(minutes=minutes))
moments = st.lists(st.integers(0, 60 * 24 * 120), min_size=1, max_size=20).map(sorted)
doings = st.lists(st.tuples(st.integers(0, 5000), st.sampled_from(["pause", "resume", "ring", "stop"])), max_size=20)


def start_clock(name: ClockName, start: datetime, limit: timedelta) -> Clock:
    return start_by(name, start, Level(limit=limit), PLAIN)


def later(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


@given(limits, doings)
def test_the_due_time_only_ever_moves_later(limit: timedelta, acts: list[tuple[int, str]]) -> None:
    clock = start_clock(ClockName.FINISH, START, limit)
    minute = 0
    for gap, act in acts:
        minute += gap
        before = clock.due_at
        getattr(clock, act)(later(minute), *([PLAIN] if act == "resume" else []))
        assert clock.due_at >= before


@given(limits, st.integers(0, 1000), st.integers(0, 1000))
def test_a_pause_moves_the_promise_by_its_length(limit: timedelta, until: int, length: int) -> None:
    clock = start_clock(ClockName.FINISH, START, limit)
    clock.pause(later(until))
    clock.pause(later(until + length // 2))
    assert clock.next_alarm is None
    clock.resume(later(until + length), PLAIN)
    assert clock.due_at == START + limit + timedelta(minutes=length)


@given(limits, moments)
def test_each_rung_is_said_once_and_they_only_climb(limit: timedelta, looks: list[int]) -> None:
    clock = start_clock(ClockName.ACCEPT, START, limit)
    said = [clock.ring(later(minute)) for minute in looks]
    heard = [word for word in said if word]
    order = ["warning", *(rung.role for rung in LADDER)]
    assert heard == sorted(set(heard), key=order.index)


@given(limits, moments)
def test_it_matters_not_how_often_anybody_looks(limit: timedelta, looks: list[int]) -> None:
    often, once = start_clock(ClockName.ACCEPT, START, limit), start_clock(ClockName.ACCEPT, START, limit)
    for minute in looks:
        often.ring(later(minute))
    once.ring(later(looks[-1]))
    assert often == once


@given(limits, st.integers(0, 60 * 24 * 90))
def test_after_an_outage_only_the_highest_rung_is_told(limit: timedelta, minute: int) -> None:
    clock = start_clock(ClockName.ACCEPT, START, limit)
    now = later(minute)
    reached = [rung.role for rung in LADDER if now >= START + limit + limit * rung.share]
    said = clock.ring(now)
    if reached:
        assert said == reached[-1]
    else:
        assert said == ("warning" if now >= clock.warn_at else None)
    assert clock.ring(now) is None


@given(limits)
def test_following_its_own_alarms_a_clock_says_everything_and_then_is_silent(limit: timedelta) -> None:
    clock = start_clock(ClockName.ARRIVE, START, limit)
    heard = []
    while (alarm := clock.next_alarm) is not None:
        said = clock.ring(alarm)
        assert said is not None, "an alarm that says nothing would ring for ever"
        heard.append(said)
    assert heard == ["warning", "lead", "manager", "quality"]


def test_a_stopped_clock_is_judged_by_when_it_stopped() -> None:
    in_time = start_clock(ClockName.ARRIVE, START, timedelta(hours=1))
    in_time.stop(later(59))
    late = start_clock(ClockName.ARRIVE, START, timedelta(hours=1))
    late.stop(later(61))
    assert not in_time.overdue(later(10_000))
    assert late.overdue(later(10_000))
    assert in_time.ring(later(10_000)) is None


def test_levels_of_0_1_are_read_and_count_around_the_clock() -> None:
    """Histories of version 0.1 carry the limits alone."""
    levels = TypeAdapter(Levels).validate_python({"accept": "PT5M", "arrive": "PT30M", "finish": "PT4H"})
    assert levels == LEVELS["emergency"]
    assert TypeAdapter(Levels).validate_json(TypeAdapter(Levels).dump_json(levels)) == levels


def test_an_order_has_exactly_the_clocks_that_its_levels_name() -> None:
    order = filed()
    assert set(order.clocks) == set(order.levels) == {ClockName.ACCEPT, ClockName.ARRIVE, ClockName.FINISH}
