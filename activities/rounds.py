"""The activities of a round: a walk begins, its time is over, its leads are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine
from temporalio import activity

from models.domain import duty
from models.domain.notice_words import MISSED
from models.domain.people import Role
from models.domain.rounds import Firing, Opened, PatrolStatus
from models.repositories import patrolling


class Rounds:
    """`rounds.open`, `rounds.give_up` and `rounds.tell_leads`. Each may run any number of times."""

    def __init__(self, engine: Engine, nudge: Callable[[], None]) -> None:
        """`nudge` wakes the relay of this process, so that notices go out without waiting for its next look."""
        self._engine = engine
        self._nudge = nudge

    @activity.defn(name="rounds.open")
    def open(self, firing: Firing) -> Opened:
        """Write the walk down. One whose time is over already, as after an outage, is written as missed at once."""
        with self._engine.begin() as conn:
            plan = patrolling.round_of(conn, firing.round_id)
            if plan is None or plan.paused:
                return Opened()
            gaps = patrolling.miss_older(conn, plan.id, firing.at) + self._fill_gaps(conn, plan, firing.at)
            due_at = patrolling.rhythm_of(plan).next_after(firing.at)
            status = PatrolStatus.MISSED if due_at <= datetime.now(UTC) else PatrolStatus.OPEN
            is_new = patrolling.open_patrol(conn, plan.id, firing.at, due_at, status)
            patrol = patrolling.patrol_at(conn, plan.id, firing.at)
        if patrol.status != PatrolStatus.OPEN:
            return Opened(missed=[*gaps, patrol.id] if is_new else gaps)
        return Opened(patrol_id=patrol.id, due_at=patrol.due_at, missed=gaps)

    def _fill_gaps(self, conn: Connection, plan: Any, at: datetime) -> list[str]:
        """Walks that should have begun since the last one and never did: nobody was there to open them."""
        rhythm = patrolling.rhythm_of(plan)
        last = patrolling.last_before(conn, plan.id, at)
        since = max(last, plan.planned_at) if last else plan.planned_at
        found = []
        for begins in rhythm.between(since, at):
            if patrolling.open_patrol(conn, plan.id, begins, rhythm.next_after(begins), PatrolStatus.MISSED):
                found.append(patrolling.patrol_at(conn, plan.id, begins).id)
        return found

    @activity.defn(name="rounds.give_up")
    def give_up(self, patrol_id: str) -> bool:
        """The time is over: whether the walk was not finished."""
        with self._engine.begin() as conn:
            return patrolling.miss(conn, patrol_id, datetime.now(UTC))

    @activity.defn(name="rounds.tell_leads")
    def tell_leads(self, patrol_ids: list[str]) -> int:
        """To how many leads it goes: to those on duty, and where nobody is, to each when their duty begins."""
        with self._engine.begin() as conn:
            missed = patrolling.missed(conn, patrol_ids)
            leads = patrolling.leads_of(conn, missed[0]) if missed else []
            told = duty.rung(MISSED, Role.LEAD, leads, urgent=False)
            if told:
                patrolling.tell(conn, missed[0], len(missed), told, datetime.now(UTC))
        self._nudge()
        return len(told)
