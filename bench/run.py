"""One run: in which order things are measured, and beside what."""

from __future__ import annotations

import math
import os
import platform
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson
import uvloop
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client

from bench import filing, lifecycle, move_cars, reads, standing
from bench.client import get
from bench.lifecycle import Cast
from bench.measuring import CLIENTS, WARM_UP_SHARE, Measurement
from bench.people import Tokens
from bench.place import free_port, listening, program, stack_in
from bench.report import Aim, Report, number
from bench.seed import ORDERS, closed_state, seed
from bench.yardsticks import database, engine
from devstack.ports import LOOPBACK
from devstack.stack import Stack
from integrations import temporal
from models.repositories.engines import sync_engine

GROUPS: Final = ("http", "postgres", "temporal", "lifecycle", "reads", "create", "movecar", "unthrottled", "open")
"""What can be measured by itself; all of them if nothing is chosen."""

FASTEST_UPDATES: Final = 700
"""More Updates per second than an embedded server has ever shown; so many are prepared that none runs out."""

MIDDLE: Final = 16
"""The number of clients at which the aims are stated."""

FEW: Final = 100
"""Closed orders beside the open ones, which alone are looked at there."""

STANDING: Final = 20_000
"""Open repairs of a large firm: four hundred communities have some five thousand, in a bad week four times as many."""

ACTION: Final = "repair action"
CREATE: Final = "create"
LEAST_CREATE: Final = "least create"
CREATE_UNTHROTTLED: Final = "create, relay unthrottled"
RELAY: Final = "relay start, unthrottled"


@dataclass(frozen=True)
class Choice:
    """What the command line asked for."""

    seconds: float
    clients: Sequence[int] = CLIENTS
    groups: Sequence[str] = GROUPS
    orders: int = ORDERS
    standing: int = STANDING
    """Open repairs of the group `open`."""
    say: Callable[[str], None] = print


