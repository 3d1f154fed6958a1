"""The relay: carries the outbox to Temporal.

Rows are leased, so no lock is held while Temporal is called, and a relay that dies loses nothing: its leases run out.
Rows of emergencies go first, then starts, then effects. When Temporal is away the relay gives its leases back, asks
every second whether it has returned, and then goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError

from activities.settling import settle_round
from integrations.temporal import proof_keys
from models.repositories import outbox, relaying
from models.repositories.outbox import Leased
from models.repositories.rows_of import RANK_START
from settings import Settings
from workers.errands import EngineDown, Errands, Moot, subject_of
from workers.reconcile import Reconciler
from workers.throttle import PAUSE, Throttle
from workers.transactions import in_transaction

LEASED_AT_ONCE: Final = 50
"""One round: small enough that an emergency waits for a single round only, large enough to keep Temporal busy."""

POLL_SECONDS: Final = 1.0
"""How long a row waits at the most when no one woke the relay, and how often a server that is away is asked."""

GATHER_SECONDS: Final = 0.05
"""What is written within this time goes in one round: its transactions cost the same for one row as for fifty, and
nobody feels that a start or a notice comes a twentieth of a second later."""

LISTEN_AGAIN_SECONDS: Final = 5.0
"""After Postgres has cut the listening connection; until then rows are found by polling."""

BEAT_SECONDS: Final = 2.0
"""How old the console's banner may be."""

HEALTH_SECONDS: Final = timedelta(seconds=1)

_log = logging.getLogger(__name__)


@dataclass
class Health:
    """What the operator's page and the logs say about the relay."""

    last_success: datetime | None = None
    """When the last row was carried out."""
    down_since: datetime | None = None
    """Since when Temporal has been away; None while it is there."""
    waiting: int = 0
    """Rows that are due and not done, as of the last beat."""
    last_error: str | None = None


@dataclass
class _Round:
    """What has become of the rows of one round."""

    done: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Taken:
    """What a round has leased and Temporal has to carry out."""

    rows: Sequence[Leased]
    found: int
    paced: bool
    """As many starts as may go now: more may wait, and nobody wakes us for them."""
    starts: Mapping[str, relaying.Starting]


