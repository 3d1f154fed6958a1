"""How WeChat says no: HTTP 200 with an errcode, and a request id at the end of errmsg."""

from __future__ import annotations

import secrets
from typing import Any

MESSAGES = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40003: "invalid openid",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40030: "invalid refresh_token",
    40037: "template_id wrong",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40163: "code been used",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    44004: "empty content",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    61010: "code is expired",
    87009: "invalid signature",
}


class Refused(Exception):
    """What an interface answers instead of a result."""

    def __init__(self, errcode: int, detail: str = "") -> None:
        self.errcode = errcode
        self.detail = detail
        super().__init__(f"{errcode} {detail}")

    def body(self) -> dict[str, Any]:
        return refusal(self.errcode, self.detail)


def refusal(errcode: int, detail: str = "") -> dict[str, Any]:
    text = " ".join(part for part in (MESSAGES.get(errcode, "error"), detail) if part)
    rid = "-".join(secrets.token_hex(4) for _ in range(3))
    return {"errcode": errcode, "errmsg": f"{text} rid: {rid}"}
