"""The embedded stack as an object: for ``./wuyou up``, for tests and for the bench.

    with Stack(home=tmp_path, parts={"postgres", "temporal", "migrations"}) as stack:
        engine = create_engine(stack.settings.sync_database_url)
        stack.kill("temporal")
        stack.start("temporal")

Nothing here installs signal handlers or starts threads. Use a stack from one thread, one that lives as long as the
stack does: Linux ends the parts when the thread that started them ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from devstack.catalog import BY_NAME, NAMES
from devstack.errors import StackError
from devstack.files import write_private
from devstack.part import START_SECONDS, STOP_SECONDS, Part
from devstack.ports import Claims
from devstack.processes import Process, ProcessBook, spawn
from devstack.site import Site, lay_out, prepare_home
from settings import Settings

POLL_SECONDS = 0.05  # Short against the quickest part's start.
FIRST_RESTART_SECONDS = 0.5  # A part killed by hand is back at once,
LONGEST_RESTART_SECONDS = 30.0  # one that cannot start does not burn the machine.
STEADY_SECONDS = 60.0  # After this long its earlier deaths are forgiven.
LOG_LINES_SHOWN = 5
SUPERVISOR = "supervisor"


@dataclass
class Running:
    """A part's process and its record of deaths."""

    process: subprocess.Popen[bytes]
    identity: Process
    since: float
    deaths: int = 0
    restart_at: float = 0.0


def silent(line: str) -> None:
    """Tell nobody."""


