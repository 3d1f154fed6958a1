"""The command line: up, down, status, env, logs, act, doctor, reset."""

from __future__ import annotations

import argparse
import errno
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from devstack import act
from devstack.catalog import BY_NAME, NAMES
from devstack.errors import StackError
from devstack.logs import LogPrinter, cut_large_logs, last_lines
from devstack.processes import Process, ProcessBook
from devstack.site import Site, prepare_home, runtime_folder
from devstack.stack import SUPERVISOR, Stack, end_leftovers, is_well
from devstack.words import table
from settings import SettingMissing, Settings, load_settings

DEFAULT_API_PORT = 8000
WATCH_SECONDS = 0.25  # A line appears, and a dead part is noticed, within this time.
DOWN_SECONDS = 60  # The supervisor stops its parts within 15 s and kills the rest; then it is stuck itself.
COMPLAINT = "wuyou: "
LINES_SHOWN = 200  # About five screens; the whole file lies in the logs folder.


class Stopped(BaseException):
    """Somebody pressed Ctrl-C or sent SIGTERM. Not an Exception, so that no probe swallows it."""


def main(arguments: list[str]) -> int:
    """Run one command; the exit code is 0 if it did what was asked."""
    options = parse(arguments)
    try:
        code: int = options.run(options)
        return code
    except (StackError, SettingMissing) as error:
        return complain(str(error))
    except OSError as error:
        return complain(sentence_for(error))
    except ValueError as error:
        return complain(f"A setting is wrong: {error}")
    except (KeyboardInterrupt, Stopped):
        return 130  # The shell's convention for a program ended by Ctrl-C.


def parse(arguments: list[str]) -> argparse.Namespace:
    """What was typed. Fields of ``act`` may stand before, between and after its options, which argparse cannot."""
    whole = parser()
    options, rest = whole.parse_known_args(arguments)
    if options.run is run_act and not any(word.startswith("-") for word in rest):
        options.fields += rest
    elif rest:
        whole.error(f"unrecognized arguments: {' '.join(rest)}")
    return options


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="./wuyou", description="Wuyou 物优: work orders for property management.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    up = _command(commands, "up", run_up, "start everything and stay in the foreground with one log")
    up.add_argument("--detach", action="store_true", help="return once all is well")
    up.add_argument("--port", type=int, help=f"the API's port (default: the first free one from {DEFAULT_API_PORT})")
    up.add_argument("--only", help=f"start only these parts, separated by commas: {','.join(NAMES)}")
    _command(commands, "down", run_down, "stop everything")
    _command(commands, "status", run_status, "tell how each part is; the exit code is 0 if all are well")
    env = _command(commands, "env", run_env, "print where the running stack is as KEY=value lines, quoted for a shell")
    env.add_argument("--all", action="store_true", help="all settings, secrets included")
    logs = _command(commands, "logs", run_logs, "print the last lines of all logs, or of one part's")
    logs.add_argument("part", nargs="?", choices=[*NAMES, SUPERVISOR])
    logs.add_argument("-f", "--follow", action="store_true", help="go on printing")
    act.add_arguments(_command(commands, "act", run_act, "send a command to an order under your own login"))
    doctor = _command(commands, "doctor", run_doctor, "compare every order in Postgres and Temporal")
    doctor.add_argument("--fix", action="store_true", help="mend what differs")
    doctor.add_argument(
        "--quick", action="store_true", help="ask only workflows that have moved, or whose row has, since they agreed"
    )
    doctor.add_argument("--replay", action="store_true", help="replay every order's history with today's code")
    reset = _command(commands, "reset", run_reset, "delete all data of this stack")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    return top


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    words: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=words, description=words)
    command.set_defaults(run=run)
    return command


# -- up ---------------------------------------------------------------------------------------------------------------


def run_up(options: argparse.Namespace) -> int:
    """Start the stack here, or in a process of its own with ``--detach``."""
    return start_detached(options) if options.detach else stay_in_foreground(options)


def stay_in_foreground(options: argparse.Namespace) -> int:
    """Start, print the table, show the log and start again what dies, until told to stop."""
    given = load_settings()
    explicit = options.port is not None or "api_port" in given.model_fields_set
    default = given.api_port if "api_port" in given.model_fields_set else DEFAULT_API_PORT
    wanted = default if options.port is None else options.port
    stack = Stack(
        given.home,
        options.only.split(",") if options.only else NAMES,
        given=given,
        wanted_api_port=wanted,
        port_is_explicit=explicit,
        announce=say,
    )
    stop_on_signals()
    try:
        stack.up()
        say(table(stack.site))
        write_ready(stack)
        watch(stack)
    except Stopped:
        say("Stopping.")
    finally:
        stack.down()
    say("Stopped.")
    return 0


