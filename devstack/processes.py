"""Starting, recognising and ending processes, and remembering them across a crash of the supervisor."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from devstack.files import write_private
from settings import ENVIRONMENT_PREFIX

CHILD = Path(__file__).with_name("child.py")
REPOSITORY = Path(__file__).resolve().parent.parent
KILL_WAIT_SECONDS = 10  # A killed process that still stands after this hangs in the kernel, on a dead disk for example.


@dataclass(frozen=True)
class Process:
    """A process that we started: its pid and the moment it was born, which together are never given twice."""

    pid: int
    birth: str

    @classmethod
    def of(cls, pid: int) -> Process:
        """The living process with this pid."""
        return cls(pid, birth_of(pid) or "")

    @property
    def alive(self) -> bool:
        """Whether this very process still runs; a stranger with the same pid does not count, nor does a zombie."""
        return bool(self.birth) and birth_of(self.pid) == self.birth

    def send(self, signal_number: int) -> None:
        """Signal the process alone, if it is still the one we started."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal_number)

    def kill_group(self) -> None:
        """Kill the process and what it started, and wait until it is gone."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self.wait(KILL_WAIT_SECONDS)

    def wait(self, seconds: float) -> bool:
        """Wait for the end of a process that may not be our child; tells whether it ended."""
        deadline = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


def birth_of(pid: int) -> str | None:
    """When the process was born, as text that never changes while it lives; None if it is gone or a zombie.

    Linux counts in ticks since boot, which no correction of the clock moves; elsewhere the clock has to do.
    """
    try:
        if sys.platform == "linux":
            state, *fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
            return None if state in "ZX" else f"{boot}:{fields[18]}"
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except (OSError, psutil.Error):
        return None


def spawn(
    command: list[str], environment: dict[str, str], log: Path, death_signal: int, user: str = ""
) -> subprocess.Popen[bytes]:
    """Start a program in its own session, its output appended to ``log``.

    Its own session keeps a terminal's Ctrl-C from it: the supervisor decides who stops when. The thread that calls
    this must outlive the program, because Linux ties the death signal to the thread.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(CHILD), str(os.getpid()), str(int(death_signal)), user, *command],
            env=inherited_environment() | environment,
            cwd=REPOSITORY if not user else "/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def inherited_environment() -> dict[str, str]:
    """What programs get from ours (PATH, language, proxies) without our settings, which the caller adds as one set."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
    return inherited | {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}


class ProcessBook:
    """The file that names every process of a stack, so that the next start finds what a crash left behind."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[str, Process] = self._read()

    def _read(self) -> dict[str, Process]:
        try:
            entries = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return {name: Process(**entry) for name, entry in entries.items()}

    def get(self, name: str) -> Process | None:
        """The process recorded under this name."""
        return self._entries.get(name)

    def record(self, name: str, process: Process) -> None:
        """Remember a process, at once and on disk."""
        self._entries[name] = process
        self._write()

    def forget(self, name: str) -> None:
        """Drop a process that is known to have ended."""
        if self._entries.pop(name, None) is not None:
            self._write()

    def names(self) -> list[str]:
        """Everything recorded, in the order it was started."""
        return list(self._entries)

    def _write(self) -> None:
        write_private(self._path, json.dumps({name: asdict(entry) for name, entry in self._entries.items()}))
