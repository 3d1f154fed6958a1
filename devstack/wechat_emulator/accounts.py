"""Appid and secret, and the two kinds of access token.

Classic: each fetch makes a new token, the former one dies about five minutes later. Stable: the same token until the
last five minutes of its life; a forced refresh kills the old one at once and is rationed.
"""

from __future__ import annotations

import secrets
import sqlite3
from typing import Any

from devstack.wechat_emulator.config import Account, Channel, Config
from devstack.wechat_emulator.refusals import Refused
from devstack.wechat_emulator.store import Store, count

LIFETIME = 7200
OVERLAP = 300
TOKEN_BYTES = 384
"""512 characters in base64: the length that callers are told to be ready for."""

DAY = 86400
CLASSIC_PER_DAY = 2000
STABLE_PER_MINUTE = 10000
FORCED_PER_DAY = 20
FORCED_APART = 30


class Accounts:
    def __init__(self, config: Config, store: Store) -> None:
        self.mini, self.service = config.mini, config.service
        self._store = store

    def of(self, channel: Channel) -> Account:
        return self.mini if channel == "mini" else self.service

    def identify(self, appid: str | None, secret: str | None) -> Account:
        """Refused with 41002, 41004, 40013 or 40125."""
        if not appid:
            raise Refused(41002)
        if not secret:
            raise Refused(41004)
        account = next((one for one in (self.mini, self.service) if one.appid == appid), None)
        if account is None:
            raise Refused(40013)
        if not secrets.compare_digest(account.secret.encode(), secret.encode()):
            raise Refused(40125)
        return account

    def classic_token(self, appid: str | None, secret: str | None) -> dict[str, Any]:
        account, now = self.identify(appid, secret), self._store.now()
        with self._store.change() as db:
            count(db, f"token:{account.appid}", int(now // DAY), CLASSIC_PER_DAY, 45009)
            db.execute(
                "update tokens set expires = min(expires, ?) where appid = ? and kind = 'classic'",
                (now + OVERLAP, account.appid),
            )
            return {"access_token": _issue(db, account, "classic", now), "expires_in": LIFETIME}

    def stable_token(self, appid: str | None, secret: str | None, force: bool) -> dict[str, Any]:
        account, now = self.identify(appid, secret), self._store.now()
        with self._store.change() as db:
            current = db.execute(
                "select * from tokens where appid = ? and kind = 'stable' and revoked = 0"
                " order by issued desc, rowid desc",
                (account.appid,),
            ).fetchone()
            if force:
                _ration(db, account, now)
                db.execute("update tokens set revoked = 1 where appid = ? and kind = 'stable'", (account.appid,))
                return {"access_token": _issue(db, account, "stable", now), "expires_in": LIFETIME}
            count(db, f"stable:{account.appid}", int(now // 60), STABLE_PER_MINUTE, 45011)
            if current and current["expires"] - now > OVERLAP:
                return {"access_token": current["token"], "expires_in": int(current["expires"] - now)}
            if current and current["expires"] > now:
                db.execute("update tokens set expires = ? where token = ?", (now + OVERLAP, current["token"]))
            return {"access_token": _issue(db, account, "stable", now), "expires_in": LIFETIME}

    def authorise(self, token: str | None, channel: Channel) -> Account:
        """The account that calls. Refused with 41001, 40014, 40001, 42001, or 48001 for the other kind of account."""
        if not token:
            raise Refused(41001)
        if len(token) < 32:
            raise Refused(40014)
        rows = self._store.rows("select * from tokens where token = ?", token)
        if not rows or rows[0]["revoked"]:
            raise Refused(40001)
        if rows[0]["expires"] <= self._store.now():
            raise Refused(42001)
        account = self.of(channel)
        if rows[0]["appid"] != account.appid:
            raise Refused(48001)
        return account


def _issue(db: sqlite3.Connection, account: Account, kind: str, now: float) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    db.execute(
        "insert into tokens (token, appid, kind, issued, expires) values (?, ?, ?, ?, ?)",
        (token, account.appid, kind, now, now + LIFETIME),
    )
    return token


def _ration(db: sqlite3.Connection, account: Account, now: float) -> None:
    name = f"forced-at:{account.appid}"
    last = db.execute("select value from facts where name = ?", (name,)).fetchone()
    if last and now - float(last["value"]) < FORCED_APART:
        raise Refused(45011)
    count(db, f"forced:{account.appid}", int(now // DAY), FORCED_PER_DAY, 45009)
    db.execute("insert or replace into facts (name, value) values (?, ?)", (name, str(now)))