def watch(stack: Stack) -> None:
    """Show the log and keep the parts alive; only a signal ends it."""
    printer = LogPrinter(stack.site.logs, list(NAMES), sys.stdout)
    while True:
        printer.print_new()
        stack.watch_once()
        cut_large_logs(stack.site.logs)
        time.sleep(WATCH_SECONDS)


def start_detached(options: argparse.Namespace) -> int:
    """Start a supervisor in the background, show its progress and return when all is well or it has given up.

    Raises:
        StackError: it could not start; the text is its own complaint.
    """
    home = prepare_home(load_settings().home)
    if is_supervised(home):
        raise StackError(f"A stack already runs in {home}; see ./wuyou status, or ./wuyou down.")
    ready = home / "ready"
    ready.unlink(missing_ok=True)
    log = home / "logs" / f"{SUPERVISOR}.log"
    log.write_text("")
    command = [sys.executable, "-m", "devstack", "up"]
    command += ["--port", str(options.port)] if options.port is not None else []
    command += ["--only", options.only] if options.only else []
    with log.open("ab") as output:
        supervisor = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    printed = 0
    while True:
        ended, finished = supervisor.poll() is not None, ready.exists()
        progress, complaint = _split_complaint(log.read_text(errors="replace").splitlines())
        for line in progress[printed:]:
            say(line)
        printed = len(progress)
        if ended:
            raise StackError(complaint or "The stack ended without a word.")
        if finished:
            return 0
        time.sleep(WATCH_SECONDS)


def _split_complaint(lines: list[str]) -> tuple[list[str], str]:
    """What a supervisor told on its way, and the sentence with which it gave up."""
    start = next((index for index, line in enumerate(lines) if line.startswith(COMPLAINT)), len(lines))
    return lines[:start], "\n".join(lines[start:]).removeprefix(COMPLAINT)


def write_ready(stack: Stack) -> None:
    """Tell whoever waits for a detached start that all is well."""
    (stack.home / "ready").write_text(f"{os.getpid()}\n")


def stop_on_signals() -> None:
    """Turn Ctrl-C, SIGTERM and a closed terminal into an orderly stop."""

    def stop(number: int, frame: FrameType | None) -> None:
        # A second Ctrl-C must not cut short the orderly stop.
        on_stop_signals(signal.SIG_IGN)
        raise Stopped

    on_stop_signals(stop)


