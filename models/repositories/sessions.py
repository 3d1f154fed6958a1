"""Logins of residents and staff: who somebody is, their sessions, and how often a password was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import DateTime, TextualSelect, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import TextClause

from models.repositories.direct import Direct, numbered
from models.repositories.live import STAFF_CHANGED
from models.repositories.people import ACTING
from models.tables.base import new_id

Row = dict[str, Any]
_INSTANT: Final = DateTime(timezone=True)


def _statement(sql: str) -> TextClause:
    clause = text(sql)
    times = [name for name in ("now", "expires_at", "long_ago", "before") if f":{name}" in sql]
    return clause.bindparams(*(bindparam(name, type_=_INSTANT) for name in times))


async def _one(conn: AsyncConnection, statement: TextClause | TextualSelect, **values: Any) -> Row | None:
    row = (await conn.execute(statement, values)).mappings().first()
    return None if row is None else dict(row)


ACCOUNT: Final = _statement(f"""
    SELECT s.id, s.account, s.name, s.team, s.roles, s.openid, s.on_duty, s.active, s.password_hash, {ACTING}
    FROM staff s WHERE s.account = :account""").columns(deputises=JSONB)  # noqa: S608 - only constants are put in

SESSION: Final = numbered(f"""
    SELECT s.id, s.account, s.name, s.team, s.roles, s.openid, s.on_duty, x.expires_at, {ACTING}
    FROM staff_sessions x JOIN staff s ON s.id = x.staff_id
    WHERE x.token_hash = :token_hash AND x.revoked_at IS NULL AND x.expires_at > :now AND s.active""")  # noqa: S608

OPEN_SESSION: Final = _statement("""
    INSERT INTO staff_sessions (token_hash, staff_id, created_at, expires_at)
    VALUES (:token_hash, :staff_id, :now, :expires_at)""")

PROLONG_SESSION: Final = _statement(
    "UPDATE staff_sessions SET expires_at = :expires_at WHERE token_hash = :token_hash AND revoked_at IS NULL"
)

REVOKE_SESSION: Final = _statement(f"""
    WITH revoked AS (
        UPDATE staff_sessions SET revoked_at = coalesce(revoked_at, :now) WHERE token_hash = :token_hash
        RETURNING staff_id)
    {STAFF_CHANGED.format(staff="staff_id")} FROM revoked""")  # noqa: S608 - only constants are put in


async def staff_by_account(conn: AsyncConnection, account: str) -> Row | None:
    """A staff member with password hash and communities; a firm-wide one has `*`."""
    return await _one(conn, ACCOUNT, account=account)


async def staff_of_session(db: Direct, token_hash: str, now: datetime) -> Row | None:
    """The active staff member behind a session that is neither expired nor revoked."""
    rows = await db.rows(SESSION, {"token_hash": token_hash, "now": now})
    return dict(rows[0].items()) if rows else None


async def open_session(
    conn: AsyncConnection, token_hash: str, staff_id: str, now: datetime, expires_at: datetime
) -> None:
    await conn.execute(
        OPEN_SESSION, {"token_hash": token_hash, "staff_id": staff_id, "now": now, "expires_at": expires_at}
    )


async def prolong_session(conn: AsyncConnection, token_hash: str, expires_at: datetime) -> None:
    await conn.execute(PROLONG_SESSION, {"token_hash": token_hash, "expires_at": expires_at})


async def revoke_session(conn: AsyncConnection, token_hash: str, now: datetime) -> None:
    await conn.execute(REVOKE_SESSION, {"token_hash": token_hash, "now": now})


FAILURES: Final = _statement("SELECT count, last_at FROM login_failures WHERE key = :key")

COUNT_ATTEMPT: Final = _statement("""
    WITH before AS (SELECT last_at FROM login_failures WHERE key = :key),
    counted AS (
        INSERT INTO login_failures (key, count, last_at) VALUES (:key, 1, :now)
        ON CONFLICT (key) DO UPDATE SET last_at = :now,
            count = CASE WHEN login_failures.last_at < :long_ago THEN 1 ELSE login_failures.count + 1 END
        WHERE login_failures.last_at < :long_ago OR login_failures.count < :free
            OR login_failures.last_at + make_interval(secs => (CAST(:waits AS integer[]))[
                least(login_failures.count - :free + 1, cardinality(CAST(:waits AS integer[])))]) <= :now
        RETURNING key)
    SELECT (SELECT last_at FROM before) AS before FROM counted""")

FORGIVE_ATTEMPT: Final = _statement("""
    UPDATE login_failures SET count = greatest(count - 1, 0), last_at = coalesce(:before, last_at) WHERE key = :key""")

FORGET_FAILURES: Final = _statement("DELETE FROM login_failures WHERE key = :key")


class Attempt(NamedTuple):
    """An attempt that may be made; `before` is when the one before it was."""

    before: datetime | None


async def login_failures(conn: AsyncConnection, key: str) -> tuple[int, datetime] | None:
    """How many failures, and when the last one was."""
    row = await _one(conn, FAILURES, key=key)
    return None if row is None else (row["count"], row["last_at"])


async def count_attempt(
    conn: AsyncConnection, key: str, free: int, waits: Sequence[int], now: datetime, long_ago: datetime
) -> Attempt | None:
    """Count an attempt as a failure before it is made, so that many at once do not pass each other by. None when it
    comes too early.

    After `free` failures the next waits `waits[0]` seconds from the last one, then `waits[1]`, and so on. Failures
    from before `long_ago` no longer count.
    """
    values = {"key": key, "free": free, "waits": list(waits), "now": now, "long_ago": long_ago}
    row = await _one(conn, COUNT_ATTEMPT, **values)
    return None if row is None else Attempt(row["before"])


async def forgive_attempt(conn: AsyncConnection, key: str, attempt: Attempt) -> None:
    """It was no failure after all."""
    await conn.execute(FORGIVE_ATTEMPT, {"key": key, "before": attempt.before})


async def forget_login_failures(conn: AsyncConnection, key: str) -> None:
    await conn.execute(FORGET_FAILURES, {"key": key})


RESIDENT_LOGIN: Final = _statement("""
    INSERT INTO residents (id, openid, unionid, service_openid, name, is_minor, created_at)
    VALUES (:id, :openid, CAST(:unionid AS varchar),
        (SELECT f.openid FROM followers f WHERE f.unionid = CAST(:unionid AS varchar)), :name, false, :now)
    ON CONFLICT (openid) DO UPDATE SET unionid = coalesce(excluded.unionid, residents.unionid),
        service_openid = coalesce(excluded.service_openid, residents.service_openid) RETURNING id""")

FOLLOW: Final = _statement("""
    WITH follower AS (
        INSERT INTO followers (unionid, openid, since)
        VALUES (CAST(:unionid AS varchar), CAST(:openid AS varchar), :now)
        ON CONFLICT (unionid) DO UPDATE SET openid = excluded.openid)
    UPDATE residents SET service_openid = CAST(:openid AS varchar) WHERE unionid = CAST(:unionid AS varchar)""")

UNFOLLOW: Final = _statement("""
    WITH gone AS (DELETE FROM followers WHERE openid = CAST(:openid AS varchar))
    UPDATE residents SET service_openid = NULL WHERE service_openid = CAST(:openid AS varchar)""")

BIND_STAFF: Final = _statement("""
    UPDATE staff SET openid = :openid WHERE id = :staff_id AND active
      AND NOT EXISTS (SELECT 1 FROM staff o WHERE o.openid = :openid AND o.id <> :staff_id)""")

SET_DUTY: Final = _statement("UPDATE staff SET on_duty = :on_duty, duty_switched_at = now() WHERE id = :staff_id")


async def resident_of(conn: AsyncConnection, openid: str, unionid: str | None, name: str, now: datetime) -> str:
    """The resident with this openid; at their first login they are written down under `name`, tied to no house yet."""
    row = await _one(conn, RESIDENT_LOGIN, id=new_id("res"), openid=openid, unionid=unionid, name=name, now=now)
    assert row is not None  # noqa: S101 - both branches of the statement return the row
    return str(row["id"])


async def follow(conn: AsyncConnection, unionid: str, openid: str, now: datetime) -> None:
    """Whoever has this `unionid` can be written to at the service account, under this openid of theirs."""
    await conn.execute(FOLLOW, {"unionid": unionid, "openid": openid, "now": now})


async def unfollow(conn: AsyncConnection, openid: str) -> None:
    """They cannot be written to there any more."""
    await conn.execute(UNFOLLOW, {"openid": openid})


async def bind_staff(conn: AsyncConnection, staff_id: str, openid: str) -> bool:
    """Tie a service-account openid to a staff member. False when it is another's already."""
    return (await conn.execute(BIND_STAFF, {"staff_id": staff_id, "openid": openid})).rowcount == 1


async def set_duty(conn: AsyncConnection, staff_id: str, on_duty: bool) -> None:
    await conn.execute(SET_DUTY, {"staff_id": staff_id, "on_duty": on_duty})
