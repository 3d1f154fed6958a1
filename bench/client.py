"""A client that costs next to nothing: it shares the machine with what it measures.

Requests are rendered to bytes before the clock runs; an answer is read as a status and a body that nobody parses.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

SECONDS_PER_ANSWER: Final = 30.0
"""Beyond any time-out of the API itself, so that a hanging server ends a measurement and not the machine's day."""

HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"\r\ncontent-length:"
CLOSING: Final = b"\r\nconnection: close"


class BrokenAnswer(Exception):
    """The server closed the connection, or answered in a way this client does not read."""


@dataclass(frozen=True)
class Post:
    """A rendered POST with a gap for the idempotency key, which must differ each time."""

    before_key: bytes
    after_key: bytes

    def with_key(self, key: str) -> bytes:
        return self.before_key + key.encode() + self.after_key


def get(path: str, token: str = "") -> bytes:
    return _head("GET", path, token) + b"\r\n"


def post(path: str, body: Any, token: str = "") -> Post:
    data = json.dumps(body, ensure_ascii=False).encode()
    head = _head("POST", path, token) + b"Idempotency-Key: "
    return Post(head, b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(data) + data)


def _head(method: str, path: str, token: str) -> bytes:
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"{method} {path} HTTP/1.1\r\nHost: bench\r\n{authorization}".encode()


def refusal(status: int, body: bytes) -> str:
    """A problem's status and code, such as `409 task_not_open`; for counting what went wrong."""
    try:
        code = json.loads(body).get("code", "")
    except (ValueError, AttributeError):
        code = ""
    return f"{status} {code}".strip()


class Line:
    """One keep-alive connection to one server, used by one client at a time.

    async with Line("127.0.0.1", 8000) as line:
        status = await line.send(get("/healthz"))
    """

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.body = b""
        """Of the last answer."""

    async def __aenter__(self) -> Line:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def send(self, request: bytes) -> int:
        """The status of the answer. A connection that the server has closed is opened again for the next request.

        Raises:
            BrokenAnswer: there was no answer, or one without a length.
        """
        reader, writer = self._streams or await self._open()
        try:
            writer.write(request)
            # One time-out per answer would cost more than reading it; the caller bounds the whole measurement.
            head = await reader.readuntil(HEAD_END)
            lower = head.lower()
            self.body = await reader.readexactly(_length(lower))
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            self.close()
            raise BrokenAnswer(str(error)) from error
        if CLOSING in lower:
            self.close()
        return int(head[9:12])

    async def json(self, request: bytes) -> Any:
        """The parsed body of an answer that must be a success; for preparations, not for measuring.

        Raises:
            BrokenAnswer: the status is not 2xx.
        """
        async with asyncio.timeout(SECONDS_PER_ANSWER):
            status = await self.send(request)
        if not 200 <= status < 300:
            said = request.split(b"\r\n", 1)[0].decode()
            raise BrokenAnswer(f"{said}: {status} {self.body.decode(errors='replace')}")
        return json.loads(self.body)

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._streams = await asyncio.open_connection(*self._address)
        return self._streams


def _length(head: bytes) -> int:
    """Of the body, from a head in lower case. Raises ValueError for an answer in chunks."""
    start = head.find(LENGTH)
    if start < 0:
        if head[9:12] in (b"204", b"304"):
            return 0
        raise ValueError("an answer without a length")
    start += len(LENGTH)
    return int(head[start : head.index(b"\r\n", start)])
