"""Telling other processes that something has changed: Postgres' NOTIFY, after the commit and outside the transaction.

A NOTIFY inside a transaction makes all commits queue behind one lock (tried: it halves intake), and one per change is
more than any screen can show. So changes are gathered for a few milliseconds and sent together.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, text

from models.repositories.direct import FAILURES, Direct, numbered

ORDERS_CHANNEL: Final = "wuyou_orders"
"""Payload: `<order number> <community id>`."""

STAFF_CHANNEL: Final = "wuyou_staff"
"""Payload: the id of a staff member who logged out, has left, or may do and see something else than before."""

PATROLS_CHANNEL: Final = "wuyou_patrols"
"""Payload: `<walk's id> <community id>`. A walk of a round has begun or is over."""

OUTBOX_CHANNEL: Final = "wuyou_outbox"
"""Payload: empty. New rows wait for the relay."""

GATHER_SECONDS: Final = 0.02
"""How long changes are gathered. Far below what a person notices."""

Changed = tuple[str, str]
"""An order's number and its community's id."""

_NOTIFY: Final = """
    SELECT set_config('synchronous_commit', 'off', true), pg_notify(channel, payload)
    FROM unnest(CAST(:channels AS text[]), CAST(:payloads AS text[])) AS said(channel, payload)"""
"""Nothing that has to last is written, so its transaction need not wait for the disk."""

STAFF_CHANGED: Final = f"SELECT pg_notify('{STAFF_CHANNEL}', {{staff}})"
"""Stands in the transaction of the change itself: unlike a screen's refresh it must not be lost, and it is rare enough
for the lock at the commit.
"""

PATROL_CHANGED: Final = f"SELECT pg_notify('{PATROLS_CHANNEL}', id || ' ' || community_id)"
"""For the rows of the change itself, which come as seldom."""

_NOTIFY_AT_ONCE: Final = numbered(_NOTIFY)

_log = logging.getLogger(__name__)


def announce(conn: Connection, number: str, community_id: str) -> None:
    """Tell listeners that an order has changed. Call it after the commit, in a transaction of its own."""
    conn.execute(text(_NOTIFY), _said([(number, community_id)], outbox=False))


def wake_relay(conn: Connection) -> None:
    """Tell the relay that new outbox rows wait. Call it after the commit."""
    conn.execute(text(_NOTIFY), _said([], outbox=True))


def _said(changed: Iterable[Changed], outbox: bool) -> dict[str, list[str]]:
    payloads = [f"{number} {community_id}" for number, community_id in changed]
    channels = [ORDERS_CHANNEL] * len(payloads)
    if outbox:
        channels.append(OUTBOX_CHANNEL)
        payloads.append("")
    return {"channels": channels, "payloads": payloads}


class Announcer:
    """Gathers changes and sends them together, on the event loop. `changed` and `wake_relay` return at once.

    A lost announcement costs a screen one refresh, so an error is logged and forgotten.
    """

    def __init__(self, db: Direct) -> None:
        self._direct = db
        self._changed: dict[Changed, None] = {}
        self._outbox = False
        self._sending: asyncio.Task[None] | None = None

    def changed(self, number: str, community_id: str) -> None:
        self._changed[number, community_id] = None
        self._soon()

    def wake_relay(self) -> None:
        self._outbox = True
        self._soon()

    async def close(self) -> None:
        """Wait until all has been sent."""
        while self._sending is not None:
            await self._sending

    def _soon(self) -> None:
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())

    async def _send(self) -> None:
        try:
            while self._changed or self._outbox:
                await asyncio.sleep(GATHER_SECONDS)
                changed, self._changed = self._changed, {}
                outbox, self._outbox = self._outbox, False
                await self._send_once(changed, outbox)
        finally:
            self._sending = None

    async def _send_once(self, changed: Iterable[Changed], outbox: bool) -> None:
        try:
            await self._direct.rows(_NOTIFY_AT_ONCE, _said(changed, outbox))
        except FAILURES as error:
            _log.warning("changed orders could not be announced: %s", error)
