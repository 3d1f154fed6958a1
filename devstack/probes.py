"""Asking a server whether it is well."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import httpx

PROBE_SECONDS = 2.0  # On loopback a healthy server answers in milliseconds.


def answers(url: str, *accepted: int) -> bool:
    """Whether an HTTP GET is answered with one of the accepted statuses (200 if none is named)."""
    response = httpx.get(url, timeout=PROBE_SECONDS, trust_env=False)
    return response.status_code in (accepted or (200,))


def listens(address: str) -> bool:
    """Whether somebody accepts connections at ``host:port``."""
    parts = urlsplit(f"//{address}")
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=PROBE_SECONDS):
        return True
