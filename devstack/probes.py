"""Asking a server whether it is well."""

from __future__ import annotations

import socket
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

PROBE_SECONDS = 2.0  # On loopback a healthy server answers in milliseconds.


def answers(url: str, *accepted: int) -> bool:
    """Whether an HTTP GET is answered with one of the accepted statuses (200 if none is named)."""
    # The machine's proxies are for the outside world, and a client library would double the time of "status".
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(url, timeout=PROBE_SECONDS) as response:
            status: int = response.status
    except HTTPError as error:
        status = error.code
    return status in (accepted or (200,))


def listens(address: str) -> bool:
    """Whether somebody accepts connections at ``host:port``."""
    parts = urlsplit(f"//{address}")
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=PROBE_SECONDS):
        return True
