"""The emulator's memory: one SQLite file, one writer at a time, and a clock that tests may push forward."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devstack.wechat_emulator.refusals import Refused

_SCHEMA = """
create table if not exists people (
  person text primary key, name text not null, phone text not null,
  following integer not null default 0, active_at real not null default 0);
create table if not exists codes (
  code text primary key, kind text not null, appid text not null, person text not null,
  phone text, created real not null, used integer not null default 0);
create table if not exists tokens (
  token text primary key, appid text not null, kind text not null, issued real not null, expires real not null,
  revoked integer not null default 0);
create table if not exists counters (name text primary key, window integer not null, count integer not null);
create table if not exists credits (
  person text not null, template text not null, count integer not null, primary key (person, template));
create table if not exists messages (
  msgid integer primary key autoincrement, channel text not null, person text not null, template text not null,
  data text not null, target text not null, client_msg_id text, created real not null);
create table if not exists prompts (
  id integer primary key autoincrement, person text not null, templates text not null, created real not null);
create table if not exists scenes (
  ticket text primary key, scene text not null, created real not null, expires real not null);
create table if not exists pushes (
  id integer primary key autoincrement, channel text not null, event text not null, tries integer not null default 0,
  status text not null, created real not null);
create table if not exists texts (
  id integer primary key autoincrement, phone text not null, template text not null, content text not null,
  sign text not null, reference text not null, serial text not null, created real not null);
create table if not exists facts (name text primary key, value text not null);
"""

_TABLES = (
    "people",
    "codes",
    "tokens",
    "counters",
    "credits",
    "messages",
    "prompts",
    "scenes",
    "pushes",
    "texts",
    "facts",
)


class Store:
    """Every change is one transaction. A refusal keeps what it counted; any other error undoes everything."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode=wal")
        # A killed process loses nothing with `normal`; only a power cut could, which a demo may forget.
        self._db.execute("pragma synchronous=normal")
        self._db.executescript(_SCHEMA)
        self._offset = float(self.fact("clock_offset", "0"))

    def now(self) -> float:
        """Seconds since 1970, as pushed forward by `advance`."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += seconds
        self.remember("clock_offset", str(self._offset))

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except Refused:
                self._db.execute("commit")
                raise
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def fact(self, name: str, default: str = "") -> str:
        rows = self.rows("select value from facts where name = ?", name)
        return str(rows[0]["value"]) if rows else default

    def remember(self, name: str, value: str) -> None:
        with self.change() as db:
            db.execute("insert or replace into facts (name, value) values (?, ?)", (name, value))

    def wipe(self) -> None:
        with self.change() as db:
            for table in _TABLES:
                db.execute(f"delete from {table}")  # noqa: S608 - the names are constants above
            # Message ids start again too, so that a reset emulator is a new one.
            db.execute("delete from sqlite_sequence")
        self._offset = 0.0

    def close(self) -> None:
        with self._lock:
            self._db.close()


def count(db: sqlite3.Connection, name: str, window: int, limit: int, errcode: int) -> None:
    """One more use of `name` in this window (its number since 1970); over the limit it is refused with `errcode`."""
    row = db.execute("select window, count from counters where name = ?", (name,)).fetchone()
    used = row["count"] if row and row["window"] == window else 0
    if used >= limit:
        raise Refused(errcode)
    db.execute("insert or replace into counters (name, window, count) values (?, ?, ?)", (name, window, used + 1))
