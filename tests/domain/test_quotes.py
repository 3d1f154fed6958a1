"""Whose word a quote needs."""

from __future__ import annotations

import pytest

from models.domain.order import Reporter
from models.domain.quotes import OWNER_ABOVE, Parties, who_answers
from tests.domain.samples import filed

TENANT = Reporter(kind="resident", id="res_tenant")
OWNER = Reporter(kind="resident", id="res_owner")
GUEST = Reporter(kind="guest")


@pytest.mark.parametrize(
    ("reporter", "total", "owner", "of_age", "asked"),
    [
        (TENANT, OWNER_ABOVE, "res_owner", True, "res_tenant"),
        (TENANT, OWNER_ABOVE + 1, "res_owner", True, "res_owner"),
        (TENANT, OWNER_ABOVE + 1, None, True, None),
        (TENANT, 100, "res_owner", False, "res_owner"),
        (TENANT, 100, None, False, None),
        (OWNER, OWNER_ABOVE + 1, "res_owner", True, "res_owner"),
        (GUEST, 100, "res_owner", True, None),
        (GUEST, OWNER_ABOVE + 1, "res_owner", True, "res_owner"),
        (GUEST, OWNER_ABOVE + 1, None, True, None),
    ],
)
def test_up_to_the_limit_the_reporter_and_above_it_the_owner(
    reporter: Reporter, total: int, owner: str | None, of_age: bool, asked: str | None
) -> None:
    """A minor agrees to nothing; for whoever has no account a clerk brings the answer on paper."""
    parties = Parties(owner=owner, reporter_of_age=of_age)
    assert who_answers(filed(reporter=reporter), total, parties) == asked
