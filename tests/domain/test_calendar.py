"""Working time, on the days of 2026 as the State Council announced them, and as properties."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from integrations.holidays import announced, unknown_years
from models.domain.calendar import Calendar, Day, Hours, calendar_of
from models.domain.numbers import CHINA
from models.domain.policy import WEEK

SINCE, UNTIL = date(2026, 1, 1), date(2027, 12, 31)
PLAIN = calendar_of(WEEK, announced(), frozenset(), frozenset(), SINCE, UNTIL)

SIX_DAYS = (*WEEK[:5], (Hours(9 * 60, 12 * 60),), ())
NIGHT_TOO = ((Hours(0, 2 * 60), Hours(8 * 60, 24 * 60)),) * 7
WEEKS = (WEEK, SIX_DAYS, NIGHT_TOO)

calendars = st.builds(
    lambda week, closed, opened: calendar_of(week, announced(), frozenset(closed), frozenset(opened), SINCE, UNTIL),
    st.sampled_from(WEEKS),
    st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=20),
    st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=5),
)
moments = st.integers(0, 60 * 24 * 396).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
amounts = st.integers(1, 60 * 24 * 20).map(lambda minutes: timedelta(minutes=minutes))


def china(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 1, 1), False),  # New Year's Day
        (date(2026, 1, 4), True),  # Sunday, worked in exchange
        (date(2026, 2, 14), True),  # Saturday, worked in exchange for the Spring Festival
        (date(2026, 2, 15), False),  # the Spring Festival begins, a Sunday
        (date(2026, 2, 23), False),  # and ends, a Monday
        (date(2026, 2, 24), True),
        (date(2026, 2, 28), True),  # Saturday, worked in exchange
        (date(2026, 4, 6), False),  # Tomb-sweeping Day
        (date(2026, 5, 5), False),  # Labour Day's fifth day
        (date(2026, 5, 9), True),  # Saturday, worked in exchange
        (date(2026, 6, 19), False),  # Dragon Boat Festival
        (date(2026, 9, 20), True),  # Sunday, worked in exchange for National Day
        (date(2026, 9, 25), False),  # Mid-autumn
        (date(2026, 10, 7), False),  # National Day's last day
        (date(2026, 10, 8), True),
        (date(2026, 10, 10), True),  # Saturday, worked in exchange
        (date(2026, 11, 21), False),  # an ordinary Saturday
        (date(2026, 11, 23), True),  # an ordinary Monday
    ],
)
def test_the_days_of_2026(day: date, works: bool) -> None:
    assert bool(PLAIN.day(day)) is works


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        (china(11, 23, 10), timedelta(hours=4), china(11, 23, 15, 30)),  # over the midday break
        (china(11, 22, 23), timedelta(minutes=30), china(11, 23, 9)),  # reported in the night of a Sunday
        (china(11, 20, 17, 45), timedelta(minutes=30), china(11, 23, 8, 45)),  # Friday evening, Monday morning
        (china(11, 20, 10), timedelta(days=3), china(11, 25, 10)),  # three working days over a weekend
        (china(2, 13, 10), timedelta(days=3), china(2, 25, 10)),  # over the Spring Festival, its Saturday worked
        (china(9, 30, 17), timedelta(hours=2), china(10, 8, 9, 30)),  # over National Day
        (china(10, 9, 17), timedelta(hours=2), china(10, 10, 9, 30)),  # into the Saturday that is worked
        (china(11, 23, 13, 30), timedelta(hours=4, minutes=30), china(11, 23, 18)),  # ends with the day
    ],
)
def test_when_a_promise_falls_due(start: datetime, limit: timedelta, due: datetime) -> None:
    assert PLAIN.after(start, PLAIN.length(limit)) == (due,)


def test_a_year_that_nobody_has_announced_counts_the_plain_week_and_is_reported() -> None:
    last = announced().known_until
    new_year = datetime(last.year + 1, 1, 1, 12, tzinfo=CHINA)
    far = calendar_of(WEEK, announced(), frozenset(), frozenset(), last, date(last.year + 2, 12, 31))
    assert far.known_until == last
    assert not far.knows(new_year)
    assert bool(far.day(new_year.date())) is (new_year.weekday() < 5)
    assert unknown_years(last) == [last.year + 1]
    assert unknown_years(date(last.year - 1, 5, 1)) == []


def test_the_communitys_own_days_win() -> None:
    closed, opened = date(2026, 11, 23), date(2026, 10, 2)
    calendar = calendar_of(WEEK, announced(), frozenset({closed}), frozenset({opened}), SINCE, UNTIL)
    assert not calendar.day(closed)
    assert calendar.day(opened) == WEEK[0]


def test_an_order_carries_few_days() -> None:
    """Every publish writes the calendar with the order."""
    assert len(calendar_of(WEEK, announced(), frozenset(), frozenset(), date(2026, 1, 1), UNTIL).off) < 30
    assert len(PLAIN.model_dump_json()) < 700


@pytest.mark.parametrize("said", ["8:30-12:00 13:30-18:00", "08：30–12：00，13:30-18:00", "00:00-24:00", ""])
def test_a_days_hours_are_read_as_people_write_them(said: str) -> None:
    day = TypeAdapter(Day).validate_python(said)
    assert TypeAdapter(Day).validate_python(TypeAdapter(Day).dump_python(day)) == day


@pytest.mark.parametrize("said", ["8-12", "12:00-08:00", "08:00-12:00 11:00-13:00", "08:00-25:00", "08:61-09:00"])
def test_hours_that_no_clock_shows_are_refused(said: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Day).validate_python(said)


def test_a_week_without_work_is_refused() -> None:
    with pytest.raises(ValidationError):
        Calendar(week=((),) * 7, known_until=UNTIL)


@given(calendars, moments, amounts)
def test_a_promise_never_falls_due_in_a_closed_hour(calendar: Calendar, start: datetime, amount: timedelta) -> None:
    (due,) = calendar.after(start, amount)
    assert calendar.open_at(due - timedelta(microseconds=1)), "it may end with the day, but not after it"
    assert calendar.between(start, due) == amount


@given(calendars, moments, st.lists(amounts, min_size=2, max_size=6))
def test_working_time_adds_up(calendar: Calendar, start: datetime, parts: list[timedelta]) -> None:
    step_by_step = start
    for part in parts:
        (step_by_step,) = calendar.after(step_by_step, part)
    assert (step_by_step,) == calendar.after(start, sum(parts, timedelta(0)))


@given(calendars, st.lists(moments, min_size=3, max_size=3).map(sorted))
def test_the_parts_of_a_span_make_the_whole(calendar: Calendar, times: list[datetime]) -> None:
    first, _, last = times
    assert sum((calendar.between(*pair) for pair in pairwise(times)), timedelta(0)) == calendar.between(first, last)


@settings(max_examples=50)
@given(calendars)
def test_a_calendar_survives_its_journey(calendar: Calendar) -> None:
    assert Calendar.model_validate_json(calendar.model_dump_json()) == calendar