class Run:
    """Measures what was chosen, one thing after the other; nothing else of ours runs meanwhile."""

    def __init__(self, home: Path, choice: Choice) -> None:
        self._home = home
        self._choice = choice
        self.report = Report()

    def measure(self) -> Report:
        """Everything that was chosen."""
        chosen = set(self._choice.groups)
        if chosen - {"open"}:
            with stack_in(self._home) as stack:
                self._choice.say("Writing years of orders.")
                seed(sync_engine(stack.settings.database_url), self._choice.orders)
                uvloop.run(self._throttled(stack, chosen))
        if "unthrottled" in chosen:
            with stack_in(self._home, starts_per_second=0) as stack:
                uvloop.run(self._unthrottled(stack))
        if "open" in chosen:
            with stack_in(self._home / "open", starts_per_second=0) as stack:
                engine = sync_engine(stack.settings.database_url)
                seed(engine, FEW)
                standing.unhurried(engine)
                engine.dispose()
                uvloop.run(self._open(stack))
        self._aims()
        return self.report

    # -- the two stacks -----------------------------------------------------------------------------------------------

    async def _throttled(self, stack: Stack, chosen: set[str]) -> None:
        client = await Client.connect(stack.settings.temporal_address, namespace=stack.settings.temporal_namespace)
        tokens = Tokens(stack.settings)
        cast = Cast(LOOPBACK, stack.settings.api_port, tokens)
        async with database.bare_database(stack.settings.database_url) as pool:
            self.report.machine = await _machine(client, pool)
            if "http" in chosen:
                await self._http()
            if "postgres" in chosen:
                await self._postgres(pool)
            with self._bare_worker(stack):
                if "temporal" in chosen:
                    await self._each(lambda clients: engine.starts(client, clients, self._choice.seconds))
                if "lifecycle" in chosen:
                    with self._least(stack) as door:
                        await self._lifecycle(client, cast, pool, door)
            if "reads" in chosen:
                await self._reads(stack, tokens)
            if "create" in chosen:
                await self._create(CREATE, stack, pool, tokens)
            await filing.strike_out(pool)
            if "create" in chosen:
                await self._least_create(stack, client, pool, tokens)
            if "movecar" in chosen:
                await self._move_cars(stack, pool, tokens)

    async def _unthrottled(self, stack: Stack) -> None:
        tokens = Tokens(stack.settings)
        async with database.bare_database(stack.settings.database_url) as pool:
            await self._create(CREATE_UNTHROTTLED, stack, pool, tokens)
            shown = await filing.relayed(RELAY, pool, self._choice.clients[-1], self._choice.seconds)
            self._add(shown, engine.STARTS)

    async def _open(self, stack: Stack) -> None:
        client = await temporal.connect(stack.settings)
        cast = Cast(LOOPBACK, stack.settings.api_port, Tokens(stack.settings))
        async with database.bare_database(stack.settings.database_url) as pool:
            self.report.machine = self.report.machine or await _machine(client, pool)
            full = standing.Standing(stack, client, cast, pool, self.report, self._choice.say)
            await full.measure(self._choice.standing, self._choice.seconds)

    # -- the groups ---------------------------------------------------------------------------------------------------

    async def _http(self) -> None:
        port = free_port(above=LOWEST_PORT)
        with program("bench.yardsticks.empty", str(port), log=self._log("empty")):
            await listening(port)
            turns = [get("/")]
            await self._each(
                lambda clients: reads.read("empty handler", LOOPBACK, port, turns, clients, self._choice.seconds)
            )

    async def _postgres(self, pool: asyncpg.Pool) -> None:
        seconds, state = self._choice.seconds, orjson.dumps(closed_state()).decode()
        numbers, reporters = reads.numbers(self._choice.orders), reads.reporters()
        await self._each(lambda clients: database.inserts(pool, state, clients, seconds))
        await self._each(lambda clients: database.lists(pool, reporters, clients, seconds))
        await self._each(lambda clients: database.rows(pool, numbers, clients, seconds))

    async def _lifecycle(self, client: Client, cast: Cast, pool: asyncpg.Pool, door: int) -> None:
        seconds = self._choice.seconds
        await listening(door)
        rehearsal = await cast.rehearse(client)
        self.report.facts |= {
            "history events of a plain repair": rehearsal.events,
            "local activities of its six actions": " ".join(str(count) for count in rehearsal.local_activities),
        }
        waiting = deque[lifecycle.Order]()
        for clients in self._choice.clients:
            lives = clients + math.ceil(FASTEST_UPDATES * seconds / lifecycle.ACTIONS)
            self._add(await engine.updates(client, rehearsal.local_activities, lives, clients, seconds))
            least = await engine.actions(client, pool, door, lifecycle.ACTIONS, lives, clients, seconds)
            self._add(least, engine.UPDATES)
            waiting.extend(await cast.file(max(0, lives - len(waiting))))
            await filing.drained(pool)
            await engine.begun(client, [order.number for order in waiting])
            shown = await lifecycle.play(ACTION, cast, rehearsal, waiting, clients, seconds)
            self._add(shown, engine.UPDATES)
            self.report.facts[f"{ACTION} as a share of the {engine.LEAST}, {clients} clients"] = (
                f"{shown.rate / least.rate:.2f}, by cpu {least.cpu_ms / shown.cpu_ms:.2f}"
            )
            await filing.drained(pool)

    async def _reads(self, stack: Stack, tokens: Tokens) -> None:
        turns = reads.requests(tokens, self._choice.orders)
        port, seconds = stack.settings.api_port, self._choice.seconds
        for name, against in reads.READS.items():
            for clients in self._choice.clients:
                self._add(await reads.read(name, LOOPBACK, port, turns[name], clients, seconds), against)

    async def _move_cars(self, stack: Stack, pool: asyncpg.Pool, tokens: Tokens) -> None:
        bare, told = await move_cars.waits(stack, pool, tokens, self._choice.seconds)
        self._add(bare)
        self._add(told)
        if bare.p50_ms:
            times = told.p50_ms / bare.p50_ms
            self.report.facts["car user told, in answers of the emulator"] = f"{times:.1f}"

    async def _create(self, name: str, stack: Stack, pool: asyncpg.Pool, tokens: Tokens) -> None:
        posts = filing.filings(tokens)
        for clients in self._choice.clients:
            port, before = stack.settings.api_port, await filing.started(pool)
            shown = await filing.create(name, LOOPBACK, port, posts, clients, self._choice.seconds)
            self._starts_beside(name, clients, await filing.started(pool) - before)
            self._add(shown, "bare insert")

    async def _least_create(self, stack: Stack, client: Client, pool: asyncpg.Pool, tokens: Tokens) -> None:
        """The bound of `create`: without our relay, beside as many starts of the empty workflow."""
        posts, port, rate = filing.filings(tokens), free_port(above=LOWEST_PORT), stack.settings.relay_starts_per_second
        stack.kill("worker")
        with (
            self._bare_worker(stack),
            program("bench.yardsticks.intake", str(port), stack.settings.database_url, log=self._log("least-create")),
        ):
            await listening(port)
            for clients in self._choice.clients:
                async with engine.starting(client, rate) as started:
                    least = await filing.create(LEAST_CREATE, LOOPBACK, port, posts, clients, self._choice.seconds)
                    self._starts_beside(LEAST_CREATE, clients, len(started))
                self._add(least, "bare insert")
                shown = self.report.find(CREATE, clients)
                if shown is not None and shown.cpu_ms and least.rate:
                    self.report.facts[f"{CREATE} as a share of the {LEAST_CREATE}, {clients} clients"] = (
                        f"{shown.rate / least.rate:.2f}, by cpu {least.cpu_ms / shown.cpu_ms:.2f}"
                    )
        await filing.strike_out(pool)
        stack.start("worker")

    def _starts_beside(self, name: str, clients: int, starts: int) -> None:
        per_second = starts / (self._choice.seconds * (1 + WARM_UP_SHARE))
        self.report.facts[f"starts per second beside {name}, {clients} clients"] = number(per_second)

    # -- the rest -----------------------------------------------------------------------------------------------------

    async def _each(self, measure: Callable[[int], Any]) -> None:
        for clients in self._choice.clients:
            self._add(await measure(clients))

    def _add(self, shown: Measurement, against: str = "") -> None:
        self.report.add(shown, against)
        why = ", ".join(f"{count} × {reason}" for reason, count in shown.reasons.items())
        failed = f", {shown.failed} failed ({why})" if shown.failed else ""
        self._choice.say(f"{shown.name}, {shown.clients} clients: {shown.rate:.1f}/s{failed}")

    def _bare_worker(self, stack: Stack) -> Any:
        settings = stack.settings
        arguments = (settings.temporal_address, settings.temporal_namespace)
        return program("bench.yardsticks.temporal", *arguments, log=self._log("bare-worker"))

    @contextmanager
    def _least(self, stack: Stack) -> Iterator[int]:
        """The worker and the door of the least action; answers the door's port."""
        settings, port = stack.settings, free_port(above=LOWEST_PORT)
        where = (settings.temporal_address, settings.temporal_namespace)
        with (
            program("bench.yardsticks.least", "worker", *where, settings.database_url, log=self._log("least-worker")),
            program("bench.yardsticks.least", "door", *where, str(port), log=self._log("least-door")),
        ):
            yield port

    def _log(self, name: str) -> Path:
        return self._home / "logs" / f"{name}.log"

    def _aims(self) -> None:
        """What the figures should be, for those that were measured."""
        clients = MIDDLE if MIDDLE in self._choice.clients else self._choice.clients[-1]
        action = self.report.find(ACTION, clients)
        ratio = self.report.ratio(action) if action else None
        if ratio is not None:
            self.report.aims.append(Aim(f"{ACTION} as a share of the bare update, {clients} clients", 0.8, ratio))
        for name in (CREATE, "my list"):
            shown = self.report.find(name, clients)
            if shown:
                self.report.aims.append(Aim(f"{name} per second, {clients} clients", 1500, shown.rate))
        told = self.report.find(move_cars.TOLD, 1)
        if told:
            self.report.aims.append(Aim(f"{move_cars.TOLD}, median ms", 1000, told.p50_ms, at_most=True))
        events = self.report.facts.get("history events of a plain repair")
        if events:
            self.report.aims.append(Aim("history events of a plain repair", 65, events, at_most=True))


LOWEST_PORT: Final = 22_800
"""Above those that stacks choose from, below those of outgoing connections."""


async def _machine(client: Client, pool: asyncpg.Pool) -> dict[str, Any]:
    info = await client.workflow_service.get_system_info(GetSystemInfoRequest())
    return {
        "processors": os.cpu_count(),
        "load before": f"{os.getloadavg()[0]:.2f}",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "postgres": await pool.fetchval("SHOW server_version"),
        "temporal": f"server {info.server_version}, temporalio {version('temporalio')}",
    }
