"""Whose words stay among few."""

from __future__ import annotations

import pytest

from models.domain.people import Absentee, Actor, Role
from models.domain.privacy import is_alias, may_read_words


def staff(*roles: Role, deputises: tuple[Absentee, ...] = ()) -> Actor:
    return Actor(kind="staff", id="stf_me", roles=roles, communities=("com_1",), deputises=deputises)


AWAY = (Absentee(id="stf_away", roles=(Role.CLERK,)),)


@pytest.mark.parametrize(
    ("actor", "people", "pools", "may"),
    [
        (staff(Role.CLERK), (), (), False),
        (staff(Role.CLERK), ("stf_me",), (), True),
        (staff(Role.CLERK), ("stf_other",), ("lead",), False),
        (staff(Role.LEAD), (), ("lead",), True),
        (staff(Role.MANAGER), (), (), True),
        (staff(Role.QUALITY), (), (), True),
        (staff(Role.ADMIN, Role.OPERATOR), (), (), False),
        (staff(Role.CLERK, deputises=AWAY), ("stf_away",), (), True),
        (Actor(kind="resident", id="res_1"), (), (), True),
    ],
)
def test_who_reads_a_complaint(actor: Actor, people: tuple[str, ...], pools: tuple[str, ...], may: bool) -> None:
    assert may_read_words("complaint", actor, people, pools) is may
    assert may_read_words("repair", actor, people, pools)


def test_an_alias_is_known_by_its_id() -> None:
    assert is_alias("anon_1")
    assert not is_alias("res_1")
    assert not is_alias(None)
