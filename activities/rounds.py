"""The activities of a round: a walk begins, its time is over, its leads are told."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine
from temporalio import activity

from integrations.wechat import WeChat, WeChatOutcomeUnknown, WeChatRefused
from models.domain import notice_words, words
from models.domain.rounds import Firing, Opened, PatrolStatus
from models.domain.templates import TEMPLATES
from models.repositories import patrolling
from settings import Settings

_log = logging.getLogger(__name__)


class Rounds:
    """`rounds.open`, `rounds.give_up` and `rounds.tell_leads`. Each may run any number of times."""

    def __init__(self, engine: Engine, wechat: WeChat, settings: Settings) -> None:
        self._engine = engine
        self._wechat = wechat
        self._console = settings.api_url.rstrip("/")
        self._template_ids = settings.wechat_template_ids

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
        """How many leads WeChat has told. Raises WeChatUnavailable; the activity's retry policy decides when again."""
        with self._engine.connect() as conn:
            missed = patrolling.missed(conn, patrol_ids)
            leads = patrolling.leads_of(conn, missed[0].id) if missed else []
        return sum(self._tell(lead, missed) for lead in leads)

    def _tell(self, lead: patrolling.Lead, missed: list[patrolling.Missed]) -> bool:
        latest = missed[0]
        place = f"{latest.place} {words.SPOTS[latest.spot]}"
        try:
            self._wechat.send_template(
                lead.openid,
                TEMPLATES["task"].id_at("service", self._template_ids),
                notice_words.missed_patrols(latest.title, place, latest.due_at, len(missed)),
                client_msg_id=f"{latest.id}-{lead.id}",
                url=f"{self._console}/console/rounds?show=missed" if self._console else "",
            )
        except (WeChatRefused, WeChatOutcomeUnknown, KeyError, ValueError) as error:
            _log.info("lead %s was not told of %s: %s", lead.id, latest.id, error)
            return False
        return True
