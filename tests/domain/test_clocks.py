"""Service clocks, as properties: whatever happens and however often anybody looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from models.domain.clocks import Clock, ClockName, Level, Levels
from models.domain.clocks import start_clock as start_by
from models.domain.lifecycles.repair import LEVELS
from models.domain.numbers import CHINA
from models.domain.terms import LADDER, Terms
from tests.domain.samples import filed
from tests.domain.test_calendar import PLAIN as PLAIN_CALENDAR
from tests.domain.test_calendar import calendars

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


# -- in working time ---------------------------------------------------------------------------------------------------

working_terms = calendars.map(lambda calendar: Terms(calendar=calendar))
working_levels = st.builds(
    lambda minutes, around: Level(limit=timedelta(minutes=minutes), around_the_clock=around),
    st.integers(1, 60 * 24 * 5),
    st.booleans(),
)
waits = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 20_000)), max_size=6)


def waited(clock: Clock, gaps: list[tuple[int, int]], terms: Terms, resting: bool = False) -> Clock:
    """The clock after pauses, each (minutes until, minutes of it); `resting`: written down and read between them."""
    at = START
    for until, length in gaps:
        at += timedelta(minutes=until)
        clock.pause(at)
        at += timedelta(minutes=length)
        if resting:
            clock = Clock.model_validate_json(clock.model_dump_json())
        clock.resume(at, terms)
    return clock


@given(working_terms, working_levels, waits)
def test_pauses_only_ever_move_the_due_time_later(terms: Terms, level: Level, gaps: list[tuple[int, int]]) -> None:
    clock = start_by(ClockName.FINISH, START, level, terms)
    at = START
    for until, length in gaps:
        before = clock.due_at
        at += timedelta(minutes=until)
        clock.pause(at)
        at += timedelta(minutes=length)
        clock.resume(at, terms)
        assert clock.due_at >= before


@given(working_terms, working_levels, waits)
def test_no_crash_between_changes_a_promise(terms: Terms, level: Level, gaps: list[tuple[int, int]]) -> None:
    """Computed at once, or step by step through whatever was written and read between."""
    straight = waited(start_by(ClockName.FINISH, START, level, terms), gaps, terms)
    resumed = waited(start_by(ClockName.FINISH, START, level, terms), gaps, terms, resting=True)
    assert resumed == straight
    straight.reckon(terms)
    assert resumed == straight


@given(working_terms, working_levels, waits)
def test_a_promise_in_working_time_falls_due_in_working_time(
    terms: Terms, level: Level, gaps: list[tuple[int, int]]
) -> None:
    clock = waited(start_by(ClockName.FINISH, START, level, terms), gaps, terms)
    assert terms.calendar is not None
    for alarm in clock.alarms:
        assert level.around_the_clock or terms.calendar.open_at(alarm.at - timedelta(microseconds=1))
    assert [alarm.at for alarm in clock.alarms] == sorted(alarm.at for alarm in clock.alarms)


@given(working_terms, working_levels, working_levels, waits)
def test_pause_lost_when_the_level_changes(
    terms: Terms, first: Level, second: Level, gaps: list[tuple[int, int]]
) -> None:
    """Pitfall (glpi #6902, #15605). Whenever the level changes, it is as if it had been so from the start."""
    changed = waited(start_by(ClockName.FINISH, START, first, terms), gaps, terms)
    changed.change(second, terms, START)
    from_the_start = waited(start_by(ClockName.FINISH, START, second, terms), gaps, terms)
    assert changed == from_the_start


def test_pause_lost_when_an_order_of_0_1_changes_its_level() -> None:
    """Its clocks remember no pauses, only where they moved the due time."""
    old = Clock(name=ClockName.FINISH, limit=timedelta(hours=4), due_at=START + timedelta(hours=6))
    old.change(Level(limit=timedelta(hours=10), around_the_clock=True), PLAIN, START)
    assert old.due_at == START + timedelta(hours=12)


def test_an_appointment_is_no_level_s_to_move() -> None:
    clock = start_clock(ClockName.ARRIVE, START, timedelta(hours=4))
    clock.agree(START + timedelta(days=2), PLAIN)
    clock.change(Level(limit=timedelta(minutes=30)), PLAIN, START)
    assert clock.due_at == START + timedelta(days=2)


def test_what_was_said_too_early_is_said_again() -> None:
    clock = start_clock(ClockName.FINISH, START, timedelta(hours=1))
    assert clock.ring(START + timedelta(hours=1)) == "lead"
    clock.change(Level(limit=timedelta(hours=10)), PLAIN, START + timedelta(hours=1))
    assert clock.ring(START + timedelta(hours=2)) is None
    assert clock.ring(START + timedelta(hours=8)) == "warning"
    assert clock.ring(START + timedelta(hours=10)) == "lead"


def test_half_of_three_working_days_is_a_day_and_a_half_of_work() -> None:
    monday = datetime(2026, 11, 23, 8, 30, tzinfo=CHINA)
    terms = Terms(calendar=PLAIN_CALENDAR)
    clock = start_by(ClockName.FINISH, monday, Level(limit=timedelta(days=3)), terms, share=0.5)
    assert clock.due_at == datetime(2026, 11, 24, 14, tzinfo=CHINA)
