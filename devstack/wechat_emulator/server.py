"""uvicorn with one extra ability: cutting a client's connection in the middle of an answer."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

STOP_SECONDS = 2

_connections: dict[tuple[str, int], asyncio.Transport] = {}


class TrackedConnection(H11Protocol):
    """Remembers the transport of each client, which ASGI hides."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client:
            _connections[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client:
            _connections.pop(self.client, None)
        super().connection_lost(exc)


def reset(scope: Scope) -> None:
    """Cut the connection with a TCP reset, as a dying load balancer does."""
    client: Any = scope.get("client")
    transport = _connections.get(tuple(client)) if client else None
    if transport is None:
        return
    raw = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def serve(app: ASGIApp, host: str, port: int) -> None:
    uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http=TrackedConnection,
            ws="none",
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=STOP_SECONDS,
        )
    ).run()
