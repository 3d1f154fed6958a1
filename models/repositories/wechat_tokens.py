"""WeChat's access tokens in Postgres: many processes, one fetch.

Satisfies `integrations.wechat.TokenStore`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Engine, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection
from sqlmodel import col

from models.tables.wechat import WeChatToken

FRESH = timedelta(minutes=5)
"""A token with less time left is fetched again: in its last five minutes WeChat hands out the next one, and the old one
still works meanwhile."""

LOCK_TIMEOUT_MILLISECONDS = 20_000
"""Longer than the slowest fetch (connect 3 s, read 8 s), so that a waiter gives up only when something hangs."""


class WeChatTokens:
    """Raises sqlalchemy's OperationalError when Postgres is away or the lock is held for too long."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, appid: str) -> str | None:
        """The shared token; None when there is none or its time is nearly over."""
        with self._engine.connect() as connection:
            return _fresh(connection, appid)

    def refresh(self, appid: str, fetch: Callable[[], tuple[str, int]], stale: str | None) -> str:
        """A token other than `stale`, fetched at most once however many callers ask at the same time.

        `fetch` gives the token and its seconds to live. It is called while an advisory lock of this account is held;
        whoever waited for the lock finds the new token in the table.
        """
        with self._engine.begin() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MILLISECONDS}"))
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"wechat_token:{appid}", 0))))
            token = _fresh(connection, appid)
            if token is not None and token != stale:
                return token
            token, seconds = fetch()
            row = {"token": token, "expires_at": func.clock_timestamp() + timedelta(seconds=seconds)}
            statement = insert(WeChatToken).values(appid=appid, **row)
            connection.execute(statement.on_conflict_do_update(index_elements=["appid"], set_=row))
            return token


def _fresh(connection: Connection, appid: str) -> str | None:
    # clock_timestamp, not now(): the transaction may have begun long before the lock was given.
    statement = select(col(WeChatToken.token)).where(
        col(WeChatToken.appid) == appid, col(WeChatToken.expires_at) > func.clock_timestamp() + FRESH
    )
    return connection.execute(statement).scalar_one_or_none()
