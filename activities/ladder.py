"""How a notice can reach its recipient, best way first, and what ends without calling anybody.

The relay asks before it starts an activity, and the activity asks again, because time has passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from models.domain.templates import TEMPLATES
from models.repositories.delivery import Letter

REMINDER: Final = "reminder"
"""The one kind that quiet hours hold back."""

WITHDRAWN_AT_THE_END: Final = frozenset({"warned", "breached", "urged", "urged_often"})
"""What presses staff to act is pointless once the order has ended, so it is taken back."""

UNSENT_AT_THE_END: Final = frozenset({"dispatched", "accepted", "held", "resumed"})
"""News of progress that an outage has overtaken: it stays in the message centre and spends no credit."""

Channel = Literal["mini", "service"]
Outcome = Literal["withdrawn", "spread", "held_back", "centre_only"]


@dataclass(frozen=True)
class Attempt:
    """One way to reach the recipient."""

    channel: Channel
    openid: str


def without_a_call(letter: Letter, now: datetime) -> Outcome | None:
    """What becomes of a pending notice that needs no call: taken back, spread over a role, put off until morning, or
    left to the message centre. None: WeChat has to be asked.
    """
    if (
        not letter.task_open
        or not letter.visit_stands
        or (letter.kind in WITHDRAWN_AT_THE_END and not letter.order_open)
    ):
        return "withdrawn"
    if letter.to_kind == "role":
        return "spread"
    if letter.kind == REMINDER and letter.to_kind == "resident" and letter.quiet.cover(now):
        return "held_back"
    return None if ladder(letter) else "centre_only"


def ladder(letter: Letter) -> list[Attempt]:
    """The ways to try, best first. None at all: the message centre alone.

    A notice that follows unanswered ones `skips` the ways they took.
    """
    if letter.template is None or not letter.reachable:
        return []
    if letter.kind in UNSENT_AT_THE_END and not letter.order_open:
        return []
    rungs: list[Attempt] = []
    channels = TEMPLATES[letter.template].channels
    if letter.mini_openid and letter.credits > 0 and "mini" in channels:
        rungs.append(Attempt("mini", letter.mini_openid))
    if letter.service_openid and "service" in channels:
        rungs.append(Attempt("service", letter.service_openid))
    return rungs[int(letter.facts.get("skips", 0)) :]
