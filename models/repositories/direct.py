"""Postgres without SQLAlchemy in between, for what the API asks most: single statements, each its own transaction.

SQLAlchemy's asynchronous engine spends about half a millisecond of processor time per statement on greenlets, events
and results, several times what asyncpg and Postgres need for the rows of a page.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from types import SimpleNamespace
from typing import Any, ClassVar, Final, NamedTuple

import asyncpg
import orjson
from sqlalchemy import make_url, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

from models.repositories.engines import (
    CONNECT_SECONDS,
    OVERFLOW,
    RECYCLE_SECONDS,
    SERVER_SETTINGS,
    STATEMENT_SECONDS,
    STATEMENTS_REMEMBERED,
    WAIT_FOR_CONNECTION_SECONDS,
)
from models.repositories.together import Together, Values

JSONB_VERSION: Final = b"\x01"
"""The byte before a document in Postgres' binary format."""

FAILURES: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""What a statement raises: the server's refusal, or that it cannot be reached."""

FIRST_OWN_TYPE: Final = 16384
"""Types below are Postgres' own, the same in every database."""


class Numbered(NamedTuple):
    """A statement as asyncpg takes it, and the names of its values in the order of their numbers."""

    sql: str
    names: Sequence[str]


@cache
def numbered(sql: str) -> Numbered:
    """`:name` becomes `$1`. Kept, because it costs more than sending; filters make a few dozen texts at most."""
    compiled = text(sql).compile(dialect=asyncpg_dialect())
    return Numbered(str(compiled), tuple(getattr(compiled, "positiontup", None) or ()))


NOT_ASKED: Final = SimpleNamespace(name="not asked")
"""In place of the statement that would have asked. asyncpg wants to know whether it had a name: one without takes the
place of the statement that waits for the answer.
"""


class _Connection(asyncpg.Connection):
    """Asks once per process what asyncpg asks on every connection: what an array of varchar is made of. The server
    takes a dozen milliseconds to plan that question.
    """

    _answers: ClassVar[dict[frozenset[int], Any]] = {}

    async def _introspect_types(self, typeoids: Iterable[int], timeout: float) -> tuple[Any, Any]:
        types = frozenset(typeoids)
        if types not in self._answers:
            answer, statement = await super()._introspect_types(typeoids, timeout)
            if max(types) < FIRST_OWN_TYPE:
                self._answers[types] = answer
            return answer, statement
        return self._answers[types], NOT_ASKED


@dataclass
class _Line:
    """An open connection and when it was opened (`time.monotonic`)."""

    connection: asyncpg.Connection
    since: float

    @property
    def usable(self) -> bool:
        return not self.connection.is_closed() and time.monotonic() - self.since < RECYCLE_SECONDS


class Direct:
    """A pool of asyncpg connections, outside transactions unless one is asked for. JSONB comes and goes as Python
    objects.

    asyncpg's own pool would ask the server to reset the connection after each use; single statements leave nothing to
    reset. Nothing is opened before the first statement, so a process starts without its database.
    """

    def __init__(self, url: str, pool_size: int) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._idle: list[_Line] = []
        self._companies: dict[Numbered, Together] = {}
        self._free = asyncio.Semaphore(pool_size + OVERFLOW)

    async def rows(self, statement: Numbered, values: Values) -> list[asyncpg.Record]:
        """All rows of one statement, read by name.

        Raises:
            TimeoutError: no connection came free, or the statement took too long.
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError: as asyncpg raises them.
        """
        async with self._line() as connection:
            found: list[asyncpg.Record] = await connection.fetch(statement.sql, *_ordered(statement, values))
        return found

    async def rows_in_company(self, statement: Numbered, wish: Values) -> list[asyncpg.Record]:
        """For a statement that many send at once (:class:`Together`): its value `all` is the list of their wishes, in
        JSON types. Answers the rows of all who went along, which must tell whose they are. Raises as :meth:`rows`.
        """
        company = self._companies.get(statement)
        if company is None:
            company = self._companies[statement] = Together(partial(self._rows_of_all, statement))
        return await company.rows(wish)

    async def _rows_of_all(self, statement: Numbered, wishes: Sequence[Values]) -> list[asyncpg.Record]:
        return await self.rows(statement, {"all": wishes})

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Direct]:
        """The same, on one connection, for what must be written together or not at all. An error takes all of it back.

        Raises as :meth:`rows`.
        """
        line = await self._take()
        try:
            async with line.connection.transaction():
                yield _InTransaction(line.connection)
        finally:
            if not line.connection.is_closed() and line.connection.is_in_transaction():
                line.connection.terminate()  # Interrupted while it was taken back.
            self._give_back(line)

    async def close(self) -> None:
        """Close what is idle; call it when nothing is under way any more."""
        idle, self._idle = self._idle, []
        for line in idle:
            line.connection.terminate()

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[asyncpg.Connection]:
        line = await self._take()
        try:
            yield line.connection
        except asyncpg.PostgresError:
            raise
        except asyncpg.InternalClientError as error:
            # The server has said its last words to an idle connection, whose end has not been noticed yet.
            line.connection.terminate()
            raise asyncpg.InterfaceError("the server has closed the connection") from error
        except BaseException:
            # Interrupted or broken in the middle: what the server still sends must not reach the next caller.
            line.connection.terminate()
            raise
        finally:
            self._give_back(line)

    async def _take(self) -> _Line:
        if self._free.locked():
            # Only a caller who has to wait pays for the timer.
            await asyncio.wait_for(self._free.acquire(), WAIT_FOR_CONNECTION_SECONDS)
        else:
            await self._free.acquire()
        try:
            while self._idle:
                line = self._idle.pop()
                if line.usable:
                    return line
                line.connection.terminate()
            return _Line(await self._open(), time.monotonic())
        except BaseException:
            self._free.release()
            raise

    def _give_back(self, line: _Line) -> None:
        if not line.connection.is_closed():
            self._idle.append(line)
        self._free.release()

    async def _open(self) -> asyncpg.Connection:
        connection = await asyncpg.connect(
            self._url,
            connection_class=_Connection,
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            statement_cache_size=STATEMENTS_REMEMBERED,
            max_cached_statement_lifetime=0,
            server_settings=SERVER_SETTINGS,
        )
        await connection.set_type_codec(
            "jsonb", schema="pg_catalog", encoder=_document, decoder=_parsed, format="binary"
        )
        return connection


class _InTransaction(Direct):
    """Statements on the connection that the transaction has."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def rows(self, statement: Numbered, values: Values) -> list[asyncpg.Record]:
        found: list[asyncpg.Record] = await self._connection.fetch(statement.sql, *_ordered(statement, values))
        return found

    async def rows_in_company(self, statement: Numbered, wish: Values) -> list[asyncpg.Record]:
        return await self._rows_of_all(statement, [wish])


def _ordered(statement: Numbered, values: Values) -> list[Any]:
    return [values[name] for name in statement.names]


def _document(value: Any) -> bytes:
    return JSONB_VERSION + orjson.dumps(value)


def _parsed(value: bytes) -> Any:
    return orjson.loads(value[1:])
