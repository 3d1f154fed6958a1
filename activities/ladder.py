"""How a notice can reach its recipient, best way first, and what ends without calling anybody.

The relay asks before it starts an activity, and the activity asks again, because time has passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from models.domain import duty
from models.domain.templates import TEMPLATES
from models.repositories.delivery import Letter

REMINDER: Final = "reminder"
"""The one kind that quiet hours hold back."""

WITHDRAWN_AT_THE_END: Final = frozenset({"warned", "breached", "urged", "urged_often"})
"""What presses staff to act is pointless once the order has ended, so it is taken back."""

UNSENT_AT_THE_END: Final = frozenset({"dispatched", "accepted", "held", "resumed"})
"""News of progress that an outage has overtaken: it stays in the message centre and spends no credit."""

Channel = Literal["mini", "service", "sms"]
Outcome = Literal["withdrawn", "spread", "held_back", "centre_only"]


@dataclass(frozen=True)
class Attempt:
    """One way to reach the recipient."""

    channel: Channel
    openid: str = ""
    """Of the recipient's WeChat; an SMS goes to the phone that the letter holds sealed."""


def without_a_call(letter: Letter, now: datetime, *, has_sms: bool) -> Outcome | None:
    """What becomes of a pending notice that needs no call: taken back, spread over a role, put off until the morning or
    until its recipient's duty begins, or left to the message centre. None: it is sent.
    """
    if (
        not letter.task_open
        or not letter.visit_stands
        or (letter.kind in WITHDRAWN_AT_THE_END and not letter.order_open)
    ):
        return "withdrawn"
    if letter.to_kind == "role":
        return "spread"
    until = waits_until(letter, now)
    if not ladder(letter, has_sms=has_sms) or (until is not None and _is_stale(letter, until)):
        return "centre_only"
    return None if until is None else "held_back"


def waits_until(letter: Letter, now: datetime) -> datetime | None:
    """Until when a notice to one person waits before it is looked at again; None: not at all."""
    morning = letter.quiet.end_after(now, letter.id)
    if letter.to_kind == "staff":
        return duty.waits_until(
            now, urgent=letter.urgent, on_duty=letter.on_duty, next_turn=letter.next_turn, morning=morning
        )
    return morning if letter.kind == REMINDER and letter.quiet.cover(now) else None


def _is_stale(letter: Letter, until: datetime) -> bool:
    """What would ring so late that it is no news, or after the visit that it announces."""
    visit = letter.facts.get("visit", {}).get("from") if letter.kind == "appointment_soon" else None
    passed = visit is not None and datetime.fromisoformat(visit) <= until
    return letter.to_kind == "staff" and (passed or until - letter.created_at > duty.KEPT_FOR)


def ladder(letter: Letter, *, has_sms: bool) -> list[Attempt]:
    """The ways to try, best first. None at all: the message centre alone.

    `has_sms`: whether the installation has an account for it. A notice that follows unanswered ones leaves out the ways
    they took.
    """
    if not letter.active or (letter.kind in UNSENT_AT_THE_END and not letter.order_open):
        return []
    rungs: list[Attempt] = []
    channels = TEMPLATES[letter.template].channels if letter.template else ()
    if letter.mini_openid and letter.credits > 0 and "mini" in channels:
        rungs.append(Attempt("mini", letter.mini_openid))
    if letter.service_openid and "service" in channels:
        rungs.append(Attempt("service", letter.service_openid))
    if has_sms and letter.sms and letter.sms_allowed and letter.phone_sealed:
        rungs.append(Attempt("sms"))
    return [rung for rung in rungs if rung.channel not in letter.used]