def on_stop_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    """Set what happens at each signal that means stop."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


# -- looking at a running stack ---------------------------------------------------------------------------------------


def run_down(options: argparse.Namespace) -> int:
    """Ask the supervisor to stop, and clean up after one that was killed."""
    home = load_settings().home
    book = ProcessBook(home / "processes.json")
    supervisor = book.get(SUPERVISOR)
    if supervisor is None and not book.names():
        say("Nothing is running.")
        return 0
    if supervisor is not None and supervisor.alive:
        supervisor.send(signal.SIGTERM)
        if not supervisor.wait(DOWN_SECONDS):
            supervisor.send(signal.SIGKILL)
    end_leftovers(ProcessBook(home / "processes.json"), say)
    say("Stopped.")
    return 0


def run_status(options: argparse.Namespace) -> int:
    """One line per part: well, not well, or not running."""
    home = load_settings().home
    site, book = running_site(home), ProcessBook(home / "processes.json")
    states = {name: is_well(BY_NAME[name], site) for name in running_parts(home) if not BY_NAME[name].runs_once}
    for name, well in states.items():
        part = BY_NAME[name]
        say(f"  {part.title:<16} {_state(well, book.get(name)):<28} {part.address(site)}")
    return 0 if all(states.values()) else 1


def _state(well: bool, process: Process | None) -> str:
    if process is None:
        return "well (outside)" if well else "not running"
    if not process.alive:
        return "dead, will be started again"
    return f"well (pid {process.pid})" if well else f"not well (pid {process.pid})"


PRINTED = tuple(
    f"WUYOU_{name}"
    for name in (
        *("API_URL", "TEMPORAL_ADDRESS", "TEMPORAL_UI_URL", "DATABASE_URL", "S3_ENDPOINT", "S3_ACCESS_KEY"),
        *("S3_SECRET_KEY", "S3_BUCKET", "MQTT_URL", "WECHAT_URL", "CODEC_URL"),
    )
)
"""What others need to talk to the stack. None of our own keys: what is pasted into a shell ends up in its history."""


def run_env(options: argparse.Namespace) -> int:
    """Where the running stack is, for ``eval "$(./wuyou env)"`` and for scripts; with ``--all`` all its settings."""
    settings = running_site(load_settings().home).settings.as_environment()
    for name, text in settings.items():
        if options.all or name in PRINTED:
            say(f"{name}={shlex.quote(text)}")
    return 0


def run_act(options: argparse.Namespace) -> int:
    """One command to one order. Without a stack here, ``WUYOU_API_URL`` says where."""
    given = load_settings()
    say(act.act(given if given.api_url else running_site(given.home).settings, options))
    return 0


def run_doctor(options: argparse.Namespace) -> int:
    """Compare; the exit code is 0 only if all agree. Without a stack here, the settings say where things are."""
    # Imported here because it brings SQLAlchemy and Temporal, for which every other command would wait a second.
    from devstack import doctor

    given = load_settings()
    outside = given.database_url and given.temporal_address
    settings = given if outside else running_site(given.home).settings
    lines, well = doctor.examine(settings, options)
    for line in lines:
        say(line)
    return 0 if well else 1


def run_logs(options: argparse.Namespace) -> int:
    """The last lines of each part's log, then, with ``-f``, what follows."""
    folder = load_settings().home / "logs"
    names = [options.part] if options.part else list(NAMES)
    if not folder.is_dir():
        raise StackError("There are no logs yet; ./wuyou up makes them.")
    printer = LogPrinter(folder, names, sys.stdout)
    for name in names:
        for line in last_lines(folder / f"{name}.log", LINES_SHOWN if options.part else LINES_SHOWN // len(names)):
            say(line if options.part else f"{name:<10} | {line}")
    while options.follow:
        printer.print_new()
        time.sleep(WATCH_SECONDS)
    return 0


def run_reset(options: argparse.Namespace) -> int:
    """Delete the home folder, after asking, and only if it is one that a stack made.

    Raises:
        StackError: the stack runs, the folder is not ours, or the answer was no.
    """
    home = load_settings().home.expanduser().resolve()
    if not home.exists():
        say("There is nothing to delete.")
        return 0
    if not (home / "lock").exists():
        raise StackError(f"The folder {home} was not made by ./wuyou up and is left alone.")
    if is_supervised(home):
        raise StackError("The stack is running; stop it with ./wuyou down first.")
    if not options.yes and not _agreed(home):
        raise StackError("Nothing was deleted.")
    end_leftovers(ProcessBook(home / "processes.json"), say)
    shutil.rmtree(runtime_folder(home), ignore_errors=True)
    shutil.rmtree(home)
    say(f"Deleted {home}.")
    return 0


def _agreed(home: Path) -> bool:
    if not sys.stdin.isatty():
        raise StackError("Say --yes to delete all data without being asked.")
    return input(f"Delete all data in {home}? Type yes: ").strip() == "yes"


def is_supervised(home: Path) -> bool:
    """Whether a supervisor of this home lives."""
    supervisor = ProcessBook(home / "processes.json").get(SUPERVISOR)
    return supervisor is not None and supervisor.alive


def running_site(home: Path) -> Site:
    """The site of the stack that runs in ``home``, as its supervisor wrote it down.

    Raises:
        StackError: none runs there.
    """
    home = home.expanduser().resolve()
    if not is_supervised(home) or not (home / "running.json").exists():
        raise StackError("Nothing is running; ./wuyou up starts it.")
    settings = Settings.model_validate(json.loads((home / "running.json").read_text())["settings"])
    ports = json.loads((home / "ports.json").read_text())
    return Site(home, runtime_folder(home), ports, {}, settings)


def running_parts(home: Path) -> list[str]:
    """The parts that the running stack was asked for, those given from outside included."""
    parts: list[str] = json.loads((home / "running.json").read_text())["parts"]
    return parts


# -- words ------------------------------------------------------------------------------------------------------------


def say(line: str) -> None:
    """One line on stdout, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def complain(sentence: str) -> int:
    """One sentence on stderr; returns the exit code for failure."""
    sys.stderr.write(f"{COMPLAINT}{sentence}\n")
    return 1


def sentence_for(error: OSError) -> str:
    """What an error of the system means for whoever typed the command."""
    place = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full{place}; make room and start again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"A file or folder cannot be written{place}; check its owner, or set WUYOU_HOME to another folder."
    if isinstance(error, FileNotFoundError):
        return f"A file or program is missing{place}."
    return f"The system refused: {error}."
