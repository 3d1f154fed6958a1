"""Whether a fact was told by one of our own machines.

An activity, because the answer stands in the history then: keys may be rotated and a replay still goes the same way.
"""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import activity

from models.domain.commands import ToldFact


class Facts:
    """`keys` are those that commands are proved with, the newest first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = list(keys)

    @activity.defn(name="facts.verify")
    def verify(self, told: ToldFact) -> bool:
        return told.fact.proved(self._keys, told.number, told.name)
