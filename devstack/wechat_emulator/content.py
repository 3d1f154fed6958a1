"""msg_sec_check, version 2: a small list of words plays WeChat's judgement."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from devstack.wechat_emulator.accounts import Accounts
from devstack.wechat_emulator.people import People
from devstack.wechat_emulator.refusals import Refused
from devstack.wechat_emulator.store import Store

ACTIVE_SECONDS = 7200
CONTENT_LENGTH = 2500
SCENES = (1, 2, 3, 4)
NORMAL = 100

RISKY = {"赌博": 20006, "博彩": 20006, "裸聊": 20002, "代开发票": 20008, "毒品": 20006}
REVIEW = {"加微信": 10001, "兼职": 10001, "傻": 20003}


def check(body: Mapping[str, Any], store: Store, accounts: Accounts, people: People) -> dict[str, Any]:
    """Refused with 40097, 40129, 40003, 61010 (not active for two hours), 44004 or 45002."""
    if body.get("version") != 2:
        raise Refused(40097, "version")
    if body.get("scene") not in SCENES:
        raise Refused(40129)
    person = people.of(accounts.mini, body.get("openid"))
    if store.now() - people.active_since(person) > ACTIVE_SECONDS:
        raise Refused(61010)
    text = body.get("content")
    if not isinstance(text, str) or not text:
        raise Refused(44004)
    if len(text) > CONTENT_LENGTH:
        raise Refused(45002)
    suggest, label, keyword = judge(text)
    detail = {"strategy": "keyword", "errcode": 0, "suggest": suggest, "label": label, "keyword": keyword}
    result = {"suggest": suggest, "label": label}
    return {"errcode": 0, "errmsg": "ok", "trace_id": secrets.token_hex(12), "result": result, "detail": [detail]}


def judge(text: str) -> tuple[str, int, str]:
    for suggest, words in (("risky", RISKY), ("review", REVIEW)):
        for word, label in words.items():
            if word in text:
                return suggest, label, word
    return "pass", NORMAL, ""
