"""python -m bench: start a system of its own, measure it, print what it does beside what its parts can do."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Final

from bench.measuring import CLIENTS
from bench.report import as_json, as_text
from bench.run import GROUPS, STANDING, Choice, Run
from bench.seed import ORDERS
from devstack.errors import StackError

SECONDS: Final = 5.0
QUICK_SECONDS: Final = 0.6
QUICK_CLIENTS: Final = (16,)
QUICK_GROUPS: Final = tuple(group for group in GROUPS if group not in ("unthrottled", "open"))
"""Those two need a start of the whole stack for themselves."""
QUICK_ORDERS: Final = 2_000
QUICK_STANDING: Final = 300


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="./wuyou bench", description=__doc__)
    options.add_argument("--quick", action="store_true", help="under a minute, to see that it still runs at all")
    options.add_argument("--seconds", type=float, help=f"per measurement (default {SECONDS:g})")
    options.add_argument("--clients", help=f"numbers of clients (default {','.join(map(str, CLIENTS))})")
    options.add_argument("--only", help=f"groups, separated by commas: {','.join(GROUPS)}")
    options.add_argument("--open", type=int, metavar="N", help=f"open repairs of that group (default {STANDING})")
    options.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    options.add_argument("--keep", type=Path, metavar="FOLDER", help="run in this new folder and leave data and logs")
    return options


def choice(options: argparse.Namespace) -> Choice:
    """What the options mean."""
    clients = QUICK_CLIENTS if options.quick else CLIENTS
    usual = QUICK_GROUPS if options.quick else GROUPS
    groups = tuple(options.only.split(",")) if options.only else usual
    unknown = set(groups) - set(GROUPS)
    if unknown:
        raise StackError(f"There is no group called {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}.")
    return Choice(
        seconds=options.seconds or (QUICK_SECONDS if options.quick else SECONDS),
        clients=tuple(int(count) for count in options.clients.split(",")) if options.clients else clients,
        groups=groups,
        standing=options.open or (QUICK_STANDING if options.quick else STANDING),
        orders=QUICK_ORDERS if options.quick else ORDERS,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    home = options.keep or Path(tempfile.mkdtemp(prefix="wuyou-bench-"))
    try:
        report = Run(home, choice(options)).measure()
    except StackError as error:
        print(f"wuyou: {error}", file=sys.stderr)
        return 1
    finally:
        if options.keep is None:
            shutil.rmtree(home, ignore_errors=True)
    print(as_text(report))
    if options.json:
        options.json.write_text(json.dumps(as_json(report), ensure_ascii=False, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except Exception:
        traceback.print_exc()
        code = 1
    except KeyboardInterrupt:
        code = 130  # The shell's convention for a program ended by Ctrl-C.
    sys.stdout.flush()
    sys.stderr.flush()
    # The Temporal core may abort while the interpreter shuts down, so the process leaves without tearing it down.
    os._exit(code)
