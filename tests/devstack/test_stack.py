"""The embedded servers: they serve with their own credentials only, and survive what a machine does to them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import paho.mqtt.client as mqtt
import psycopg2
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from devstack import site
from devstack.errors import StackError
from devstack.parts.temporal import SEARCH_ATTRIBUTES, program
from devstack.processes import REPOSITORY, Process, ProcessBook
from devstack.stack import Stack, end_leftovers
from settings import Settings

pytestmark = pytest.mark.stack


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.05)


async def test_every_driver_reaches_postgres_over_the_socket(infrastructure: Stack) -> None:
    settings = infrastructure.settings
    with create_engine(settings.sync_database_url).connect() as connection:
        assert connection.scalar(text("SELECT current_database()")) == "wuyou"
    engine = create_async_engine(settings.async_database_url)
    async with engine.connect() as asynchronous:
        assert await asynchronous.scalar(text("SELECT current_setting('timezone')")) == "UTC"
    await engine.dispose()
    plain = await asyncpg.connect(settings.database_url)
    assert await plain.fetchval("SELECT current_setting('listen_addresses')") == ""
    await plain.close()


def test_temporal_knows_our_attributes_keeps_histories_and_shows_its_ui(infrastructure: Stack) -> None:
    def ask(*arguments: str) -> str:
        command = [program(), "operator", *arguments, "--address", infrastructure.settings.temporal_address]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout

    listed = ask("search-attribute", "list")
    assert all(name in listed for name in SEARCH_ATTRIBUTES)
    assert "720h" in ask("namespace", "describe", "--namespace", "default")
    ui = httpx.get(f"{infrastructure.settings.temporal_ui_url}/api/v1/settings").json()
    assert ui["Codec"]["Endpoint"] == infrastructure.settings.codec_url


def test_photos_are_refused_to_strangers(infrastructure: Stack) -> None:
    settings = infrastructure.settings
    assert infrastructure.is_well("storage")
    assert httpx.get(f"{settings.s3_endpoint}/{settings.s3_bucket}").status_code == 403
    assert httpx.put(f"{settings.s3_endpoint}/{settings.s3_bucket}/x", content=b"x").status_code == 403


def test_a_device_reaches_its_own_topics_only(infrastructure: Stack) -> None:
    devices = infrastructure.site.mqtt_devices
    port = urlsplit(infrastructure.settings.mqtt_url).port or 0
    heard: list[str] = []

    def connected(user: str, password: str) -> mqtt.Client | None:
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        client.username_pw_set(user, password)
        client.on_message = lambda _client, _data, message: heard.append(message.topic)
        client.connect("127.0.0.1", port)
        client.loop_start()
        try:
            wait_for(client.is_connected, 2)
        except AssertionError:
            client.loop_stop()
            return None
        return client

    assert connected("xfl-gate-in", "wrong") is None
    address = urlsplit(infrastructure.settings.mqtt_url)
    platform = connected(address.username or "", address.password or "")
    gate = connected("xfl-gate-in", devices["xfl-gate-in"])
    assert platform is not None
    assert gate is not None
    subscribed: list[int] = []
    platform.on_subscribe = lambda _client, _data, message_id, *_rest: subscribed.append(message_id)
    platform.subscribe("pm/1/#", qos=1)
    wait_for(lambda: bool(subscribed))
    gate.publish("pm/1/xfl/xfl-gate-out/evt/pass", b"{}", qos=1).wait_for_publish(5)
    gate.publish("pm/1/xfl/xfl-gate-in/evt/pass", b"{}", qos=1).wait_for_publish(5)
    wait_for(lambda: "pm/1/xfl/xfl-gate-in/evt/pass" in heard)
    assert "pm/1/xfl/xfl-gate-out/evt/pass" not in heard
    for client in (platform, gate):
        client.disconnect()
        client.loop_stop()


def test_a_killed_server_comes_back_with_its_data_at_the_same_address(infrastructure: Stack) -> None:
    url = infrastructure.settings.database_url
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first = infrastructure.pid("postgres")
    os.kill(first, 9)
    wait_for(lambda: infrastructure.watch_once() is None and infrastructure.pid("postgres") != first)
    wait_for(lambda: infrastructure.is_well("postgres"))
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM kept")
        assert cursor.fetchone() == (42,)


def test_a_part_stays_down_until_it_is_started(infrastructure: Stack) -> None:
    for end in (infrastructure.kill, infrastructure.stop):
        end("mqtt")
        infrastructure.watch_once()
        assert not infrastructure.is_well("mqtt")
        infrastructure.start("mqtt")
        assert infrastructure.is_well("mqtt")


def test_a_second_supervisor_of_the_same_home_is_refused(infrastructure: Stack) -> None:
    with pytest.raises(StackError, match="already runs"):
        Stack(infrastructure.home, {"mqtt"}).up()
    assert infrastructure.is_well("mqtt")


def test_parts_die_with_a_killed_supervisor_and_the_next_start_goes_on(tmp_path: Path) -> None:
    # The path is too long for a unix socket and has spaces, which must not matter either.
    home = tmp_path / ("a long name with spaces " * 5).strip() / "home"
    script = "import sys, time, pathlib; from devstack.stack import Stack\n"
    script += (
        "with Stack(pathlib.Path(sys.argv[1]), {'postgres', 'mqtt'}):\n    print('up', flush=True); time.sleep(60)"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", script, str(home)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    assert supervisor.stdout.readline() == "up\n"
    book = ProcessBook(home / "processes.json")
    parts = [book.get("postgres"), book.get("mqtt")]
    supervisor.kill()
    supervisor.communicate(timeout=10)
    if sys.platform == "linux":
        assert all(part is not None and part.wait(10) for part in parts)
    with Stack(home, {"postgres", "mqtt"}) as stack:
        assert stack.is_well("postgres")
        assert not any(part is not None and part.alive for part in parts)
        with psycopg2.connect(stack.settings.database_url) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        assert not stack.site.runtime.is_relative_to(home)
    shutil.rmtree(stack.site.runtime)


def test_a_stranger_with_an_old_pid_is_left_alone(home: Path) -> None:
    home.mkdir()
    stranger = subprocess.Popen(["sleep", "30"])
    try:
        book = ProcessBook(home / "processes.json")
        book.record("mqtt", Process(stranger.pid, "born at another time"))
        end_leftovers(book, print)
        assert stranger.poll() is None
        book.record("mqtt", Process.of(stranger.pid))
        end_leftovers(book, print)
        assert stranger.wait(5) == -9
    finally:
        stranger.kill()


def test_an_address_from_outside_switches_the_part_off(home: Path, infrastructure: Stack) -> None:
    outside = infrastructure.settings.database_url
    given = Settings.model_construct(_fields_set={"database_url"}, database_url=outside)
    with Stack(home, {"postgres", "mqtt"}, given=given) as stack:
        assert stack.settings.database_url == outside
        assert not stack.settings.demo, "demo data goes into embedded databases only"
        assert stack.is_well("postgres")
        assert not (home / "postgres").exists()


def test_a_part_that_cannot_start_takes_the_others_down_and_says_why(home: Path) -> None:
    home.mkdir()
    (home / "mqtt").write_text("a file where the broker wants its folder")
    with pytest.raises(FileExistsError):
        Stack(home, {"storage", "mqtt"}).up()
    assert ProcessBook(home / "processes.json").names() == []


def test_two_stacks_run_side_by_side(tmp_path: Path) -> None:
    with Stack(tmp_path / "one", parts={"mqtt"}) as one, Stack(tmp_path / "two", parts={"mqtt"}) as two:
        assert one.is_well("mqtt")
        assert two.is_well("mqtt")
        assert one.site.ports["mqtt"] != two.site.ports["mqtt"]


def test_a_full_disk_is_refused_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "SPACE_NEEDED", 2**62)
    with pytest.raises(StackError, match="needs"):
        Stack(tmp_path / "home", parts={"mqtt"}).up()
    assert [path for path in (tmp_path / "home").rglob("*") if path.is_file()] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a user of its own for Postgres, and may make one")
def test_stacks_that_start_for_the_first_time_at_once_share_one_system_user() -> None:
    """Without turns each makes it anew, and whoever came first stands there with a number that is nobody's."""
    name = f"wuyou_test_{os.getpid()}"
    call = (
        "import pwd, sys; from devstack.parts import postgres; postgres.SYSTEM_USER = sys.argv[1];"
        " print('ready', flush=True); sys.stdin.read(1); print(pwd.getpwnam(postgres.system_user(None)).pw_uid)"
    )
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", call, name], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    try:
        assert all(start.stdout and start.stdout.readline() == "ready\n" for start in starts)
        for start in starts:
            assert start.stdin
            start.stdin.write("go")
            start.stdin.flush()
        numbers = [start.communicate(timeout=30)[0].strip() for start in starts]
        assert numbers == [str(pwd.getpwnam(name).pw_uid)] * len(starts)
    finally:
        for start in starts:
            start.kill()
        subprocess.run(["userdel", name], check=True, capture_output=True, timeout=30)
