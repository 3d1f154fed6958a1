"""Whose plates one may keep. A plate says whom the guards call, so it must be true and is nobody else's business."""

from __future__ import annotations

from typing import Final

from models.domain.errors import Forbidden
from models.domain.people import Actor, Role

KEEPERS: Final = (Role.CLERK, Role.MANAGER)
"""Staff who keep the plates of a house and decide where two homes name the same one."""

MOST_PER_HOUSE: Final = 10
"""More than any household parks; it bounds how many plates of others somebody could name."""


def may_register(tie: str, *, is_minor: bool) -> None:
    """Owners, and the family they certified. A tenant's car is registered at the desk, where the lease is seen.

    Raises Forbidden.
    """
    if is_minor or tie not in ("owner", "family"):
        raise Forbidden("plate_at_the_desk")


def may_remove(tie: str, *, mine: bool) -> bool:
    """One's own, and the owner any of the household's."""
    return mine or tie == "owner"


def may_keep(actor: Actor) -> None:
    """Raises Forbidden."""
    if not actor.has(*KEEPERS):
        raise Forbidden("plate_role")
