"""WeChat, as far as the product talks to it: log-in, phone number, messages, text check, QR binding, message push.

wechatpy does the calls and the crypto, inside these guards: the access token is WeChat's *stable* token, shared by all
processes through a `TokenStore`; a token that WeChat calls invalid is replaced once, never in a loop; every call has a
timeout; and every failure is one of the errors below. All methods block: call them in threads.

    WeChatError
    ├── WeChatRefused(errcode, errmsg)     final: the same call will be refused again
    │   ├── CodeInvalid                    40029, 40163: unknown, old or used code; log in again
    │   ├── NoCredit                       43101: no send left for this template, or the user said no
    │   ├── NotFollowing                   43004: does not follow the service account
    │   └── BadField                       47003: a template value breaks its field's rule; `field` names it
    ├── WeChatUnavailable                  nothing was processed: try again later
    │   ├── TooOften                       45011: this user's or this call's quota of the minute is used up
    │   └── WeChatMisconfigured            as long as an operator has not acted: appid, secret, IP list, frozen account
    ├── WeChatOutcomeUnknown               the request left us and no answer came: a send may have happened
    └── PushRejected                       a callback that is not WeChat's, or too old
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit, urlunsplit

import requests
import xmltodict  # type: ignore[import-untyped]
from requests.adapters import HTTPAdapter
from wechatpy import WeChatClient
from wechatpy.crypto import PrpCrypto
from wechatpy.exceptions import WeChatClientException, WeChatException

from integrations.unsent import never_sent
from settings import Settings

API = "https://api.weixin.qq.com"

CONNECT_SECONDS = 3
READ_SECONDS = 8
"""WeChat answers within a second; its own gateway gives up at about five. Longer waits only hold a thread."""

POOL = 20
"""Connections per account: as many as the effects worker has threads."""

PUSH_AGE_SECONDS = 300
"""A callback older (or newer) than this is refused: somebody may be repeating a recorded one."""

PUSH_BYTES = 1_000_000
"""Events are a few hundred bytes; more is not WeChat's."""

QR_SECONDS = 600
"""A QR that binds an account is on screen for minutes, and worth stealing for as long."""

TEXT_LENGTH = 2500
TEXT_SCENE_COMMENT = 2
"""msg_sec_check judges by scene: profile 1, comment 2, forum 3, social log 4. What people report is a comment."""

Verdict = Literal["pass", "review", "risky"]
Data = Mapping[str, Mapping[str, str]]
Channel = Literal["mini", "service"]

_TOKEN_ERRORS = frozenset({40001, 40014, 42001})
_CODE_ERRORS = frozenset({40029, 40163})
_LATER = frozenset({-1, 43108, 44991, 45009, *_TOKEN_ERRORS, 41001})
"""Busy, too many at once, quota of the day; and a token that stays invalid after one renewal."""

_TOO_OFTEN = 45011
QUOTA_SECONDS = 60
"""The quotas behind `TooOften` begin anew with each minute."""

_OPERATOR = frozenset({40013, 40125, 40164, 40243, 41002, 41004, 48001, 50004, 50007, 89503, 89506, 89507})
_SERVER_BEFORE_WORK = frozenset({429, 503})


class WeChatError(Exception):
    """Base of everything that can go wrong with WeChat."""


class WeChatRefused(WeChatError):
    """WeChat said no, and will again."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        self.errcode = errcode
        self.errmsg = errmsg
        super().__init__(f"{errcode} {errmsg}")


class CodeInvalid(WeChatRefused):
    """The front end must get a new code."""


class NoCredit(WeChatRefused):
    """This user has no send left for this template."""


class NotFollowing(WeChatRefused):
    """This user does not follow the service account."""


class BadField(WeChatRefused):
    """A value breaks the rule of its field."""

    @property
    def field(self) -> str | None:
        match = re.search(r"data\.(\w+)\.value", self.errmsg)
        return match[1] if match else None


class WeChatUnavailable(WeChatError):
    """Nothing was processed; the same call may succeed later."""


class TooOften(WeChatUnavailable):
    """A quota of the minute is used up; at a log-in it is the one person's own."""


class WeChatMisconfigured(WeChatUnavailable):
    """Nothing will be processed until an operator has acted."""


class WeChatOutcomeUnknown(WeChatError):
    """The request was sent and no answer came."""


class PushRejected(WeChatError):
    """Not a callback of WeChat."""


