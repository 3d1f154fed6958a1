"""How much a request may send. Photos go straight to the store; what comes here is words, ids and numbers."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES: Final = 1_048_576
"""A hundred times the longest form. More would only fill the memory of the process that everybody shares."""


class BodyLimit:
    """Plain ASGI, for the reason of :class:`api.request_id.RequestId`. Whoever reads the body hears a 413."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "GET":
            await self._app(scope, receive, send)
            return
        taken = 0

        async def receive_some() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MOST_BYTES:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_some, send)
