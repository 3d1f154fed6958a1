"""Notices that end without a call to anybody. Most do: who has neither a credit nor an openid reads the message centre.

The relay settles a whole round of them in one transaction, because an activity for each would cost Temporal more than
the step that wrote them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from activities.ladder import Outcome, waits_until, without_a_call
from models.domain import duty
from models.domain.people import Role
from models.repositories import delivery, notices
from models.repositories.delivery import Letter


def settle_round(conn: Connection, notice_ids: Sequence[str], now: datetime, has_sms: bool) -> dict[str, Outcome]:
    """Notice id → how it was settled. Those left out go to WeChat, or are being changed by somebody else."""
    letters = [letter for letter in delivery.letters_at_rest(conn, notice_ids) if letter.delivery == "pending"]
    settled = [(letter, outcome) for letter in letters if (outcome := without_a_call(letter, now, has_sms=has_sms))]
    settle(conn, settled, now)
    tell_deputies(conn, settled, now)
    return {letter.id: outcome for letter, outcome in settled}


def settle(conn: Connection, settled: Sequence[tuple[Letter, Outcome]], now: datetime) -> None:
    """Write down how these pending notices go on or end."""
    ended = {letter.id: outcome for letter, outcome in settled if outcome in ("withdrawn", "centre_only")}
    if ended:
        notices.finish_unsent(conn, ended, now)
    for letter, outcome in settled:
        if outcome == "spread":
            _spread(conn, letter, now)
        elif outcome == "held_back":
            delivery.hold_back(conn, letter.id, waits_until(letter, now) or now)


def tell_deputies(conn: Connection, decided: Sequence[tuple[Letter, Outcome | None]], now: datetime) -> bool:
    """Whoever acts for an absentee is rung as well, whatever becomes of the absentee's own notice, unless it no longer
    holds. Answers whether that wrote any.
    """
    deputies = {letter.id: letter.deputy for letter, outcome in decided if letter.deputy and outcome != "withdrawn"}
    return notices.tell_deputies(conn, deputies, now) > 0


def _spread(conn: Connection, letter: Letter, now: datetime) -> None:
    role = Role(letter.to_id)
    members = notices.members(conn, letter.id, duty.asked_roles(letter.kind, role))
    notices.spread(conn, letter.id, duty.rung(letter.kind, role, members, urgent=letter.urgent), now)
