"""Faults on demand: WeChat being slow, busy, out of quota, unreachable, or cut off after it did the work."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Literal

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from devstack.wechat_emulator.refusals import refusal
from devstack.wechat_emulator.sms import refusal as sms_refusal

OWN_PATHS = ("/_emulator", "/page", "/static", "/q/", "/connect")
"""The emulator's own interface never fails on demand."""

Reset = Callable[[Scope], None]


class Fault(BaseModel):
    """One switch. It acts on the next `count` calls (for ever when null) whose path begins with `path`.

    delay: answer `seconds` late, after doing the work. busy: -1. quota: 45009. errcode: the given one.
    token_storm: every token is called invalid. reset: do the work, then cut the connection. outage: refuse at once,
    by 503 or (`how: reset`) by cutting the connection. sms: the SMS provider's own refusal with `code`.
    """

    kind: Literal["delay", "busy", "quota", "errcode", "token_storm", "reset", "outage", "sms"]
    path: str = "/"
    count: int | None = Field(default=1, ge=1)
    seconds: float = Field(default=0, ge=0)
    errcode: int = -1
    code: str = "InternalError.OtherError"
    how: Literal["503", "reset"] = "503"


class Faults:
    """The switches that are on, and how often each path was called."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._active: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._active.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._active.clear()

    def forget_calls(self) -> None:
        self.calls.clear()

    def active(self) -> list[Fault]:
        with self._lock:
            return list(self._active)

    def take(self, path: str, with_token: bool) -> Fault | None:
        """Count the call; the first switch that is meant for it, used up by one."""
        with self._lock:
            self.calls[path] += 1
            for fault in self._active:
                if not path.startswith(fault.path) or (fault.kind == "token_storm" and not with_token):
                    continue
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count == 0:
                        self._active.remove(fault)
                return fault.model_copy()
        return None


class FaultMiddleware:
    def __init__(self, app: ASGIApp, faults: Faults, reset: Reset) -> None:
        self._app = app
        self._faults = faults
        self._reset = reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "/")
        if scope["type"] != "http" or path == "/" or path.startswith(OWN_PATHS):
            return await self._app(scope, receive, send)
        fault = self._faults.take(path, "access_token" in Request(scope).query_params)
        if fault is None:
            return await self._app(scope, receive, send)
        return await self._fail(fault, scope, receive, send)

    async def _fail(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.kind:
            case "busy":
                await _answer(send, refusal(-1))
            case "quota":
                await _answer(send, refusal(45009))
            case "errcode":
                await _answer(send, refusal(fault.errcode))
            case "sms":
                await _answer(send, sms_refusal(fault.code))
            case "token_storm":
                await _answer(send, refusal(40001))
            case "outage" if fault.how == "503":
                await _answer(send, {"message": "service unavailable"}, 503)
            case "outage":
                await self._cut(scope)
            case "reset":
                await self._app(scope, receive, _swallow)
                await self._cut(scope)
            case "delay":
                await self._late(fault.seconds, scope, receive, send)

    async def _cut(self, scope: Scope) -> None:
        self._reset(scope)
        # The server must notice the lost connection before this returns, or it complains of a missing answer.
        await asyncio.sleep(0.01)

    async def _late(self, seconds: float, scope: Scope, receive: Receive, send: Send) -> None:
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        await self._app(scope, receive, hold)
        await asyncio.sleep(seconds)
        for message in held:
            await send(message)


async def _swallow(_: Message) -> None:
    return None


async def _answer(send: Send, body: dict[str, Any], status: int = 200) -> None:
    raw = json.dumps(body, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": raw})
