"""Likeness in points, what an incident takes in, and what becomes of a follower, as tables."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain import similarity, words
from models.domain.following import Fate
from models.domain.grouping import Standing, fate_of
from models.domain.incidents import CloseAs, IncidentKind, OpenIncident, first_that_takes, takes_in
from models.domain.order import Priority
from models.domain.places import Place, Spot
from tests.domain.samples import NOW

LIFT = Place(building_id="bld_2", unit="1", floor=3, spot=Spot.LIFT)
SPOTS = st.sampled_from([None, *Spot])
PLACES = st.builds(
    Place,
    building_id=st.sampled_from([None, "bld_1", "bld_2"]),
    unit=st.sampled_from([None, "1", "2"]),
    floor=st.sampled_from([None, 1, 3]),
    spot=SPOTS,
)


@pytest.mark.parametrize(
    ("other", "hours", "points"),
    [
        (LIFT, 0.5, 100),
        (Place(building_id="bld_2", unit="2", floor=3, spot=Spot.LIFT), 5, 85),
        (Place(building_id="bld_2", spot=Spot.LIFT), 20, 75),
        (Place(building_id="bld_1", unit="1", floor=3, spot=Spot.LIFT), 0.5, 65),
        (Place(building_id="bld_2", unit="1", floor=3, spot=Spot.STAIRS), 0.5, 0),
        (LIFT, 24.1, 0),
    ],
)
def test_likeness_is_what_two_places_share(other: Place, hours: float, points: int) -> None:
    assert similarity.points(similarity.reasons(LIFT, NOW, other, NOW - timedelta(hours=hours))) == points


@given(PLACES, PLACES, st.integers(0, 30 * 60))
def test_likeness_is_mutual_bounded_and_said_in_words(one: Place, other: Place, minutes: int) -> None:
    later = NOW + timedelta(minutes=minutes)
    there = similarity.reasons(one, NOW, other, later)
    assert there == similarity.reasons(other, later, one, NOW)
    assert 0 <= similarity.points(there) <= 100
    assert {reason.word for reason in there} <= set(words.SIMILAR)


POWER_CUT = OpenIncident(
    id="inc_1",
    community_id="com_1",
    order_kind="repair",
    kind=IncidentKind.POWER_CUT,
    title="2栋停电",
    text="电工已到场",
    categories=("electric",),
    building_ids=("bld_2",),
)
REPORT = {
    "community_id": "com_1",
    "order_kind": "repair",
    "category": "electric",
    "building_id": "bld_2",
    "priority": Priority.NORMAL,
    "found_by_staff": False,
}


@pytest.mark.parametrize(
    "other",
    [
        {"community_id": "com_2"},
        {"order_kind": "complaint"},
        {"category": "water"},
        {"building_id": "bld_1"},
        {"building_id": None},
        {"priority": Priority.EMERGENCY},
        {"found_by_staff": True},
    ],
    ids=str,
)
def test_an_incident_takes_in_what_matches_and_nothing_else(other: dict[str, object]) -> None:
    assert takes_in(POWER_CUT, **REPORT)  # type: ignore[arg-type]
    assert not takes_in(POWER_CUT, **(REPORT | other))  # type: ignore[arg-type]


def test_whoever_opens_it_may_let_emergencies_join_and_name_no_building() -> None:
    wide = POWER_CUT.model_copy(update={"takes_emergencies": True, "building_ids": ()})
    assert takes_in(wide, **(REPORT | {"priority": Priority.EMERGENCY, "building_id": None}))  # type: ignore[arg-type]
    assert first_that_takes([POWER_CUT, wide], **REPORT) is POWER_CUT
    assert {str(kind) for kind in IncidentKind} == set(words.INCIDENTS)
    assert {str(each) for each in CloseAs} == {"finished", "free"}


def standing(number: str, leader: str | None = None, *, is_open: bool = True, finished: bool = False) -> Standing:
    return Standing(number, "repair", "com_1", is_open, finished, leader, worker="stf_tech")


ME, HEIR = standing("BX20261122-00002", "P"), standing("BX20261122-00001", "P")


@pytest.mark.parametrize(
    ("primary", "heir", "fate"),
    [
        (standing("P"), None, Fate()),
        (standing("P", finished=True), None, Fate(came_to="finished", worker="stf_tech")),
        (standing("P", finished=True, is_open=False), None, Fate(came_to="finished", worker="stf_tech")),
        (standing("P", is_open=False), ME, Fate(came_to="promoted")),
        (standing("P", is_open=False), HEIR, Fate()),
        (standing("P", is_open=False), standing(HEIR.number), Fate(came_to="followed_on", primary=HEIR.number)),
        (standing("P", is_open=False), standing(HEIR.number, "Q"), Fate(came_to="free")),
    ],
)
def test_what_becomes_of_a_follower(primary: Standing, heir: Standing | None, fate: Fate) -> None:
    assert fate_of(ME, primary, heir) == fate