class TokenStore(Protocol):
    """Where all processes keep the one access token of each account."""

    def get(self, appid: str) -> str | None:
        """The token, if it is still good for some minutes."""
        ...

    def refresh(self, appid: str, fetch: Callable[[], tuple[str, int]], stale: str | None) -> str:
        """A token other than `stale`; `fetch` (token, seconds to live) is called by one of all processes at a time."""
        ...


@dataclass(frozen=True)
class Login:
    """Who logged in. `unionid` is there only for accounts bound to one open platform; it is the same on both."""

    openid: str
    unionid: str | None


class WeChat:
    """Both accounts of one installation: the mini-program and the service account."""

    def __init__(
        self,
        *,
        mini_appid: str,
        mini_secret: str,
        service_appid: str,
        service_secret: str,
        push_token: str,
        push_aes_key: str,
        tokens: TokenStore,
        base_url: str = API,
    ) -> None:
        self._mini = _Account(mini_appid, mini_secret, base_url, tokens)
        self._service = _Account(service_appid, service_secret, base_url, tokens)
        self._push = _PushReader(push_token, push_aes_key, (mini_appid, service_appid))

    @classmethod
    def of(cls, settings: Settings, tokens: TokenStore) -> WeChat:
        return cls(
            mini_appid=settings.wechat_mini_appid,
            mini_secret=settings.wechat_mini_secret,
            service_appid=settings.wechat_service_appid,
            service_secret=settings.wechat_service_secret,
            push_token=settings.wechat_push_token,
            push_aes_key=settings.wechat_push_aes_key,
            tokens=tokens,
            base_url=settings.wechat_url or API,
        )

    def login(self, js_code: str) -> Login:
        """Who is behind a code, with the id that the person has on both accounts. Raises CodeInvalid, TooOften."""
        answer = self._mini.get(
            "/sns/jscode2session",
            appid=self._mini.appid,
            secret=self._mini.secret,
            js_code=js_code,
            grant_type="authorization_code",
        )
        return Login(str(answer["openid"]), answer.get("unionid"))

    def phone_for(self, code: str) -> str:
        """The number behind the phone-number button's code, without country code. Billed per success."""
        answer = self._mini.post("/wxa/business/getuserphonenumber", {"code": code})
        return str(answer["phone_info"]["purePhoneNumber"])

    def send_subscribe(self, openid: str, template_id: str, data: Data, page: str = "") -> str:
        """Send a subscription message; the message id. Raises NoCredit, BadField, WeChatOutcomeUnknown."""
        body: dict[str, Any] = {"touser": openid, "template_id": template_id, "data": data}
        if page:
            body["page"] = page
        return str(self._mini.post("/cgi-bin/message/subscribe/send", body, repeatable=False)["msgid"])

    def send_template(
        self, openid: str, template_id: str, data: Data, *, client_msg_id: str, url: str = "", page: str = ""
    ) -> str:
        """Send a template message to a follower; the message id. Raises NotFollowing, BadField, WeChatOutcomeUnknown.

        `openid` is the one on the service account. A tap opens `page` of the mini-program, else `url`. A repetition
        with the same `client_msg_id` within ten minutes is not sent twice.
        """
        body = {"touser": openid, "template_id": template_id, "data": data, "client_msg_id": client_msg_id, "url": url}
        if page:
            body["miniprogram"] = {"appid": self._mini.appid, "pagepath": page}
        return str(self._service.post("/cgi-bin/message/template/send", body, repeatable=False)["msgid"])

    def check_text(self, openid: str, text: str) -> Verdict:
        """WeChat's judgement of a text by somebody who was in the mini-program within two hours."""
        body = {"version": 2, "openid": openid, "scene": TEXT_SCENE_COMMENT, "content": text[:TEXT_LENGTH]}
        suggest = self._mini.post("/wxa/msg_sec_check", body)["result"]["suggest"]
        # An answer that we do not know is for a person to read, never a pass.
        return suggest if suggest in ("pass", "review", "risky") else "review"

    def bind_qr(self, scene: str, seconds: int = QR_SECONDS) -> str:
        """What to draw as a QR code: scanning it follows the service account and pushes `scene` (64 characters)."""
        body = {
            "expire_seconds": seconds,
            "action_name": "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        return str(self._service.post("/cgi-bin/qrcode/create", body)["url"])

    def unionid_of(self, service_openid: str) -> str | None:
        """The id of a follower on both accounts; None for somebody who does not follow."""
        answer = self._service.get("/cgi-bin/user/info", with_token=True, openid=service_openid)
        return answer.get("unionid") if answer.get("subscribe") else None

    def verify_url(self, query: Mapping[str, str]) -> str:
        """What to answer when WeChat checks the address (GET). Raises PushRejected."""
        return self._push.verify_url(query)

    def verify_push(self, query: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """The event of a callback, its keys as WeChat names them; `List` is always a list. Raises PushRejected.

        WeChat repeats a callback up to three times: skip what `push_key` has seen. Answer `success`.
        """
        return self._push.event(query, body)


def push_key(event: Mapping[str, Any]) -> str:
    """The identity of an event: a repetition is the same word for word."""
    return hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()[:32]


class _Detour(HTTPAdapter):
    """Sends what is meant for api.weixin.qq.com to another address: the emulator's, or an egress proxy's."""

    def __init__(self, base_url: str) -> None:
        super().__init__(pool_maxsize=POOL)
        self._to = urlsplit(base_url)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        url = urlsplit(str(request.url))
        path = self._to.path.rstrip("/") + url.path
        request.url = urlunsplit((self._to.scheme, self._to.netloc, path, url.query, ""))
        if self._to.geturl().rstrip("/") != API:
            # The machine's web proxy was chosen for WeChat's host, not for this one.
            proxies = None
        return super().send(request, stream, timeout, verify, cert, proxies)


class _Account:
    """One account's calls, with its token and its errors."""

    def __init__(self, appid: str, secret: str, base_url: str, tokens: TokenStore) -> None:
        self.appid = appid
        self.secret = secret
        self._tokens = tokens
        self._client = WeChatClient(appid, secret, timeout=(CONNECT_SECONDS, READ_SECONDS), auto_retry=False)
        self._client._http.mount(API, _Detour(base_url))

    def get(self, path: str, *, with_token: bool = False, **params: str) -> dict[str, Any]:
        """A call that changes nothing. Without a token wechatpy would fetch one for itself; None keeps it from that."""
        if not with_token:
            return self._once("get", path, {**params, "access_token": None}, None, repeatable=True)
        return self._with_token("get", path, params, None, repeatable=True)

    def post(self, path: str, body: Mapping[str, Any], *, repeatable: bool = True) -> dict[str, Any]:
        """`repeatable`: doing it twice harms nobody, so a lost answer counts as not processed."""
        return self._with_token("post", path, {}, body, repeatable=repeatable)

    def _with_token(
        self, method: str, path: str, params: Mapping[str, str], body: Mapping[str, Any] | None, *, repeatable: bool
    ) -> dict[str, Any]:
        token = self._tokens.get(self.appid) or self._tokens.refresh(self.appid, self._fetch_token, None)
        try:
            return self._once(method, path, {**params, "access_token": token}, body, repeatable=repeatable)
        except _TokenInvalid:
            token = self._tokens.refresh(self.appid, self._fetch_token, token)
        return self._once(method, path, {**params, "access_token": token}, body, repeatable=repeatable)

    def _fetch_token(self) -> tuple[str, int]:
        """Never forces: WeChat rations forced renewals, and the plain call already gives whatever token is valid."""
        if not self.appid or not self.secret:
            raise WeChatMisconfigured("the account's appid and secret are not set")
        body = {
            "grant_type": "client_credential",
            "appid": self.appid,
            "secret": self.secret,
            "force_refresh": False,
        }
        try:
            answer = self._once("post", "/cgi-bin/stable_token", {"access_token": None}, body, repeatable=True)
        except _TokenInvalid as error:
            # At the fetch itself this code means a wrong secret.
            raise WeChatMisconfigured(str(error)) from error
        return str(answer["access_token"]), int(answer["expires_in"])

    def _once(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | None],
        body: Mapping[str, Any] | None,
        *,
        repeatable: bool,
    ) -> dict[str, Any]:
        call = self._client.get if method == "get" else self._client.post
        arguments: dict[str, Any] = {"params": dict(params)}
        if body is not None:
            arguments["data"] = dict(body)
        try:
            answer = call(API + path, **arguments)
        except WeChatClientException as error:
            raise _said_no(error, path, repeatable) from error
        except requests.RequestException as error:
            # Without the cause: its text holds the whole address, and with it secrets and tokens.
            raise _no_answer(error, path, repeatable) from None
        if not isinstance(answer, dict):
            raise _lost(f"{path}: the answer is not WeChat's", repeatable)
        return answer


class _TokenInvalid(WeChatUnavailable):
    """The access token must be renewed; the caller does that once."""


_LEAVES: Mapping[int, type[WeChatRefused]] = {43101: NoCredit, 43004: NotFollowing, 47003: BadField}


def _said_no(error: WeChatClientException, path: str, repeatable: bool) -> WeChatError:
    if error.errcode is None:
        status = error.response.status_code
        if status in _SERVER_BEFORE_WORK:
            return WeChatUnavailable(f"{path}: HTTP {status}")
        return _lost(f"{path}: HTTP {status}", repeatable)
    errcode, text = int(error.errcode), f"{path}: {error.errcode} {error.errmsg}"
    if errcode in _TOKEN_ERRORS:
        return _TokenInvalid(text)
    if errcode == _TOO_OFTEN:
        return TooOften(text)
    if errcode in _LATER:
        return WeChatUnavailable(text)
    if errcode in _OPERATOR:
        return WeChatMisconfigured(text)
    leaf = CodeInvalid if errcode in _CODE_ERRORS else _LEAVES.get(errcode, WeChatRefused)
    return leaf(errcode, str(error.errmsg))


def _no_answer(error: requests.RequestException, path: str, repeatable: bool) -> WeChatError:
    text = f"{path}: {type(error).__name__}"
    return WeChatUnavailable(text) if never_sent(error) else _lost(text, repeatable)


def _lost(text: str, repeatable: bool) -> WeChatError:
    return WeChatUnavailable(text) if repeatable else WeChatOutcomeUnknown(text)


class _PushReader:
    """Checks and opens callbacks. With an AES key set, a plain one is refused: it would be the weaker proof."""

    def __init__(self, token: str, aes_key: str, appids: tuple[str, ...]) -> None:
        self._token = token
        self._key = _aes_key(aes_key)
        self._appids = appids

    def verify_url(self, query: Mapping[str, str]) -> str:
        self._check(query)
        return query.get("echostr", "")

    def event(self, query: Mapping[str, str], body: bytes) -> dict[str, Any]:
        if len(body) > PUSH_BYTES:
            raise PushRejected("too large")
        self._check(query)
        message = _parse(body)
        if self._key is None:
            return _normal(message)
        sealed = message.get("Encrypt")
        if query.get("encrypt_type") != "aes" or not isinstance(sealed, str):
            raise PushRejected("not encrypted")
        self._compare(query.get("msg_signature", ""), query["timestamp"], query["nonce"], sealed)
        return _normal(_parse(self._open(sealed).encode()))

    def _check(self, query: Mapping[str, str]) -> None:
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        self._compare(query.get("signature", ""), timestamp, nonce)
        if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > PUSH_AGE_SECONDS:
            raise PushRejected("too old")

    def _compare(self, signature: str, *parts: str) -> None:
        if not self._token:
            raise PushRejected("no push token is set")
        # SHA-1 is what WeChat's protocol signs with.
        text = "".join(sorted((self._token, *parts)))
        expected = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise PushRejected("wrong signature")

    def _open(self, sealed: str) -> str:
        for appid in self._appids:
            try:
                return str(PrpCrypto(self._key).decrypt(sealed, appid))
            except WeChatException:
                continue  # It is another account's.
            except (ValueError, IndexError, struct.error) as error:
                raise PushRejected("cannot be decrypted") from error
        raise PushRejected("for another account")


def _aes_key(text: str) -> bytes | None:
    return base64.b64decode(text + "=") if text else None


def _parse(body: bytes) -> dict[str, Any]:
    """XML or JSON, whichever the account was set to."""
    try:
        message = json.loads(body) if body.lstrip()[:1] == b"{" else xmltodict.parse(body).get("xml")
    except Exception as error:
        raise PushRejected("neither XML nor JSON") from error
    if not isinstance(message, dict):
        raise PushRejected("no message")
    return message


def _normal(message: dict[str, Any]) -> dict[str, Any]:
    """One shape for XML and JSON: seconds as a number, lists as lists, empty texts as texts."""
    event = {key: "" if value is None else value for key, value in message.items()}
    if "CreateTime" in event:
        event["CreateTime"] = int(event["CreateTime"])
    for value in event.values():
        if isinstance(value, dict) and "List" in value:
            value["List"] = value["List"] if isinstance(value["List"], list) else [value["List"]]
    return event
