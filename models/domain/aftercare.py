"""Whether a repair is called back after its end, and by when (`lifecycles.md`, "Rate")."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from models.domain.lifecycles.aftercare import CALL_BACK_AFTER_LOW_STARS, CALL_BACK_OF_SAMPLE
from models.domain.order import OrderState
from models.domain.ratings import stars_are_low

WHOLE: Final = 10_000
"""Into so many parts the sample is divided: a share is exact to a hundredth of a percent."""


def in_sample(number: str, share: float) -> bool:
    """The same answer for the same order for ever, whoever asks; over many orders the share."""
    drawn = int.from_bytes(hashlib.sha256(number.encode()).digest()[:8]) % WHOLE
    return drawn < round(share * WHOLE)


def plan_call_back(order: OrderState, now: datetime) -> bool:
    """After the end: low stars are asked about within a day, a sample of the others within three. Answers whether a
    call-back is to be opened. What staff found themselves has nobody to ask.
    """
    if order.reporter.kind == "staff":
        return False
    if stars_are_low(order):
        return _by(order, now + CALL_BACK_AFTER_LOW_STARS)
    return in_sample(order.number, order.call_back_share) and _by(order, now + CALL_BACK_OF_SAMPLE)


def hasten_call_back(order: OrderState, now: datetime) -> bool:
    """Low stars that come after the end. Answers whether a call-back is to be opened, because none waits already."""
    if not stars_are_low(order):
        return False
    _by(order, now + CALL_BACK_AFTER_LOW_STARS)
    return order.task_of("call_back") is None


def _by(order: OrderState, at: datetime) -> bool:
    order.call_back_by = at
    return True
