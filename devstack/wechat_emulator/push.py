"""The message push: events to the product's address, signed, plain or AES, five seconds each, three tries.

What is still owed when the emulator stops is sent when it comes back. The codec here is written apart from wechatpy's,
so that a round trip between the two proves both.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import secrets
import struct
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import requests
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pydantic import BaseModel

from devstack.wechat_emulator.accounts import Accounts
from devstack.wechat_emulator.config import Account, Channel, Config
from devstack.wechat_emulator.store import Store

log = logging.getLogger(__name__)

ANSWER_SECONDS = 5
TRIES = 3
PAUSE_SECONDS = 1.0
"""Between two tries. WeChat lets the five seconds run out first; a refused connection here need not wait so long."""

BLOCK = 32
PARALLEL = 4


class PushTarget(BaseModel):
    """What a developer sets on WeChat's console page: address, token, key, plain or safe mode, XML or JSON."""

    url: str = ""
    token: str = ""
    aes_key: str = ""
    mode: Literal["plain", "aes"] = "plain"
    format: Literal["xml", "json"] = "xml"


class Pusher:
    def __init__(self, config: Config, store: Store, accounts: Accounts) -> None:
        self._config = config
        self._store = store
        self._accounts = accounts
        self._senders = ThreadPoolExecutor(PARALLEL, "push")
        self._stopping = False

    @property
    def target(self) -> PushTarget:
        saved = self._store.fact("push")
        if saved:
            return PushTarget.model_validate_json(saved)
        key = self._config.push_aes_key
        return PushTarget(
            url=self._config.push_url,
            token=self._config.push_token,
            aes_key=key,
            mode="aes" if key else "plain",
        )

    def aim(self, target: PushTarget) -> None:
        self._store.remember("push", target.model_dump_json())

    def event(self, channel: Channel, openid: str, event: str, **fields: Any) -> None:
        """Record an event and send it in the background."""
        account = self._accounts.of(channel)
        body = {
            "ToUserName": account.user_name,
            "FromUserName": openid,
            "CreateTime": int(self._store.now()),
            "MsgType": "event",
            "Event": event,
            **fields,
        }
        with self._store.change() as db:
            push = db.execute(
                "insert into pushes (channel, event, status, created) values (?, ?, 'owed', ?)",
                (channel, json.dumps(body, ensure_ascii=False), self._store.now()),
            )
        self._senders.submit(self._deliver, int(push.lastrowid or 0))

    def resume(self) -> None:
        """Send what an earlier process still owed."""
        for row in self._store.rows("select id from pushes where status = 'owed' order by id"):
            self._senders.submit(self._deliver, row["id"])

    def stop(self) -> None:
        self._stopping = True
        self._senders.shutdown(wait=False, cancel_futures=True)

    def _deliver(self, push: int) -> None:
        rows = self._store.rows("select * from pushes where id = ?", push)
        if not rows:
            return
        target = self.target
        account = self._accounts.of(rows[0]["channel"])
        event = json.loads(rows[0]["event"])
        if not target.url:
            return self._settle(push, 0, "not_configured")
        for attempt in range(1, TRIES + 1):
            if self._stopping:
                return None
            problem = _post(target, account, event)
            if problem is None:
                return self._settle(push, attempt, "delivered")
            log.warning("push %s, try %s: %s", push, attempt, problem)
            if attempt < TRIES:
                time.sleep(PAUSE_SECONDS)
        return self._settle(push, TRIES, "failed")

    def _settle(self, push: int, tries: int, status: str) -> None:
        with self._store.change() as db:
            db.execute("update pushes set tries = ?, status = ? where id = ?", (tries, status, push))


def _post(target: PushTarget, account: Account, event: Mapping[str, Any]) -> str | None:
    """None when the event was taken, else what went wrong."""
    query, body = envelope(target, account, event, str(int(time.time())), secrets.token_hex(8))
    content = "application/json" if target.format == "json" else "text/xml"
    try:
        answer = requests.post(
            target.url, params=query, data=body, headers={"Content-Type": content}, timeout=ANSWER_SECONDS
        )
    except requests.RequestException as error:
        return type(error).__name__
    if answer.status_code != 200:
        return f"HTTP {answer.status_code}"
    return None if answer.text.strip() in ("", "success") or answer.text.lstrip().startswith("<xml") else "no success"


def envelope(
    target: PushTarget, account: Account, event: Mapping[str, Any], timestamp: str, nonce: str
) -> tuple[dict[str, str], bytes]:
    """Query and body of one push."""
    query = {
        "signature": _signature(target.token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": str(event["FromUserName"]),
    }
    if target.mode == "plain":
        return query, _render(target, event).encode()
    sealed = _encrypt(target.aes_key, _render(target, event), account.appid)
    query |= {"encrypt_type": "aes", "msg_signature": _signature(target.token, timestamp, nonce, sealed)}
    return query, _render(target, {"ToUserName": account.user_name, "Encrypt": sealed}).encode()


def _signature(*parts: str) -> str:
    # SHA-1 is what WeChat's protocol signs with.
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def _encrypt(aes_key: str, text: str, appid: str) -> str:
    key = base64.b64decode(aes_key + "=")
    raw = text.encode()
    plain = os.urandom(16) + struct.pack(">I", len(raw)) + raw + appid.encode()
    padding = BLOCK - len(plain) % BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()


def _render(target: PushTarget, event: Mapping[str, Any]) -> str:
    if target.format == "json":
        return json.dumps(event, ensure_ascii=False)
    return f"<xml>{_xml(event)}</xml>"


def _xml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(
            # A list is its element repeated, as in <List>…</List><List>…</List>.
            "".join(f"<{key}>{_xml(item)}</{key}>" for item in (part if isinstance(part, list) else [part]))
            for key, part in value.items()
        )
    return str(value) if isinstance(value, int) else f"<![CDATA[{str(value).replace(']]>', '')}]]>"
