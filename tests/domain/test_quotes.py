"""Whose word a quote needs."""

from __future__ import annotations

import pytest

from models.domain.acts import ACTS
from models.domain.commands import Amend
from models.domain.errors import Forbidden, IllegalTransition
from models.domain.order import Charge, Reporter
from models.domain.quotes import OWNER_ABOVE, Parties, answer_quote, outstanding, put_quote, who_answers
from models.domain.rights import CHECKS
from tests.domain.samples import CLERK, FORMS, LEAD, NOW, filed, in_stage

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


def test_what_turns_out_to_be_under_warranty_is_not_paid() -> None:
    """A dispatcher or lead decides it, with a reason that the reporter reads."""
    step = in_stage("in_progress")
    put_quote(step.state, FORMS["needs_quote"], "stf_1", Parties(), NOW)
    answer_quote(step.state, "approved", "res_owner", NOW)
    assert outstanding(step.state) == 9_000
    change = Amend(charge=Charge.WARRANTY, reason="防水还在保修期内")
    with pytest.raises(Forbidden) as refused:
        CHECKS["amend"](step.state, CLERK, change, NOW)
    assert refused.value.reason == "charge_role"
    CHECKS["amend"](step.state, LEAD, change, NOW)
    ACTS["amend"](step, LEAD, change, NOW)
    assert (step.state.charge, outstanding(step.state)) == (Charge.WARRANTY, 0)
    assert step.events[-1].facts == {"charge": ["paid", "warranty"], "reason": "防水还在保修期内"}


def test_the_charge_stands_once_the_work_is_over() -> None:
    change = Amend(charge=Charge.PUBLIC, reason="公共管道")
    with pytest.raises(IllegalTransition):
        CHECKS["amend"](in_stage("finished").state, LEAD, change, NOW)
