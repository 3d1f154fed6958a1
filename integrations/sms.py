"""SMS through Tencent Cloud: `SendSms` of its API 3.0 (version 2021-01-11), signed with TC3-HMAC-SHA256.

Its Python SDK generates a class for every field of every call; one call needs one request. The phone travels in the
body, never in an address. What the provider says in words may hold the number, so only its codes are kept.

    SmsError
    ├── SmsRefused(code)       final: the same message to the same number will be refused again
    ├── SmsUnavailable         nothing was sent: try again later
    │   └── SmsMisconfigured   as long as an operator has not acted: keys, signature, template, balance
    └── SmsOutcomeUnknown      the request left us and no answer came: it may have been sent
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Self
from urllib.parse import urlsplit

import requests

from integrations.unsent import never_sent
from settings import Settings

API: Final = "https://sms.tencentcloudapi.com"
VERSION: Final = "2021-01-11"
ACTION: Final = "SendSms"
SERVICE: Final = "sms"
ALGORITHM: Final = "TC3-HMAC-SHA256"
CONTENT_TYPE: Final = "application/json; charset=utf-8"
SIGNED_HEADERS: Final = "content-type;host;x-tc-action"

CONNECT_SECONDS: Final = 3
READ_SECONDS: Final = 8
"""The provider answers within a second; its own gateway gives up at five."""

CHINA_CODE: Final = "+86"

_MISCONFIGURED: Final = (
    "AuthFailure",
    "UnauthorizedOperation",
    "InvalidParameterValue.SdkAppIdNotExist",
    "FailedOperation.SignatureIncorrectOrUnapproved",
    "FailedOperation.TemplateIncorrectOrUnapproved",
    "FailedOperation.TemplateIdNotExist",
    "FailedOperation.MissingSignature",
    "FailedOperation.InsufficientBalanceInSmsPackage",
    "LimitExceeded.AppDailyLimit",
    "LimitExceeded.AppMainlandChinaDailyLimit",
)
_LATER: Final = (
    "RequestLimitExceeded",
    "ResourceUnavailable",
    "LimitExceeded.DeliveryFrequencyLimit",
    "LimitExceeded.PhoneNumberThirtySecondLimit",
    "LimitExceeded.PhoneNumberOneHourLimit",
)
_UNKNOWN: Final = ("InternalError.Timeout", "InternalError.SendAndRecvFail", "InternalError.RequestTimeException")
"""The provider itself lost the answer of what is behind it."""


class SmsError(Exception):
    """Base of everything that can go wrong with an SMS."""


class SmsRefused(SmsError):
    """The provider said no, and will again."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class SmsUnavailable(SmsError):
    """Nothing was sent; the same call may succeed later."""


class SmsMisconfigured(SmsUnavailable):
    """Nothing will be sent until an operator has acted."""


class SmsOutcomeUnknown(SmsError):
    """The request was sent and no answer came."""


class Sms:
    """One account with one approved signature. Calls block: make them in threads."""

    def __init__(
        self, *, secret_id: str, secret_key: str, app_id: str, sign_name: str, region: str, url: str = API
    ) -> None:
        self._secret_id, self._secret_key = secret_id, secret_key
        self._app_id, self._sign_name, self._region = app_id, sign_name, region
        self._url = url

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """None where the installation has no SMS account: then there is no such channel."""
        if not settings.has_sms:
            return None
        return cls(
            secret_id=settings.sms_secret_id,
            secret_key=settings.sms_secret_key,
            app_id=settings.sms_app_id,
            sign_name=settings.sms_sign_name,
            region=settings.sms_region,
            url=settings.sms_url or API,
        )

    def send(self, phone: str, template_id: str, parameters: Sequence[str], *, reference: str) -> str:
        """Send one message to a mobile in mainland China (digits only); the provider's serial number.

        `reference` (an id of ours, never anything personal) comes back with the delivery report. The provider knows no
        idempotency: a repetition is a second message. Raises SmsRefused, SmsUnavailable, SmsOutcomeUnknown.
        """
        body = {
            "PhoneNumberSet": [CHINA_CODE + phone],
            "SmsSdkAppId": self._app_id,
            "SignName": self._sign_name,
            "TemplateId": template_id,
            "TemplateParamSet": list(parameters),
            "SessionContext": reference,
        }
        answer = self._call(json.dumps(body, ensure_ascii=False).encode())
        if "Error" in answer:
            raise _said_no(str(answer["Error"].get("Code")))
        status = (answer.get("SendStatusSet") or [{}])[0]
        if status.get("Code") != "Ok":
            raise _said_no(str(status.get("Code")))
        return str(status["SerialNo"])

    def _call(self, payload: bytes) -> dict[str, Any]:
        now = int(time.time())
        headers = {
            "Content-Type": CONTENT_TYPE,
            "X-TC-Action": ACTION,
            "X-TC-Version": VERSION,
            "X-TC-Region": self._region,
            "X-TC-Timestamp": str(now),
            "Authorization": authorization(
                self._secret_id,
                self._secret_key,
                host=urlsplit(self._url).netloc,
                service=SERVICE,
                action=ACTION,
                payload=payload,
                now=now,
            ),
        }
        try:
            answer = self._post(payload, headers)
        except requests.RequestException as error:
            # Without the cause: its text may hold what was sent.
            raise _no_answer(error) from None
        if answer.status_code in (429, 503):
            raise SmsUnavailable(f"HTTP {answer.status_code}")
        try:
            said = answer.json()["Response"]
        except (ValueError, KeyError, TypeError):
            raise SmsOutcomeUnknown(f"HTTP {answer.status_code}: the answer is not the provider's") from None
        return dict(said)

    def _post(self, payload: bytes, headers: Mapping[str, str]) -> requests.Response:
        """On a new connection: a kept one that the other side has just closed would look like a lost answer."""
        with requests.Session() as http:
            # The machine's web proxy was chosen for the provider's host, not for another.
            http.trust_env = self._url == API
            return http.post(self._url, data=payload, headers=headers, timeout=(CONNECT_SECONDS, READ_SECONDS))


def authorization(
    secret_id: str, secret_key: str, *, host: str, service: str, action: str, payload: bytes, now: int
) -> str:
    """The header that proves a request. The path is always `/` and there is no query: API 3.0 says so."""
    headers = f"content-type:{CONTENT_TYPE}\nhost:{host}\nx-tc-action:{action.lower()}\n"
    request = "\n".join(("POST", "/", "", headers, SIGNED_HEADERS, hashlib.sha256(payload).hexdigest()))
    day = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
    scope = f"{day}/{service}/tc3_request"
    text = "\n".join((ALGORITHM, str(now), scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"TC3{secret_key}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    return f"{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={SIGNED_HEADERS}, Signature={signature}"


def _said_no(code: str) -> SmsError:
    if code.startswith(_MISCONFIGURED):
        return SmsMisconfigured(code)
    if code.startswith(_UNKNOWN):
        return SmsOutcomeUnknown(code)
    if code.startswith((*_LATER, "InternalError")):
        return SmsUnavailable(code)
    return SmsRefused(code)


def _no_answer(error: requests.RequestException) -> SmsError:
    kind = type(error).__name__
    return SmsUnavailable(kind) if never_sent(error) else SmsOutcomeUnknown(kind)
