"""The SMS side of the phones: Tencent Cloud's `SendSms`, as far as the product uses it.

Written from the provider's documents on its own, on purpose not sharing anything with `integrations.sms`: two readings
of the same rule find each other's mistakes. HTTP 200 always; what concerns the whole request stands in `Error`, what
concerns one number in its `Code`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from devstack.wechat_emulator.config import SmsAccount
from devstack.wechat_emulator.people import People
from devstack.wechat_emulator.store import Store
from models.domain.texts import TEXTS, Text

PATH = "/sms"

SECONDS_APART = 300
"""Most by which a request's time may differ from the provider's."""

CONTENT_LENGTH = 500
VALUE_LENGTH = 32
"""Enterprise accounts have no limit of their own for one value; review holds them to about this."""

REFERENCE_BYTES = 512
NUMBERS_PER_CALL = 200

DAY = 86400
PER_THIRTY_SECONDS = 1
PER_DAY = 10
"""The provider's own limits for one number, until the account's owner changes them."""

_NUMBER = re.compile(r"(?:\+86|0086|86)?(1[3-9]\d{9})")
_SIGNED = "content-type;host;x-tc-action"
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=([^/,]+)/(\d{4}-\d{2}-\d{2})/sms/tc3_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)
_SENSITIVE = ("http://", "https://", "www.", "赌博", "发票")


class SmsRefused(Exception):
    """The whole request is refused."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class SmsCentre:
    def __init__(self, account: SmsAccount, store: Store, people: People) -> None:
        self._account = account
        self._store = store
        self._people = people

    def send(self, headers: Mapping[str, str], payload: bytes) -> dict[str, Any]:
        """The `Response` of a call. Raises SmsRefused."""
        self._authenticate(headers, payload)
        if headers.get("x-tc-action") != "SendSms":
            raise SmsRefused("InvalidAction")
        if headers.get("x-tc-version") != "2021-01-11":
            raise SmsRefused("NoSuchVersion")
        if not headers.get("x-tc-region"):
            raise SmsRefused("MissingParameter")
        body = _parsed(payload)
        text, content = self._content(body)
        numbers = body.get("PhoneNumberSet")
        if not isinstance(numbers, list) or not numbers:
            raise SmsRefused("MissingParameter.EmptyPhoneNumberSet")
        if len(numbers) > NUMBERS_PER_CALL:
            raise SmsRefused("LimitExceeded.PhoneNumberCountLimit")
        reference = str(body.get("SessionContext") or "")
        if len(reference.encode()) > REFERENCE_BYTES:
            raise SmsRefused("InvalidParameterValue")
        return {"SendStatusSet": [self._to(str(number), text, content, reference) for number in numbers]}

    def received(self, phone: str) -> list[dict[str, Any]]:
        """What came to a number, the newest last."""
        rows = self._store.rows("select * from texts where phone = ? order by id", phone)
        return [dict(row) for row in rows]

    def _authenticate(self, headers: Mapping[str, str], payload: bytes) -> None:
        match = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        if match is None:
            raise SmsRefused("AuthFailure.InvalidAuthorization")
        secret_id, day, signed, signature = match.groups()
        if secret_id != self._account.secret_id:
            raise SmsRefused("AuthFailure.SecretIdNotFound")
        stamp = headers.get("x-tc-timestamp", "")
        if not stamp.isdigit() or abs(int(stamp) - self._store.now()) > SECONDS_APART:
            raise SmsRefused("AuthFailure.SignatureExpire")
        if day != f"{datetime.fromtimestamp(int(stamp), UTC):%Y-%m-%d}" or signed != _SIGNED:
            raise SmsRefused("AuthFailure.SignatureFailure")
        lines = [
            *("POST", "/", ""),
            *(f"{name}:{headers.get(name, '').strip().lower()}" for name in _SIGNED.split(";")),
            *("", _SIGNED, hashlib.sha256(payload).hexdigest()),
        ]
        hashed = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        key = b"TC3" + self._account.secret_key.encode()
        for part in (day, "sms", "tc3_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        said = "\n".join(("TC3-HMAC-SHA256", stamp, f"{day}/sms/tc3_request", hashed))
        if not hmac.compare_digest(hmac.new(key, said.encode(), hashlib.sha256).hexdigest(), signature):
            raise SmsRefused("AuthFailure.SignatureFailure")

    def _content(self, body: Mapping[str, Any]) -> tuple[Text, str]:
        if body.get("SmsSdkAppId") != self._account.app_id:
            raise SmsRefused("InvalidParameterValue.SdkAppIdNotExist")
        if body.get("SignName") != self._account.sign_name:
            raise SmsRefused("FailedOperation.SignatureIncorrectOrUnapproved")
        text = next((one for one in TEXTS.values() if f"text_{one.name}" == body.get("TemplateId")), None)
        if text is None:
            raise SmsRefused("FailedOperation.TemplateIncorrectOrUnapproved")
        values = body.get("TemplateParamSet") or []
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise SmsRefused("InvalidParameter")
        if len(values) != len(re.findall(r"\{\d\}", text.wording)):
            raise SmsRefused("FailedOperation.TemplateParamSetNotMatchApprovedTemplate")
        if any(not value.strip() or len(value) > VALUE_LENGTH for value in values):
            raise SmsRefused("InvalidParameterValue.TemplateParameterLengthLimit")
        content = re.sub(r"\{(\d)\}", lambda place: values[int(place[1]) - 1], text.wording)
        if len(content) > CONTENT_LENGTH:
            raise SmsRefused("InvalidParameterValue.ContentLengthLimit")
        if any(word in content for word in _SENSITIVE) or "【" in content:
            raise SmsRefused("FailedOperation.ContainSensitiveWord")
        return text, content

    def _to(self, number: str, text: Text, content: str, reference: str) -> dict[str, Any]:
        answer = {"PhoneNumber": number, "SessionContext": reference, "IsoCode": "CN", "SerialNo": "", "Fee": 0}
        match = _NUMBER.fullmatch(number)
        if match is None:
            return answer | {"Code": "InvalidParameterValue.IncorrectPhoneNumber", "Message": f"{number} is wrong"}
        phone, now = match[1], self._store.now()
        if not self._people.has_phone(phone):
            self._people.meet(phone)
        with self._store.change() as db:
            code = _limited(db, phone, content, now)
            if code:
                return answer | {"Code": code, "Message": f"too many messages to {number}"}
            serial = f"2640:{secrets.randbelow(10**20):020d}"
            db.execute(
                "insert into texts (phone, template, content, sign, reference, serial, created)"
                " values (?, ?, ?, ?, ?, ?, ?)",
                (phone, text.name, content, self._account.sign_name, reference, serial, now),
            )
        return answer | {"Code": "Ok", "Message": "send success", "SerialNo": serial, "Fee": 1 + len(content) // 68}


def answer(said: Mapping[str, Any]) -> dict[str, Any]:
    return {"Response": {**said, "RequestId": secrets.token_hex(16)}}


def refusal(code: str) -> dict[str, Any]:
    return answer({"Error": {"Code": code, "Message": "refused"}})


def _parsed(payload: bytes) -> dict[str, Any]:
    try:
        body = json.loads(payload)
    except ValueError:
        raise SmsRefused("FailedOperation.FailResolvePacket") from None
    if not isinstance(body, dict):
        raise SmsRefused("FailedOperation.FailResolvePacket")
    return body


def _limited(db: sqlite3.Connection, phone: str, content: str, now: float) -> str | None:
    """The code with which one more message to this number is refused."""

    def sent(since: float) -> int:
        return int(
            db.execute("select count(*) from texts where phone = ? and created > ?", (phone, since)).fetchone()[0]
        )

    if sent(now - 30) >= PER_THIRTY_SECONDS:
        return "LimitExceeded.PhoneNumberThirtySecondLimit"
    return "LimitExceeded.PhoneNumberDailyLimit" if sent(now - now % DAY) >= PER_DAY else None
