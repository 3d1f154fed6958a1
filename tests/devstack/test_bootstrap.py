"""The script in front of everything: what it installs, when, and what it says when it cannot.

Python, pip and the package manager are stand-ins here, because a test must not install anything.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from devstack.processes import REPOSITORY

PYTHON = """#!/bin/sh
# Notes what it is asked for; pip fails when told so, and the browser packages leave their mark.
[ "$1" = -c ] && exit 0
printf '%s\\n' "$*" >>"$CALLS"
case "$*" in
"-m pip install"*) exit "${PIP_CODE:-0}" ;;
"-m devstack.assets") cp package-lock.json api/console/static/vendor/installed.json ;;
esac
"""
TOOLS = ("sh", "dirname", "cmp", "cp", "rm", "uname", "cat", "env")


class Checkout:
    """A fresh clone of the script and its locks, with nothing but the named tools on the machine."""

    def __init__(self, root: Path) -> None:
        self.root, self.tools, self.calls = root / "clone", root / "bin", root / "calls"
        (self.root / ".venv" / "bin").mkdir(parents=True)
        (self.root / "api" / "console" / "static" / "vendor").mkdir(parents=True)
        self.tools.mkdir()
        script = (REPOSITORY / "wuyou").read_text()
        # Where a broker of this very machine would be found.
        (self.root / "wuyou").write_text(script.replace("/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin", "/nowhere"))
        for lock in ("requirements.lock", "package-lock.json"):
            (self.root / lock).write_text(f"the first {lock}\n")
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found
            (self.tools / tool).symlink_to(found)
        self.provide("id", "echo 1000")
        self.provide("mosquitto", "exit 0")
        self.script(self.root / ".venv" / "bin" / "python", PYTHON)

    def script(self, path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o755)

    def provide(self, tool: str, does: str) -> None:
        self.script(self.tools / tool, f"#!/bin/sh\n{does}\n")

    def wuyou(self, *arguments: str, **settings: str) -> tuple[int, str, list[str]]:
        """The exit code, what was said on stderr, and what Python was asked for."""
        self.calls.write_text("")
        done = subprocess.run(
            [self.tools / "sh", self.root / "wuyou", *arguments],
            env={"PATH": str(self.tools), "CALLS": str(self.calls), **settings},
            capture_output=True,
            text=True,
            timeout=20,
        )
        return done.returncode, done.stderr, self.calls.read_text().splitlines()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_second_start_installs_nothing(checkout: Checkout) -> None:
    code, said, calls = checkout.wuyou("up", "--detach")
    assert code == 0, said
    assert [call.partition(" --")[0] for call in calls] == [
        "-m pip",
        "-m pip install",
        "-m devstack.assets",
        "-m devstack up",
    ]
    assert "--require-hashes" in calls[1]
    assert checkout.wuyou("up", "--detach") == (0, "", ["-m devstack up --detach"])
    (checkout.root / "requirements.lock").write_text("a newer one\n")
    assert len(checkout.wuyou("up")[2]) == 3, "what is locked anew is installed, and the browser packages are not"


def test_an_installation_that_broke_off_goes_on_with_the_next_start(checkout: Checkout) -> None:
    code, said, calls = checkout.wuyou("up", PIP_CODE="1")
    assert (code, len(calls)) == (1, 2)
    assert said.splitlines()[-1].startswith("wuyou: The Python packages could not be installed")
    code, said, _ = checkout.wuyou("status")
    assert (code, said) == (1, "wuyou: Nothing is installed yet; ./wuyou up installs and starts everything.\n")
    assert checkout.wuyou("up")[2][-1] == "-m devstack up"


def test_what_is_missing_is_said_in_one_line(checkout: Checkout) -> None:
    (checkout.tools / "mosquitto").unlink()
    code, said, calls = checkout.wuyou("up")
    assert (code, calls[-1].startswith("-m pip install")) == (1, True)
    assert said.splitlines()[-1] == "wuyou: The MQTT broker: something is missing; type: sudo apt-get install mosquitto"
    assert checkout.wuyou("up", WUYOU_MQTT_URL="mqtt://elsewhere")[0] == 0, "who brings a broker needs none here"
    (checkout.root / ".venv" / "bin" / "python").unlink()
    (checkout.root / ".venv" / "installed.lock").unlink()
    code, said, _ = checkout.wuyou("up")
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("wuyou: Python 3.11 or newer is missing")


def test_root_gets_what_is_missing_from_apt(checkout: Checkout) -> None:
    (checkout.tools / "mosquitto").unlink()
    checkout.provide("id", "echo 0")
    checkout.provide("apt-get", 'printf "apt %s\\n" "$*" >>"$CALLS"')
    code, said, calls = checkout.wuyou("up")
    assert (code, "apt install -y -qq mosquitto" in calls) == (0, True), said
    checkout.provide("apt-get", "exit 100")
    code, said, _ = checkout.wuyou("up")
    assert (code, said.splitlines()[-1].startswith("wuyou: apt-get could not install mosquitto")) == (1, True)
