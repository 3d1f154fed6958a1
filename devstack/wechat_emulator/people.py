"""The WeChat users that the emulator plays, and the codes their phones hand out: login, phone number, OAuth."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import sqlite3
from typing import Any, Literal

from devstack.phones import phone_of
from devstack.wechat_emulator.accounts import Accounts
from devstack.wechat_emulator.config import Account
from devstack.wechat_emulator.refusals import Refused
from devstack.wechat_emulator.store import Store, count

CODE_LIFETIME = 300
LOGINS_PER_MINUTE = 100
MOBILE = re.compile(r"1[3-9][0-9]{9}")
"""Somebody of whom nothing is known but the number: an SMS found them, WeChat never did."""

PERSON = re.compile(r"[A-Za-z0-9_-]{1,64}")

Kind = Literal["login", "phone", "oauth"]

_STAFF = {
    "clerk": "客服小陈",
    "dispatcher": "调度老周",
    "tech1": "张师傅",
    "tech2": "李师傅",
    "tech3": "王师傅",
    "lead": "工程主管",
    "manager": "项目经理",
    "inspector1": "巡查员",
    "cashier": "收费员",
    "guard": "秩序员",
}

DEMO: dict[str, str] = (
    {f"demo-owner-{n}": f"业主{n}" for n in range(1, 21)}
    | {
        "demo-family-1": "家人1",
        "demo-minor-1": "未成年1",
        "demo-tenant-1": "租户1",
        "demo-unbound": "未认证用户",
        "demo-visitor": "访客",
    }
    | {f"hxy-owner-{n}": f"和谐苑业主{n}" for n in range(1, 4)}
    | {f"staff-{account}": name for account, name in _STAFF.items()}
)
"""The people of the demo communities, by the openid they have on the mini-program; staff stand beside them."""


class People:
    def __init__(self, store: Store, accounts: Accounts) -> None:
        self._store = store
        self._accounts = accounts
        self.meet(*DEMO)

    def meet(self, *people: str) -> None:
        """Make these people users of WeChat, if they are not yet. Raises ValueError for an impossible openid."""
        with self._store.change() as db:
            for person in people:
                if not PERSON.fullmatch(person):
                    raise ValueError(f"{person!r} is no openid")
                db.execute(
                    "insert into people (person, name, phone) values (?, ?, ?)"
                    " on conflict (person) do update set phone = excluded.phone",
                    (person, DEMO.get(person, person), person if MOBILE.fullmatch(person) else phone_of(person)),
                )

    def of(self, account: Account, openid: Any) -> str:
        """The person behind an openid of this account. Refused with 40003."""
        person = account.person(openid) if isinstance(openid, str) else None
        if person is None or not self._store.rows("select 1 from people where person = ?", person):
            raise Refused(40003)
        return person

    def issue_code(self, kind: Kind, person: str, phone: str | None = None) -> str:
        """What wx.login, the phone-number button or the OAuth redirect would give; good once, for five minutes."""
        self.meet(person)
        account = self._accounts.service if kind == "oauth" else self._accounts.mini
        code = "0" + secrets.token_urlsafe(23)
        with self._store.change() as db:
            db.execute(
                "insert into codes (code, kind, appid, person, phone, created) values (?, ?, ?, ?, ?, ?)",
                (code, kind, account.appid, person, phone, self._store.now()),
            )
        return code

    def login(self, account: Account, code: str | None) -> dict[str, Any]:
        now = self._store.now()
        with self._store.change() as db:
            person = _spend(db, "login", account, code, now)["person"]
            count(db, f"login:{person}", int(now // 60), LOGINS_PER_MINUTE, 45011)
            db.execute("update people set active_at = ? where person = ?", (now, person))
        return {
            "openid": account.openid(person),
            "session_key": base64.b64encode(secrets.token_bytes(16)).decode(),
            "unionid": unionid(person),
        }

    def phone(self, account: Account, code: str | None) -> dict[str, Any]:
        now = self._store.now()
        with self._store.change() as db:
            spent = _spend(db, "phone", account, code, now)
            row = db.execute("select phone from people where person = ?", (spent["person"],)).fetchone()
        number = spent["phone"] or row["phone"]
        watermark = {"timestamp": int(now), "appid": account.appid}
        info = {"phoneNumber": number, "purePhoneNumber": number, "countryCode": "86", "watermark": watermark}
        return {"errcode": 0, "errmsg": "ok", "phone_info": info}

    def oauth(self, account: Account, code: str | None) -> dict[str, Any]:
        if not code:
            raise Refused(41008)
        with self._store.change() as db:
            person = _spend(db, "oauth", account, code, self._store.now())["person"]
        return {
            "access_token": secrets.token_urlsafe(64),
            "expires_in": 7200,
            "refresh_token": secrets.token_urlsafe(64),
            "openid": account.openid(person),
            "scope": "snsapi_base",
            "unionid": unionid(person),
        }

    def all(self) -> list[sqlite3.Row]:
        return self._store.rows("select * from people order by rowid")

    def has_phone(self, phone: str) -> bool:
        return bool(self._store.rows("select 1 from people where phone = ?", phone))

    def row(self, person: str) -> sqlite3.Row:
        return self._store.rows("select * from people where person = ?", person)[0]

    def active_since(self, person: str) -> float:
        return float(self.row(person)["active_at"])

    def follow(self, person: str, following: bool) -> bool:
        """True when this changed anything."""
        with self._store.change() as db:
            changed = db.execute(
                "update people set following = ? where person = ? and following <> ?",
                (int(following), person, int(following)),
            )
            return changed.rowcount > 0


def unionid(person: str) -> str:
    """The same on both accounts, as for accounts bound to one open platform."""
    return "o" + base64.urlsafe_b64encode(hashlib.sha256(person.encode()).digest())[:27].decode()


def _spend(db: sqlite3.Connection, kind: Kind, account: Account, code: str | None, now: float) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute(
        "select * from codes where code = ? and kind = ? and appid = ?", (code, kind, account.appid)
    ).fetchone()
    if row is None or now - row["created"] > CODE_LIFETIME:
        raise Refused(40029)
    if row["used"]:
        raise Refused(40163)
    db.execute("update codes set used = 1 where code = ?", (code,))
    return row
