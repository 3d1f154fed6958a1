"""Changes as they happen: one LISTEN per process, handed on to whoever may see the order.

A subscription remembers which orders changed, not each change, so a slow screen costs nothing and reloads each order
once. One of a staff member ends when they log out, leave, or are given other roles or another scope: their client comes
back through the check of its login.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final, Self

import asyncpg

from models.domain.numbers import PREFIXES
from models.domain.people import Actor
from models.repositories import reading
from models.repositories.direct import FAILURES, Direct
from models.repositories.live import ORDERS_CHANNEL, PATROLS_CHANNEL, STAFF_CHANNEL

RECONNECT_SECONDS: Final = 1.0
"""A lost connection to Postgres is renewed this often; screens are told to reload when it is back."""

CONNECT_SECONDS: Final = 3.0
ALIVE_EVERY_SECONDS: Final = 15.0
"""How often the listening connection is tried, because a dead network tells nobody."""

STREAM_SECONDS: Final = 600.0
"""A stream to a client ends now and then; the client comes back by itself, through the check of its login."""

JUST_CHANGED_SECONDS: Final = 1.0
"""Between the check of a login and the opening of its stream lie milliseconds. Who has changed so lately may have been
checked before, so their stream ends at once, and is opened anew after another check.
"""

DISCREET: Final = PREFIXES["complaint"]
"""Whom such a change may be told stands in the row."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """An order that changed, or a walk that has begun or is over; without a number, anything may have changed while
    nobody listened.
    """

    number: str | None
    community_id: str | None


EVERYTHING: Final = Change(None, None)


@dataclass(eq=False)
class Subscription:
    """An asynchronous iterator of :class:`Change`. For staff by their scope, for a resident by their id and houses.

    It ends when nobody knows any more that whoever listens is still who they were.
    """

    staff: Actor | None = None
    resident_id: str | None = None
    houses: frozenset[str] = frozenset()
    _changed: dict[str | None, Change] = field(default_factory=dict)
    _some: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    def tell(self, change: Change) -> None:
        if not self.ended:
            self._changed[change.number] = change
            self._some.set()

    def end(self, *last: Change) -> None:
        """Nothing more is told but these; what has gathered is not, because it may be no business of theirs by now."""
        self._changed = {change.number: change for change in last}
        self.ended = True
        self._some.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        while not self._changed:
            if self.ended:
                raise StopAsyncIteration
            self._some.clear()
            await self._some.wait()
        return self._changed.pop(next(iter(self._changed)))


class Live:
    """`start` before the first request, `close` after the last."""

    def __init__(self, database_url: str, db: Direct) -> None:
        self._database_url = database_url
        self._direct = db
        self._subscriptions: set[Subscription] = set()
        self._just_changed: dict[str, float] = {}
        self._to_look_up: asyncio.Queue[Change] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._look_up())]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def subscribe(
        self,
        *,
        staff: Actor | None = None,
        resident_id: str | None = None,
        houses: Iterable[str] = (),
    ) -> AsyncIterator[Subscription]:
        """Changes from now on: of the orders in a staff member's scope that are not kept from them, or of one
        resident's own and their houses'.
        """
        subscription = Subscription(staff, resident_id, frozenset(houses))
        self._subscriptions.add(subscription)
        if staff is not None and self._just_changed.get(staff.id, -inf) > _now() - JUST_CHANGED_SECONDS:
            subscription.end()
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    async def _listen(self) -> None:
        while True:
            try:
                connection = await asyncpg.connect(self._database_url, timeout=CONNECT_SECONDS)
                try:
                    await connection.add_listener(ORDERS_CHANNEL, self._heard)
                    await connection.add_listener(PATROLS_CHANNEL, self._heard_of_patrol)
                    await connection.add_listener(STAFF_CHANNEL, self._heard_of_staff)
                    self._listening_again()
                    while True:
                        await asyncio.sleep(ALIVE_EVERY_SECONDS)
                        await connection.execute("SELECT 1", timeout=CONNECT_SECONDS)
                finally:
                    connection.terminate()
            except FAILURES as error:
                _log.warning("not listening for changes: %s", error)
            await asyncio.sleep(RECONNECT_SECONDS)

    def _heard(self, connection: Any, pid: int, channel: str, payload: object) -> None:
        number, _, community_id = str(payload).partition(" ")
        change = Change(number, community_id)
        asked = False
        for subscription in self._subscriptions:
            if _is_known_without_the_row(subscription, change):
                if subscription.staff is not None and subscription.staff.reaches(community_id):
                    subscription.tell(change)
            else:
                asked = True
        if asked:
            self._to_look_up.put_nowait(change)

    def _heard_of_patrol(self, connection: Any, pid: int, channel: str, payload: object) -> None:
        """Walks lie in the inboxes of a whole community's staff."""
        patrol, _, community_id = str(payload).partition(" ")
        for subscription in self._subscriptions:
            if subscription.staff is not None and subscription.staff.reaches(community_id):
                subscription.tell(Change(patrol, community_id))

    def _heard_of_staff(self, connection: Any, pid: int, channel: str, payload: object) -> None:
        now = _now()
        lately = {who: at for who, at in self._just_changed.items() if at > now - JUST_CHANGED_SECONDS}
        self._just_changed = lately | {str(payload): now}
        for subscription in self._subscriptions:
            if subscription.staff is not None and subscription.staff.id == payload:
                subscription.end()

    def _listening_again(self) -> None:
        """Anything may have changed while nobody listened, also what staff may see."""
        for subscription in self._subscriptions:
            if subscription.staff is None:
                subscription.tell(EVERYTHING)
            else:
                subscription.end(EVERYTHING)

    async def _look_up(self) -> None:
        """Whose order it is stands in the row and not in the announcement, which goes to every process."""
        while True:
            change = await self._to_look_up.get()
            try:
                row = await reading.standing(self._direct, change.number or "")
            except FAILURES as error:
                _log.warning("a change was not told to those concerned: %s", error)
                continue
            if row is not None:
                self._tell_concerned(change, row)

    def _tell_concerned(self, change: Change, row: reading.Row) -> None:
        car = row["state"].get("move_car") or {}
        hosts = (row["state"].get("visit") or {}).get("hosts", ())
        concerned = {row["reporter_itself"], *car.get("users", ()), *car.get("requesters", ()), *hosts}
        for subscription in self._subscriptions:
            staff = subscription.staff
            if staff is not None:
                if not _is_known_without_the_row(subscription, change) and may_see(staff, row):
                    subscription.tell(change)
            elif subscription.resident_id in concerned or (
                row["house_id"] in subscription.houses and row["kind"] == "repair"
            ):
                subscription.tell(change)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _is_known_without_the_row(subscription: Subscription, change: Change) -> bool:
    """Whether the announcement says enough to decide: for staff of whole communities, about what is kept from nobody.
    It goes to every process, so buildings, exclusions and people stand in the row alone.
    """
    staff = subscription.staff
    return (
        staff is not None
        and change.community_id not in staff.narrowed
        and not (change.number or "").startswith(DISCREET)
    )


def may_see(staff: Actor, row: reading.Row) -> bool:
    return staff.reaches(row["community_id"], row["building_id"]) and staff.id not in row["excluded"]
