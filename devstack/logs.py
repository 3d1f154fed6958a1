"""Following the log files of all parts as one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TextIO

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95)  # Terminal colours that are readable on dark and on light ground.
LARGEST_LOG = 20 * 2**20  # A part that repeats itself must not fill the disk; one old file is kept beside.


class LogTail:
    """New whole lines of one log file since the last look."""

    def __init__(self, path: Path, *, from_start: bool = False) -> None:
        self._path = path
        self._position = 0 if from_start or not path.exists() else path.stat().st_size

    def lines(self) -> list[str]:
        """The lines that have been completed since the last call."""
        try:
            with self._path.open("rb") as file:
                if file.seek(0, 2) < self._position:
                    self._position = 0  # The file was cut.
                file.seek(self._position)
                text = file.read()
        except FileNotFoundError:
            return []
        whole, newline, _ = text.rpartition(b"\n")
        self._position += len(whole) + len(newline)
        return whole.decode(errors="replace").splitlines()


class LogPrinter:
    """Prints what the parts write, each line with its part's name, in the part's colour on a terminal."""

    def __init__(self, folder: Path, names: list[str], out: TextIO, *, from_start: bool = False) -> None:
        self._tails = {name: LogTail(folder / f"{name}.log", from_start=from_start) for name in names}
        self._width = max((len(name) for name in names), default=0)
        self._colour = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}
        self._out = out

    def print_new(self) -> None:
        """Print the lines written since the last call."""
        for name, tail in self._tails.items():
            for line in tail.lines():
                self._out.write(f"{self._label(name)} {line}\n")
        self._out.flush()

    def _label(self, name: str) -> str:
        label = f"{name:<{self._width}} |"
        return f"\x1b[{self._colour[name]}m{label}\x1b[0m" if self._out.isatty() else label


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of a log file; none if there is no such file."""
    try:
        return path.read_text(errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return []


def cut_large_logs(folder: Path) -> None:
    """Move what is in an overlong log aside. The file itself stays, because its part keeps writing to it."""
    for log in folder.glob("*.log"):
        if log.stat().st_size > LARGEST_LOG:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            with log.open("r+b") as file:
                file.truncate(0)
