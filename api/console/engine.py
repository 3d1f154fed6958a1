"""Whether the workflow engine answers, asked in the background so that no page waits for it."""

from __future__ import annotations

import asyncio
import time
from typing import Final
from weakref import WeakKeyDictionary, ref

from api.gateway import Gateway

ASK_EVERY_SECONDS: Final = 5.0
"""An outage shows within this time; more often would only load an engine that is in trouble."""


class Probe:
    """What was last heard of one engine. Assumed up until the first answer."""

    def __init__(self, gateway: Gateway) -> None:
        # Held weakly: the table below keeps a probe exactly as long as its gateway lives.
        self._gateway = ref(gateway)
        self._up = True
        self._asked_at = 0.0
        self._asking: asyncio.Task[None] | None = None

    def up(self) -> bool:
        """Never waits: answers what is known and asks again when that is old."""
        now = time.monotonic()
        if self._asking is None and now - self._asked_at > ASK_EVERY_SECONDS:
            self._asked_at = now
            self._asking = asyncio.create_task(self._ask())
        return self._up

    async def _ask(self) -> None:
        try:
            gateway = self._gateway()
            self._up = gateway is not None and await gateway.reachable()
        finally:
            self._asking = None


_PROBES: WeakKeyDictionary[Gateway, Probe] = WeakKeyDictionary()


def probe_of(gateway: Gateway) -> Probe:
    """One probe per engine and process."""
    probe = _PROBES.get(gateway)
    if probe is None:
        probe = _PROBES[gateway] = Probe(gateway)
    return probe
