"""How Postgres reads the lists when it plans them once for all values, as every connection of ours makes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from models.repositories import reading
from models.repositories.direct import Direct, numbered
from tests.repositories.rows import START

PREPARED = numbered("SELECT statement FROM pg_prepared_statements WHERE position(CAST(:part AS text) IN statement) > 0")


def above(plan: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The name of every table that is read, and what stands above it in the plan, the nearest last."""
    if "Alias" in plan:
        yield plan["Alias"], path
    for part in plan.get("Plans", ()):
        yield from above(part, (*path, plan["Node Type"]))


@pytest.mark.parametrize("whose", ["staff", "resident"])
async def test_leaders_are_looked_up_for_the_page_alone(direct: Direct, engine: Engine, whose: str) -> None:
    """Otherwise the list of twenty reads every order there is, as soon as there are many."""
    if whose == "staff":
        await reading.orders_of_staff(direct, ["com_a"], onlooker=reading.Onlooker(), now=START, limit=21)
    else:
        await reading.orders_of_resident(direct, "res_owner", limit=21)
    part = "unnest" if whose == "staff" else "UNION ALL"
    statements = [row["statement"] for row in await direct.rows(PREPARED, {"part": part})]
    (statement,) = [one for one in statements if "primary_stage" in one]
    with engine.connect() as conn:
        ((plans,),) = conn.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {statement}").all()
    assert [path[-1] for name, path in above(plans[0]["Plan"]) if name == "l"] == ["Limit"]
