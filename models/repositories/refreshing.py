"""Carrying changed settings to running orders: one command per order, written for the relay to deliver."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import JSONB

from models.domain.calendar import Holidays
from models.domain.commands import RefreshPolicy
from models.domain.lifecycles import LIFECYCLES
from models.domain.order import Priority
from models.domain.policy import levels_for, terms_for
from models.repositories.policies import policy_of
from models.repositories.rows_of import RANK_OTHER, base36

_RUNNING: Final = text("""
    SELECT w.number, w.kind, w.category, w.priority, w.submitted_at, coalesce(c.levels, '{}') AS own
    FROM work_orders w LEFT JOIN categories c ON c.kind = w.kind AND c.code = w.category
    WHERE w.community_id = :community_id AND w.open AND w.workflow_ended_at IS NULL
""").columns(own=JSONB)

_WISH: Final = text("""
    INSERT INTO outbox (id, action, number, version, rank, body, created_at, not_before, attempts)
    VALUES (:id, 'command', :number, NULL, :rank, CAST(:body AS jsonb), :now, :now, 0)
""")

_NOTE: Final = text("""
    UPDATE policy_changes SET applied_to = :orders WHERE community_id = :community_id
    AND version = (SELECT version FROM policies WHERE community_id = :community_id)
""")


def apply_to_running(conn: Connection, community_id: str, holidays: Holidays, now: datetime) -> int:
    """Write a `refresh_policy` for every running order of the community; answers how many.

    An order that hears of two changes in the wrong order keeps the later one: its terms say when they were read.
    """
    policy = policy_of(conn, community_id)
    rows = conn.execute(_RUNNING, {"community_id": community_id}).all()
    stamp = base36(int(now.timestamp() * 1000))
    wishes: list[dict[str, Any]] = []
    for row in rows:
        if row.kind not in LIFECYCLES:
            continue
        levels = levels_for(policy, row.kind, row.category, Priority(row.priority), row.own)
        command = RefreshPolicy(levels=levels, terms=terms_for(policy, holidays, since=row.submitted_at, now=now))
        body = {"update": "refresh_policy", "body": command.model_dump(mode="json")}
        wishes.append(
            {
                "id": f"{row.number}-policy-{stamp}",
                "number": row.number,
                "rank": RANK_OTHER,
                "body": json.dumps(body),
                "now": now,
            }
        )
    if wishes:
        conn.execute(_WISH, wishes)
    conn.execute(_NOTE, {"community_id": community_id, "orders": len(wishes)})
    return len(wishes)