class Stack:
    """A set of parts under one home folder.

    Args:
        home: folder of data, logs and secrets; made if missing.
        parts: names of the parts to run, all if not said. What they require and is not named is taken as present.
        given: settings from outside; an address in it switches that part off. By default nothing is given.
        wanted_api_port: where the API should listen; by default a random port that stays the same.
        port_is_explicit: whether a taken port is an error rather than a reason to take the next.
        announce: gets one plain English line for each thing that happens.
    """

    def __init__(
        self,
        home: Path,
        parts: Collection[str] = NAMES,
        *,
        given: Settings | None = None,
        wanted_api_port: int | None = None,
        port_is_explicit: bool = False,
        announce: Callable[[str], None] = silent,
    ) -> None:
        unknown = set(parts) - set(NAMES)
        if unknown:
            raise StackError(f"There is no part called {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}.")
        self.home = home.expanduser().resolve()
        self._given = given or Settings.model_construct()
        self._wanted = [name for name in NAMES if name in parts]
        self._api_port = (wanted_api_port, port_is_explicit)
        self._announce = announce
        self._running: dict[str, Running] = {}
        self._finished: set[str] = set()
        self._site: Site | None = None
        self._lock: IO[str] | None = None
        self._book: ProcessBook | None = None
        self._claims = Claims()

    # -- the stack as a whole -----------------------------------------------------------------------------------------

    def __enter__(self) -> Stack:
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def up(self) -> None:
        """Start all parts and return when all are well. If one fails, everything started is stopped again.

        Raises:
            StackError: with one sentence that says why.
        """
        prepare_home(self.home)
        self._take_lock()
        try:
            self._book = ProcessBook(self.home / "processes.json")
            end_leftovers(self._book, self._announce)
            self._book.record(SUPERVISOR, Process.of(os.getpid()))
            self._site = lay_out(self.home, self._given, *self._api_port, self._claims)
            self._write_down()
            self._start_all([name for name in self._wanted if self._is_ours(name)])
        except BaseException:
            self.down()
            raise

    def down(self) -> None:
        """Stop all parts, those first that others do not need. Never fails; what does not stop is killed."""
        deadline = time.monotonic() + STOP_SECONDS
        told: set[str] = set()
        while self._running and time.monotonic() < deadline:
            for name in self._unneeded() - told:
                told.add(name)
                self._running[name].identity.send(BY_NAME[name].stop_signal)
            for name in list(self._running):
                if self._running[name].process.poll() is not None:
                    self._forget(name)
            time.sleep(POLL_SECONDS)
        for name in list(self._running):
            self._announce(f"{BY_NAME[name].title} did not stop in {STOP_SECONDS} s and is killed.")
            self.kill(name)
        if self._lock is not None:
            (self.home / "running.json").unlink(missing_ok=True)
            (self.home / "ready").unlink(missing_ok=True)
        if self._book is not None:
            self._book.forget(SUPERVISOR)
        self._claims.release()
        self._release_lock()

    def watch_once(self) -> None:
        """Start again what has died since the last call, waiting longer after each death. Call it twice a second."""
        now = time.monotonic()
        for name, running in list(self._running.items()):
            if running.process.poll() is None:
                if now - running.since > STEADY_SECONDS:
                    running.deaths = 0
            elif not running.restart_at:
                running.deaths += 1
                wait = min(FIRST_RESTART_SECONDS * 2 ** (running.deaths - 1), LONGEST_RESTART_SECONDS)
                running.restart_at = now + wait
                self._announce(f"{self._death_of(name)} It is started again in {wait:g} s.")
            elif now >= running.restart_at:
                deaths = running.deaths
                self._spawn(name)
                self._running[name].deaths = deaths
                self._announce(f"{BY_NAME[name].title} was started again.")

    # -- what the running stack is like -------------------------------------------------------------------------------

    @property
    def site(self) -> Site:
        """Folders, ports and settings of the running stack."""
        if self._site is None:
            raise StackError("The stack is not running.")
        return self._site

    @property
    def settings(self) -> Settings:
        """The settings with which everything of this stack runs."""
        return self.site.settings

    def environment(self) -> dict[str, str]:
        """The same as environment variables, for programs started beside the stack."""
        return self.settings.as_environment()

    def pid(self, name: str) -> int:
        """The process of a running part."""
        return self._running[name].process.pid

    def is_well(self, name: str) -> bool:
        """Whether the part serves right now."""
        return is_well(BY_NAME[name], self.site)

    # -- single parts -------------------------------------------------------------------------------------------------

    def start(self, name: str) -> None:
        """Start one part with the same data and ports, and wait until it is well.

        Raises:
            StackError: it did not become well.
        """
        if name not in self._running:
            self._start_all([name])

    def stop(self, name: str) -> None:
        """Stop one part as ``down`` would; it stays down."""
        running = self._running[name]
        running.identity.send(BY_NAME[name].stop_signal)
        try:
            running.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            running.identity.kill_group()
        self._forget(name)

    def kill(self, name: str) -> None:
        """SIGKILL one part and all it started, as a power cut would; it stays down."""
        running = self._running[name]
        running.identity.kill_group()
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.process.wait(STOP_SECONDS)
        self._forget(name)

    def pause(self, name: str) -> None:
        """Freeze one part: its connections stay open and nothing answers."""
        os.killpg(self._running[name].process.pid, signal.SIGSTOP)

    def unpause(self, name: str) -> None:
        """Let a frozen part go on."""
        os.killpg(self._running[name].process.pid, signal.SIGCONT)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _is_ours(self, name: str) -> bool:
        part = BY_NAME[name]
        if part.replaced_by and part.replaced_by in self._given.model_fields_set:
            self._announce(f"{part.title} is given from outside and not started.")
            return False
        return name != "demo" or self.settings.demo

    def _start_all(self, names: list[str]) -> None:
        waiting, starting = list(names), dict[str, float]()
        while waiting or starting:
            for name in [name for name in waiting if not self._blocked(name, waiting, starting)]:
                waiting.remove(name)
                starting[name] = time.monotonic()
                self._announce(f"{BY_NAME[name].title} is starting.")
                BY_NAME[name].prepare(self.site)
                self._spawn(name)
            for name, since in list(starting.items()):
                if self._has_started(name, since):
                    del starting[name]
                    self._announce(f"{BY_NAME[name].title} is ready after {time.monotonic() - since:.1f} s.")
            time.sleep(POLL_SECONDS)

    @staticmethod
    def _blocked(name: str, waiting: list[str], starting: dict[str, float]) -> bool:
        return any(other in waiting or other in starting for other in BY_NAME[name].requires)

    def _has_started(self, name: str, since: float) -> bool:
        part, running = BY_NAME[name], self._running[name]
        code = running.process.poll()
        if part.runs_once and code == 0:
            self._forget(name)
            return True
        if code is not None:
            raise StackError(f"{self._death_of(name)} {self._last_words(name)}")
        if not part.runs_once and is_well(part, self.site):
            part.complete(self.site)
            return True
        if time.monotonic() - since > START_SECONDS:
            raise StackError(f"{part.title} was not ready after {START_SECONDS} s. {self._last_words(name)}")
        return False

    def _spawn(self, name: str) -> None:
        part = BY_NAME[name]
        log = self.site.logs / f"{name}.log"
        command, environment = part.command(self.site), part.environment(self.site)
        process = spawn(command, environment, log, part.death_signal, part.user(self.site))
        self._running[name] = Running(process, Process.of(process.pid), time.monotonic())
        if self._book is not None:
            self._book.record(name, self._running[name].identity)

    def _forget(self, name: str) -> None:
        self._running.pop(name, None)
        if self._book is not None:
            self._book.forget(name)

    def _unneeded(self) -> set[str]:
        needed = {other for name in self._running for other in BY_NAME[name].requires}
        return set(self._running) - needed

    def _death_of(self, name: str) -> str:
        code = self._running[name].process.returncode
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        return f"{BY_NAME[name].title} {how}."

    def _last_words(self, name: str) -> str:
        log = self.site.logs / f"{name}.log"
        lines = log.read_text(errors="replace").strip().splitlines()[-LOG_LINES_SHOWN:]
        if any("No space left on device" in line for line in lines):
            return f"The disk of {self.home} is full; make room and start again."
        return f"The end of {log}:\n" + "\n".join(f"  {line}" for line in lines)

    def _write_down(self) -> None:
        """For the commands that ask about a running stack from another process."""
        running = {"parts": self._wanted, "settings": self.settings.model_dump(mode="json")}
        write_private(self.home / "running.json", json.dumps(running, indent=1))

    def _take_lock(self) -> None:
        lock = (self.home / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise StackError(f"A stack already runs in {self.home}; see ./wuyou status, or ./wuyou down.") from None
        self._lock = lock

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def is_well(part: Part, site: Site) -> bool:
    """Whether the part serves now; a probe that fails in whatever way means no."""
    try:
        return part.healthy(site)
    except Exception:
        return False


def end_leftovers(book: ProcessBook, announce: Callable[[str], None]) -> None:
    """End what a supervisor left behind when it was killed. A stranger that got an old pid is never touched."""
    for name in reversed(book.names()):
        process = book.get(name)
        if name != SUPERVISOR and process is not None and process.alive:
            announce(f"{BY_NAME[name].title if name in BY_NAME else name} was left from an earlier run and is ended.")
            process.send(BY_NAME[name].death_signal if name in BY_NAME else signal.SIGKILL)
            if not process.wait(STOP_SECONDS):
                process.kill_group()
        book.forget(name)
