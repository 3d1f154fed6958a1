"""``./wuyou`` as a person types it: what it prints, and one clear sentence when it cannot."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.processes import REPOSITORY, inherited_environment

CONTRACT_KEYS = (
    "API_URL", "TEMPORAL_ADDRESS", "TEMPORAL_UI_URL", "DATABASE_URL", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY",
    "S3_BUCKET", "MQTT_URL", "WECHAT_URL", "CODEC_URL",
)  # fmt: skip


def run(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "devstack", *arguments],
        env=inherited_environment() | {"WUYOU_HOME": str(home)} | settings,
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("wuyou: ")
    return done.stderr


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_up_status_env_logs_down_reset(home: Path) -> None:
    up = run(home, "up", "--detach", "--only", "mqtt")
    try:
        assert up.returncode == 0, up.stderr
        assert "/console" in up.stdout
        assert "wuyou-demo" in up.stdout
        assert "already runs" in refused(run(home, "up", "--only", "mqtt"))
        status = run(home, "status")
        assert (status.returncode, "well (pid" in status.stdout) == (0, True)
        printed = run(home, "env").stdout
        assert [line.partition("=")[0] for line in sorted(printed.splitlines())] == sorted(
            f"WUYOU_{key}" for key in CONTRACT_KEYS
        )
        read = subprocess.run(
            ["sh", "-euc", 'eval "$1"; printf %s "$WUYOU_DATABASE_URL"', "sh", printed],
            capture_output=True, text=True, check=True, timeout=10,
        )  # fmt: skip
        assert read.stdout.startswith("postgresql://postgres@/wuyou?host=")
        everything = run(home, "env", "--all").stdout
        assert "WUYOU_TOKEN_SECRET=" in everything
        subprocess.run(["sh", "-euc", 'eval "$1"', "sh", everything], check=True, timeout=10)
        assert "127.0.0.1" in run(home, "logs", "mqtt").stdout
        assert "running" in refused(run(home, "reset", "--yes"))
    finally:
        assert run(home, "down").returncode == 0
    assert run(home, "down").stdout == "Nothing is running.\n"
    assert "Nothing is running" in refused(run(home, "status"))
    assert "Nothing is running" in refused(run(home, "env"))
    assert "--yes" in refused(run(home, "reset"))
    assert run(home, "reset", "--yes").returncode == 0
    assert not home.exists()


def test_secrets_can_be_read_by_their_owner_only(home: Path) -> None:
    from devstack.credentials import stack_credentials
    from devstack.errors import StackError

    home.mkdir()
    file = home / "secrets.json"
    first = stack_credentials(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stack_credentials(file) == first
    file.write_text("{")
    with pytest.raises(StackError, match="damaged"):
        stack_credentials(file)
    assert file.read_text() == "{", "a damaged file must not be replaced: its secrets open existing data"


def test_a_taken_explicit_port_is_refused_and_nothing_is_left(home: Path, taken_port: int) -> None:
    sentence = refused(run(home, "up", "--only", "mqtt", "--port", str(taken_port)))
    assert str(taken_port) in sentence
    sentence = refused(run(home, "up", "--only", "mqtt", WUYOU_API_PORT=str(taken_port)))
    assert str(taken_port) in sentence
    assert "Nothing is running" in refused(run(home, "status"))


@pytest.mark.parametrize("number", ["0", "65536", "-1"])
def test_a_number_that_is_no_port_is_refused(home: Path, number: str) -> None:
    assert f"{number} is no port" in refused(run(home, "up", "--detach", "--only", "mqtt", "--port", number))


def test_a_taken_default_port_moves_on(taken_port: int) -> None:
    from devstack.ports import Claims, api_port

    claims = Claims()
    assert taken_port < api_port(taken_port, False, claims) <= taken_port + 100
    claims.release()


def test_stacks_that_start_at_once_never_choose_the_same_port(tmp_path: Path) -> None:
    """Each has chosen before the other's servers listen."""
    from devstack.ports import Claims, api_port, remembered_ports

    first, second = Claims(), Claims()
    ports = remembered_ports(tmp_path / "first.json", first)
    (tmp_path / "second.json").write_text((tmp_path / "first.json").read_text())
    others = remembered_ports(tmp_path / "second.json", second)
    assert not set(ports.values()) & set(others.values())
    port = api_port(ports["mqtt"], False, second)
    assert port not in {*ports.values(), *others.values()}
    first.release()
    assert remembered_ports(tmp_path / "first.json", first) == ports
    for claims in (first, second):
        claims.release()


def test_remembered_ports_stay_unless_somebody_took_one(home: Path) -> None:
    from devstack.ports import Claims, remembered_ports

    home.mkdir()
    claims = Claims()
    first = remembered_ports(home / "ports.json", claims)
    claims.release()
    assert remembered_ports(home / "ports.json", claims) == first
    claims.release()
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", first["mqtt"]))
        stranger.listen()
        second = remembered_ports(home / "ports.json", claims)
    claims.release()
    assert second.pop("mqtt") != first.pop("mqtt")
    assert second == first


def test_a_home_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refused(run(tmp_path / "file" / "home", "up", "--only", "mqtt"))
    assert "cannot be written" in refused(run(tmp_path / "file" / "home", "up", "--detach", "--only", "mqtt"))


def test_a_read_only_home_is_refused() -> None:
    # Root may write where permissions forbid it, but not into the kernel's own read-only tree.
    read_only = Path("/proc/sys/kernel/wuyou")
    if not read_only.parent.exists():
        pytest.skip("needs Linux")
    assert "cannot be written" in refused(run(read_only, "up", "--only", "mqtt"))


def test_a_missing_program_is_named_with_the_way_to_get_it(home: Path) -> None:
    from devstack.errors import StackError
    from devstack.parts import mqtt

    path, folders = os.environ["PATH"], mqtt.SYSTEM_FOLDERS
    try:
        os.environ["PATH"], mqtt.SYSTEM_FOLDERS = str(home), ()
        with pytest.raises(StackError, match="apt-get install mosquitto"):
            mqtt.program()
    finally:
        os.environ["PATH"], mqtt.SYSTEM_FOLDERS = path, folders


def test_wrong_settings_and_wrong_words_are_told(home: Path) -> None:
    assert "database_url" in refused(run(home, "up", WUYOU_DATABASE_URL="mysql://x"))
    assert "no part called nonsense" in refused(run(home, "up", "--only", "nonsense"))
    assert run(home, "nonsense").returncode == 2


@pytest.mark.parametrize("script", ["wuyou", ".ci/run"])
def test_scripts_are_posix(script: str) -> None:
    shell = shutil.which("dash") or "sh"
    assert subprocess.run([shell, "-n", str(REPOSITORY / script)], timeout=10).returncode == 0
    assert os.access(REPOSITORY / script, os.X_OK)
