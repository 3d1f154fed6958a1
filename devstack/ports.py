"""Free ports on loopback, chosen once and remembered, so that addresses stay the same from start to start."""

from __future__ import annotations

import json
import random
import socket
from pathlib import Path

from devstack.errors import StackError
from devstack.files import write_private

LOOPBACK = "127.0.0.1"
# Below the range from which Linux takes ports for outgoing connections (32768), else any client could sit on one.
RANGE = range(20_000, 22_700)
# SeaweedFS' admin part finds itself 10 000 above its HTTP port, whatever it is told.
SEAWEED_GRPC_OFFSET = 10_000
ATTEMPTS = 500
HIGHEST_PORT = 65_535
API_PORTS_TRIED = 100  # From the default upwards; whoever runs more copies gives ports explicitly.

NAMES = (
    "temporal", "temporal_http", "temporal_metrics", "temporal_ui",
    "s3", "s3_grpc", "s3_master", "s3_master_grpc", "s3_volume", "s3_volume_grpc", "s3_filer", "s3_filer_grpc",
    "s3_admin", "mqtt", "wechat", "codec", "api",
)  # fmt: skip


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


class Claims:
    """Ports that a stack has chosen and its servers have not taken yet, kept from stacks that start at the same moment.

    A claim is a bound UDP socket of the same number, which hinders no TCP server, is seen by every program and every
    user, and is gone with the process that made it, however that ends.
    """

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []

    def take(self, port: int) -> bool:
        """Claim a port that is free; tells whether it is ours now."""
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind((LOOPBACK, port))
        except OSError:
            claim.close()
            return False
        self._sockets.append(claim)
        if is_free(port):
            return True
        self._sockets.pop().close()
        return False

    def release(self) -> None:
        """Give all of them up."""
        while self._sockets:
            self._sockets.pop().close()


def remembered_ports(path: Path, claims: Claims) -> dict[str, int]:
    """One free port for each name, from the file where possible; those taken by somebody else are chosen anew.

    Call it only when nothing of this stack runs.

    Raises:
        StackError: no free port was found.
    """
    known = _read(path)
    ports: dict[str, int] = {}
    for name in NAMES:
        port = known.get(name)
        ports[name] = port if port is not None and _suits(name, port, claims) else _choose(name, claims)
    if ports != known:
        write_private(path, json.dumps(ports, indent=1))
    return ports


def api_port(wanted: int, explicit: bool, claims: Claims) -> int:
    """The API's port: a taken default moves on to the next free one, a taken explicit one is an error.

    Raises:
        StackError: the explicit port is none or is taken, or no port near the default is free.
    """
    if not 0 < wanted <= HIGHEST_PORT:
        raise StackError(f"{wanted} is no port; choose one from 1 to {HIGHEST_PORT} with --port.")
    if explicit:
        if not is_free(wanted):
            raise StackError(f"Port {wanted} is taken by another program; choose another one with --port.")
        claims.take(wanted)
        return wanted
    for port in range(wanted, min(wanted + API_PORTS_TRIED, HIGHEST_PORT + 1)):
        if claims.take(port):
            return port
    raise StackError(f"No port from {wanted} to {wanted + API_PORTS_TRIED - 1} is free; choose one with --port.")


def _read(path: Path) -> dict[str, int]:
    try:
        known = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): int(port) for name, port in known.items()}


def _suits(name: str, port: int, claims: Claims) -> bool:
    return (name != "s3_admin" or is_free(port + SEAWEED_GRPC_OFFSET)) and claims.take(port)


def _choose(name: str, claims: Claims) -> int:
    for _ in range(ATTEMPTS):
        port = random.choice(RANGE)  # noqa: S311 Only spreads the choice; nothing is guarded by it.
        if _suits(name, port, claims):
            return port
    raise StackError(f"No free port between {RANGE.start} and {RANGE.stop} was found for {name}.")
