"""Logging in and out: owners by a WeChat code, staff by account and password. The console uses the same sessions as
a cookie."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from api import wording
from api.security import (
    FREE_FAILURES,
    FREE_FAILURES_OF_ADDRESS,
    WAITS,
    failure_key,
    new_session,
    password_matches,
    session_hash,
    wait_after,
)
from api.state import State
from integrations.wechat import QUOTA_SECONDS, CodeInvalid, TooOften, WeChatError
from models.domain.errors import RateLimited, Unauthenticated, Unavailable
from models.domain.people import Actor
from models.repositories import sessions
from models.repositories.people import actor_of

FAILURES_COUNT_FOR: Final = timedelta(hours=1)
"""A wrong password is forgotten after an hour without another."""


@dataclass(frozen=True)
class StaffMember:
    """A logged-in staff member: the actor that commands are sent as, and what screens show of them."""

    actor: Actor
    account: str
    name: str
    team: str
    on_duty: bool
    """What their own switch says."""
    wechat_bound: bool
    stands_in_for: Mapping[str, str] = field(default_factory=dict)
    """Account → name of those for whom they act today."""

    @property
    def id(self) -> str:
        return self.actor.id

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.actor.id,
            "account": self.account,
            "name": self.name,
            "team": self.team,
            "roles": [role.value for role in self.actor.roles],
            "communities": list(self.actor.communities),
            "on_duty": self.on_duty,
            "wechat_bound": self.wechat_bound,
            "stands_in_for": list(self.stands_in_for),
        }


def _member(row: dict[str, Any]) -> StaffMember:
    return StaffMember(
        actor=actor_of(row),
        account=row["account"],
        name=row["name"],
        team=row["team"],
        on_duty=row["on_duty"],
        wechat_bound=row["openid"] is not None,
        stands_in_for={one["account"]: one["name"] for one in row["deputises"]},
    )


async def member(state: State, token: str) -> StaffMember:
    """Who holds this session, as they are this moment. A session in use lives on. Raises Unauthenticated."""
    now = datetime.now(UTC)
    life = timedelta(hours=state.settings.staff_session_hours)
    row = await sessions.staff_of_session(state.direct, session_hash(token), now)
    if row is None:
        raise Unauthenticated
    # Written at most a few times per shift, not with each request.
    if row["expires_at"] - now < life * 0.75:
        async with state.single.connect() as conn:
            await sessions.prolong_session(conn, session_hash(token), now + life)
    return _member(row)


async def log_in_staff(state: State, account: str, password: str, address: str) -> tuple[str, StaffMember]:
    """A new session's token and whose it is.

    Raises Unauthenticated without saying which of both was wrong, RateLimited after too many wrong ones.
    """
    now = datetime.now(UTC)
    secret = state.settings.required("token_secret")
    by_address, by_account = failure_key("address", address, secret), failure_key("account", account, secret)
    async with state.single.connect() as conn:
        of_address = await _admitted(conn, by_address, FREE_FAILURES_OF_ADDRESS, now)
        try:
            await _admitted(conn, by_account, FREE_FAILURES, now)
        except RateLimited:
            # No password was tried; a colleague's slowed-down account is nothing that the office has to wait for.
            await sessions.forgive_attempt(conn, by_address, of_address)
            raise
        row = await sessions.staff_by_account(conn, account)
    right = await password_matches(row["password_hash"] if row else None, password)
    if row is None or not right or not row["active"]:
        raise Unauthenticated("login_failed")
    async with state.single.connect() as conn:
        await sessions.forget_login_failures(conn, by_account)
        await sessions.forgive_attempt(conn, by_address, of_address)
        token = new_session()
        life = timedelta(hours=state.settings.staff_session_hours)
        await sessions.open_session(conn, session_hash(token), row["id"], now, now + life)
    return token, _member(row)


async def _admitted(conn: AsyncConnection, key: str, free: int, now: datetime) -> sessions.Attempt:
    """The attempt, counted as a failure until it turns out to be none. Raises RateLimited."""
    attempt = await sessions.count_attempt(conn, key, free, WAITS, now, now - FAILURES_COUNT_FOR)
    if attempt is not None:
        return attempt
    count, last_at = await sessions.login_failures(conn, key) or (0, now)
    wait = wait_after(count, free) - (now - last_at).total_seconds()
    raise RateLimited("login_throttled", retry_after=max(int(wait), 0) + 1)


async def log_out_staff(state: State, token: str) -> None:
    async with state.single.connect() as conn:
        await sessions.revoke_session(conn, session_hash(token), datetime.now(UTC))


async def log_in_owner(state: State, code: str) -> tuple[str, str]:
    """A signed token and the resident's id, for a wx.login code.

    Raises Unauthenticated for a code that is used, old or invented; RateLimited when the same person logs in too often
    for WeChat; Unavailable when it does not answer.
    """
    if state.wechat is None:
        raise Unavailable("wechat_unavailable")
    try:
        login = await asyncio.to_thread(state.wechat.login, code)
    except CodeInvalid:
        raise Unauthenticated("code_invalid") from None
    except TooOften:
        raise RateLimited("login_throttled", retry_after=QUOTA_SECONDS) from None
    except WeChatError:
        raise Unavailable("wechat_unavailable") from None
    async with state.single.connect() as conn:
        resident_id = await sessions.resident_of(
            conn, login.openid, login.unionid, wording.NEW_RESIDENT, datetime.now(UTC)
        )
    return state.owner_tokens.issue(resident_id), resident_id