class Relay:
    """One per worker process; several may run, since rows are leased. `run` ends only when it is cancelled."""

    def __init__(self, engine: Engine, client: Client, settings: Settings) -> None:
        keys = proof_keys(settings)
        self.health = Health()
        self._engine = engine
        self._client = client
        self._errands = Errands(client, keys[0] if keys else None)
        self._reconciler = Reconciler(engine, client)
        self._has_sms = settings.has_sms
        self._throttle = Throttle(settings.relay_starts_per_second)
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def nudge(self) -> None:
        """There is something to do. May be called from any thread, and before `run`."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._woken.set)

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        since = await self._last_alive()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._beat())
            group.create_task(self._reconciler.run(since))
            group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            # Cleared before looking, so that a wake-up during the round is not lost.
            self._woken.clear()
            found, patience = 0, POLL_SECONDS
            try:
                taken = await self._round()
                found, patience = taken.found, PAUSE.total_seconds() if taken.paced else POLL_SECONDS
            except SQLAlchemyError as error:
                self._failed("Postgres", error)
            if self.health.down_since is not None:
                await self._until_back()
            elif found < LEASED_AT_ONCE:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), patience)
                await asyncio.sleep(GATHER_SECONDS)

    async def _round(self) -> _Taken:
        now = datetime.now(UTC)
        try:
            taken = await in_transaction(self._engine, self._take, now)
        except Exception as error:
            # One notice that cannot be settled must not hold up the others: each goes the long way, by itself.
            self._failed("settling a round", error)
            taken = await in_transaction(self._engine, self._take, now, settling=False)
        ended = _Round()
        await asyncio.gather(*(self._carry_out(row, taken.starts.get(row.number or ""), ended) for row in taken.rows))
        await self._close(ended)
        return taken

    def _take(self, conn: Connection, now: datetime, *, settling: bool = True) -> _Taken:
        """Lease what is due and settle what needs no call to anybody, in one transaction.

        It never waits for a lock while it holds some, and so nobody waits for it in a circle.
        """
        room = self._throttle.room(now)
        rows = outbox.lease(conn, LEASED_AT_ONCE, now, starts=room)
        starts = sum(row.rank == RANK_START for row in rows)
        self._throttle.spend(starts, now)
        settled = self._settle(conn, rows, now) if settling else set[str]()
        ready = [row for row in rows if row.id not in settled]
        orders = [row.number for row in ready if row.action == "start" and row.number]
        return _Taken(ready, len(rows), starts == room, relaying.starting(conn, orders) if orders else {})

    def _settle(self, conn: Connection, rows: Sequence[Leased], now: datetime) -> set[str]:
        """The rows whose notices have been settled."""
        notices = {row.id: subject_of(row) for row in rows if row.action == "notice"}
        if not notices:
            return set()
        outcomes = settle_round(conn, list(notices.values()), now, self._has_sms)
        done = {row for row, notice in notices.items() if notice in outcomes}
        if done:
            outbox.done(conn, list(done), now)
            self.health.last_success = now
        if "spread" in outcomes.values():
            self.nudge()  # The copies are rows of the next round.
        return done

    async def _carry_out(self, row: Leased, starting: relaying.Starting | None, ended: _Round) -> None:
        try:
            if self.health.down_since is not None:
                raise EngineDown("found to be away by another row of this round")
            await self._errands.carry_out(row, starting)
        except EngineDown as error:
            ended.released.append(row.id)
            if self.health.down_since is None:
                self.health.down_since = datetime.now(UTC)
                self._failed("Temporal", error)
        except Moot as error:
            _log.info("outbox row %s is moot: %s", row.id, error)
            ended.done.append(row.id)
        except Exception as error:
            # A fault of this row must not stop the others; it is tried again, ever more seldom.
            self._failed(f"outbox row {row.id}", error)
            text = f"{type(error).__name__}: {error}"
            await in_transaction(self._engine, outbox.fail, row.id, text, datetime.now(UTC))
        else:
            ended.done.append(row.id)

    async def _close(self, ended: _Round) -> None:
        """All that was done in one statement. If it fails the leases run out, and doing it again changes nothing."""
        if ended.done:
            await in_transaction(self._engine, outbox.done, ended.done, datetime.now(UTC))
            self.health.last_success = datetime.now(UTC)
        if ended.released:
            await in_transaction(self._engine, outbox.release, ended.released)

    async def _until_back(self) -> None:
        """Temporal is asked, not tried: a row should not have to fail to find out."""
        down_since = self.health.down_since
        while self.health.down_since is not None:
            await asyncio.sleep(POLL_SECONDS)
            try:
                if await self._client.service_client.check_health(timeout=HEALTH_SECONDS):
                    self.health.down_since = None
            except (RPCError, RuntimeError):
                continue
        _log.info("Temporal is back; the outbox goes on")
        if down_since is not None:
            # The server may have lost what it had confirmed shortly before it died.
            self._reconciler.look_again(down_since)

    async def _listen(self) -> None:
        """Wake up when another process has written to the outbox."""
        loop = asyncio.get_running_loop()
        while True:
            connection = None
            try:
                connection = await asyncio.to_thread(relaying.listen, self._engine)
                cut = asyncio.Event()
                loop.add_reader(connection.fileno(), self._heard, connection, cut)
                await cut.wait()
            except Exception as error:
                # Listening only spares a poll, so nothing about it may stop the relay; and psycopg2 speaks here itself.
                self._failed("listening to Postgres", error)
            finally:
                if connection is not None:
                    _hang_up(loop, connection)
            await asyncio.sleep(LISTEN_AGAIN_SECONDS)

    def _heard(self, connection: Any, cut: asyncio.Event) -> None:
        try:
            connection.poll()
        except Exception as error:
            # psycopg2 raises its own errors here, and the module is known to the engine only.
            _log.info("the relay no longer hears Postgres: %s", error)
            _mute(asyncio.get_running_loop(), connection)
            cut.set()
            return
        connection.notifies.clear()
        self._woken.set()

    async def _beat(self) -> None:
        """Write down that the relay lives, and how it is."""
        while True:
            try:
                now, down = datetime.now(UTC), self.health.down_since
                await in_transaction(self._engine, relaying.beat, now, down)
                self.health.waiting = await in_transaction(self._engine, outbox.waiting, now)
            except SQLAlchemyError as error:
                self._failed("Postgres", error)
            await asyncio.sleep(BEAT_SECONDS)

    async def _last_alive(self) -> datetime | None:
        """When a relay last lived; asked until Postgres answers."""
        while True:
            try:
                return await in_transaction(self._engine, relaying.last_beat)
            except SQLAlchemyError as error:
                self._failed("Postgres", error)
                await asyncio.sleep(POLL_SECONDS)

    def _failed(self, what: str, error: BaseException) -> None:
        self.health.last_error = f"{what}: {type(error).__name__}: {error}"
        _log.warning("%s failed: %s", what, error)


def _mute(loop: asyncio.AbstractEventLoop, connection: Any) -> None:
    # A connection that has died has no descriptor any more, and then the loop knows nothing of it either.
    with contextlib.suppress(Exception):
        loop.remove_reader(connection.fileno())


def _hang_up(loop: asyncio.AbstractEventLoop, connection: Any) -> None:
    _mute(loop, connection)
    connection.close()
