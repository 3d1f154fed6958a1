"""Notices that end without a call to anybody. Most do: who has neither a credit nor an openid reads the message centre.

The relay settles a whole round of them in one transaction, because an activity for each would cost Temporal more than
the step that wrote them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from activities.ladder import Outcome, without_a_call
from models.domain import quiet_hours
from models.repositories import delivery, notices


def settle_round(conn: Connection, notice_ids: Sequence[str], now: datetime) -> dict[str, Outcome]:
    """Notice id → how it was settled. Those left out go to WeChat, or are being changed by somebody else."""
    letters = [letter for letter in delivery.letters_at_rest(conn, notice_ids) if letter.delivery == "pending"]
    outcomes = {letter.id: outcome for letter in letters if (outcome := without_a_call(letter, now))}
    settle(conn, outcomes, now)
    return outcomes


def settle(conn: Connection, outcomes: Mapping[str, Outcome], now: datetime) -> None:
    """Write down how these pending notices (id → outcome) go on or end."""
    ended = {notice: outcome for notice, outcome in outcomes.items() if outcome in ("withdrawn", "centre_only")}
    if ended:
        notices.finish_unsent(conn, ended, now)
    for notice, outcome in outcomes.items():
        if outcome == "spread":
            notices.spread(conn, notice, now)
        elif outcome == "held_back":
            delivery.hold_back(conn, notice, quiet_hours.next_morning(now, notice))
