"""Anybody presses anything at any time while things crash: every order answers with a typed word and stays whole, and
order row, tasks, timeline and workflow tell one story.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from temporalio.testing import WorkflowEnvironment

from activities.projection import Projection
from models.domain.commands import COMMANDS
from models.domain.lifecycles.repair import REPAIR
from models.domain.places import Place
from models.domain.rights import OF_THE_ORDER, Action
from models.repositories import engines
from models.repositories.direct import Direct
from tests import postgres
from tests.workflows.desk import GARAGE, KEY, LEAD, NEIGHBOUR, OWNER, TECH2, Desk, Shelves
from tests.workflows.storm import EVERYBODY, Town, Unsteady, activities, move_in
from workers.temporal import CACHED_ORDERS, orders_worker
from workflows import proof_keys

EXAMPLES: Final = int(os.environ.get("WUYOU_STORMS", "0"))
"""How many storms are wanted; without a wish a few, and always the same ones, so that the suite stays quick."""

OUTCOMES: Final = sorted({outcome for spec in REPAIR.tasks.values() for outcome in spec.outcomes})
FILINGS: Final = (
    (OWNER, Place(house_id="hse_1", building_id="bld_1")),
    (NEIGHBOUR, Place(house_id="hse_2", building_id="bld_1")),
    (LEAD, GARAGE),
)
"""Who reports what: two neighbours at home, and staff what they have found."""

FEW: Final = 4

order = st.integers(0, len(FILINGS) - 1)
nth = st.integers(0, 40)
button = st.tuples(st.just("button"), order, nth)
presses = st.one_of(
    button,
    button,
    button,
    st.tuples(st.just("plain"), order),
    st.tuples(st.just("plain"), order),
    st.tuples(st.just("together"), order, st.lists(nth, min_size=2, max_size=3)),
    st.tuples(st.just("blind"), order, st.sampled_from(EVERYBODY), st.sampled_from(sorted(COMMANDS)), nth),
    st.tuples(st.just("outcome"), order, st.sampled_from(EVERYBODY), st.sampled_from(OUTCOMES), nth),
    st.tuples(st.just("merge"), order, nth),
    st.tuples(st.just("crash"), st.lists(st.sampled_from(["before", "after"]), min_size=1, max_size=5)),
    st.tuples(st.just("leave")),
    st.tuples(st.just("wait"), st.sampled_from([1, 6, 60, 600, 5000, 30000])),
)


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=[CACHED_ORDERS, 0], ids=["in memory", "forgetful"])
async def town(time_skipping: WorkflowEnvironment, request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    """Once with a worker that keeps the orders in memory, once with one that forgets them after each step.

    The forgetful one has a single order: with nothing cached the SDK drops an order's publish that is under way as
    soon as it is given another's task, which the real server heals by a time-out and the time-skipping one does not.
    """
    proof_keys.use([KEY])
    with postgres.database() as url:
        engine, direct = engines.sync_engine(url), Direct(url, engines.POOL_SIZE)
        with engine.begin() as conn:
            move_in(conn)
        projection = Projection(engine, direct, lambda: None)
        unsteady = Unsteady(projection)
        queue = f"storm-{uuid.uuid4().hex[:8]}"
        served = activities(engine, unsteady, projection)
        async with orders_worker(time_skipping.client, served, queue, cached=request.param):
            desk = Desk(time_skipping, Shelves(), queue)
            town = Town(desk, engine, direct, unsteady, FILINGS if request.param else FILINGS[:1])
            yield town
            await unsteady.at_rest()
            assert town.done.total() > FEW, "a storm in which nothing succeeds shows nothing"
        await projection.close()
        await direct.close()
        engine.dispose()


@pytest.mark.slow
@pytest.mark.timeout(60 + 20 * (EXAMPLES or FEW))
@settings(
    max_examples=EXAMPLES or FEW,
    deadline=None,
    derandomize=not EXAMPLES,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(presses, min_size=12, max_size=30))
async def test_whatever_is_pressed_every_order_stays_whole(town: Town, storm: list[tuple[Any, ...]]) -> None:
    await town.begin()
    try:
        for what, *details in storm:
            await blow(town, what, *details)
            await town.agrees()
    finally:
        town.unsteady.faults.clear()
        town.say("UPDATE staff SET active = true")
        # Terminated in the middle of a step, an order would stop the server's clock for good.
        await town.agrees()
        await town.desk.clear()


async def blow(town: Town, what: str, *details: Any) -> None:
    match what, details:
        case "button", (which, nth):
            button = await town.button(town.order(which), nth)
            if button is not None:
                await town.press(town.order(which), *button, nth)
        case "plain", (which,):
            await town.plain_step(town.order(which))
        case "together", (which, some):
            number = town.order(which)
            buttons = [(await town.button(number, nth), nth) for nth in some]
            await asyncio.gather(*(town.press(number, *button, nth) for button, nth in buttons if button))
        case "blind", (which, who, command, nth):
            number = town.order(which)
            tasks = sorted((await town.state(number)).tasks) or [f"{number}.1"]
            task = None if command in OF_THE_ORDER else tasks[nth % len(tasks)]
            outcome = "handed_back" if command == "complete" else None
            await town.press(number, who, Action(action=command, task_id=task, outcome=outcome), nth)
        case "outcome", (which, who, outcome, nth):
            state = await town.state(town.order(which))
            fitting = [task.id for task in state.tasks.values() if outcome in REPAIR.tasks[task.kind].outcomes]
            if fitting:
                await town.press(state.number, who, Action(action="complete", task_id=fitting[0], outcome=outcome), nth)
        case "merge", (which, nth):
            await town.press(town.order(which), LEAD, Action(action="merge"), nth)
        case "crash", (faults,):
            town.unsteady.faults = list(faults)
        case "leave", ():
            town.say("UPDATE staff SET active = NOT active WHERE id = :id", id=TECH2.id)
        case "wait", (minutes,):
            await town.desk.env.sleep(timedelta(minutes=minutes))
