"""An id for every request, in its answer, its errors and its log lines, so that a person can quote it to an
operator."""

from __future__ import annotations

import re
import secrets
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = b"x-request-id"
ACCEPTABLE: Final = re.compile(rb"[A-Za-z0-9_.:-]{8,64}")
"""A proxy in front may have given one already; anything else is replaced, so that logs cannot be written by
strangers."""


class RequestId:
    """Plain ASGI, because Starlette's middleware class costs a task per request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == HEADER), b"")
        request_id = given if ACCEPTABLE.fullmatch(given) else f"req_{secrets.token_hex(8)}".encode()
        scope["wuyou_request_id"] = request_id.decode()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (HEADER, request_id)]
            await send(message)

        await self._app(scope, receive, send_with_id)


def request_id_of(request: HTTPConnection) -> str:
    return str(request.scope.get("wuyou_request_id", "req_unknown"))
