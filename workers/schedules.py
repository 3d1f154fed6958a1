"""Keeps one Temporal Schedule per round. Postgres is the truth about rounds; this makes Temporal follow.

Everything is compared at the start and then every ten minutes, which also heals a Schedule that somebody has changed
or deleted by hand; a round that was just edited follows within seconds.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import time, timedelta
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from models.domain.numbers import CHINA
from models.repositories import patrolling
from models.repositories.patrolling import Planned
from workers.transactions import in_transaction
from workflows import names
from workflows.search_attributes import COMMUNITY, KIND

PREFIX: Final = "round-"
"""Our Schedules' ids begin so; others in the namespace are nobody's business here."""

LOOK_SECONDS: Final = 2.0
"""How long an edited round waits for its Schedule at most; the question costs an index look-up."""

COMPARE_EVERY: Final = 300
"""Looks between two comparisons of everything: ten minutes."""

AT_ONCE: Final = 100
RPC_SECONDS: Final = timedelta(seconds=5)

CATCH_UP: Final = timedelta(minutes=30)
"""A walk that begins half an hour late is still one. What an outage has swallowed longer ago is written down as missed
when the next one begins, instead of a pile of walks being opened together.
"""

OVERLAP: Final = ScheduleOverlapPolicy.ALLOW_ALL
"""Each walk lasts until the next begins, so the end of one and the beginning of the next meet; neither may be lost."""

_log = logging.getLogger(__name__)


class Schedules:
    """`run` ends only when it is cancelled."""

    def __init__(self, engine: Engine, client: Client) -> None:
        self._engine = engine
        self._client = client

    async def run(self) -> None:
        look = 0
        while True:
            try:
                await (self.compare() if look % COMPARE_EVERY == 0 else self.follow())
                look += 1
            except (SQLAlchemyError, RPCError) as error:
                _log.warning("rounds and their Schedules could not be compared: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def compare(self) -> None:
        """Make, change and delete Schedules until there is one per round, as its plan says."""
        # Schedules are listed before the rounds are read, so one that is missing below was not made just now.
        listed = {
            entry.id: (entry.schedule.state.note, entry.schedule.state.paused) if entry.schedule else None
            async for entry in await self._client.list_schedules(rpc_timeout=RPC_SECONDS)
            if entry.id.startswith(PREFIX)
        }
        plans = await in_transaction(self._engine, patrolling.planned)
        for schedule_id in listed.keys() - {PREFIX + plan.id for plan in plans}:
            await self._delete(schedule_id)
        for plan in plans:
            if listed.get(PREFIX + plan.id) != (note(plan), plan.paused):
                await self._apply(plan)

    async def follow(self) -> None:
        """Bring Schedules up to the rounds that were changed lately."""
        for plan in await in_transaction(self._engine, patrolling.unapplied, AT_ONCE):
            await self._apply(plan)

    async def _apply(self, plan: Planned) -> None:
        schedule_id, schedule = PREFIX + plan.id, schedule_of(plan)
        try:
            await self._client.create_schedule(schedule_id, schedule, rpc_timeout=RPC_SECONDS)
        except ScheduleAlreadyRunningError:
            handle = self._client.get_schedule_handle(schedule_id)
            await handle.update(lambda present: _newer(present, plan), rpc_timeout=RPC_SECONDS)
        await in_transaction(self._engine, patrolling.applied, plan.id, plan.version)
        _log.info("the Schedule of round %s follows its version %d", plan.id, plan.version)

    async def _delete(self, schedule_id: str) -> None:
        try:
            await self._client.get_schedule_handle(schedule_id).delete(rpc_timeout=RPC_SECONDS)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise


def _newer(present: ScheduleUpdateInput, plan: Planned) -> ScheduleUpdate | None:
    """Another worker may have read a later version meanwhile; its Schedule stays."""
    said = (present.description.schedule.state.note or "").removeprefix("v")
    if said.isdigit() and int(said) > plan.version:
        return None
    return ScheduleUpdate(schedule=schedule_of(plan))


def note(plan: Planned) -> str:
    """Which version of the plan a Schedule follows, where a listing shows it."""
    return f"v{plan.version}"


def schedule_of(plan: Planned) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            names.PATROL,
            plan.id,
            id=PREFIX + plan.id,
            task_queue=names.ORDERS,
            static_summary=plan.title,
            typed_search_attributes=TypedSearchAttributes(
                [SearchAttributePair(KIND, "patrol"), SearchAttributePair(COMMUNITY, plan.community_id)]
            ),
        ),
        spec=ScheduleSpec(
            calendars=[_at(time.fromisoformat(begins), plan.weekdays) for begins in plan.times],
            time_zone_name=CHINA.key,
        ),
        policy=SchedulePolicy(overlap=OVERLAP, catchup_window=CATCH_UP),
        state=ScheduleState(note=note(plan), paused=plan.paused),
    )


def _at(begins: time, weekdays: list[int]) -> ScheduleCalendarSpec:
    """Temporal counts the days of a week from Sunday, 0; the ISO calendar ends with Sunday, 7."""
    return ScheduleCalendarSpec(
        hour=[ScheduleRange(begins.hour)],
        minute=[ScheduleRange(begins.minute)],
        day_of_week=[ScheduleRange(day % 7) for day in sorted(weekdays)],
    )
