"""SMS: our client against the emulated provider, and the signature against the provider's own published example."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from integrations import sms as sms_module
from integrations.sms import Sms, SmsMisconfigured, SmsOutcomeUnknown, SmsRefused, SmsUnavailable, authorization
from models.domain.texts import TEXTS, VALUE_LENGTH, fill_text, wording_of
from settings import Settings
from tests.wechat.playground import Playground, free_port

OWNER = "demo-owner-7"
PHONE = "13800000007"
PATH = "/sms"
real = time.time
NUMBER = ["BX20261122-00017"]


@pytest.fixture
def sms(phone: Playground) -> Sms:
    account = Sms.of(phone.settings)
    assert account is not None
    return account


def changed(phone: Playground, **settings: Any) -> Sms:
    account = Sms.of(phone.settings.model_copy(update=settings))
    assert account is not None
    return account


def texts(phone: Playground, number: str = PHONE) -> list[Any]:
    found: list[Any] = phone.look("texts", phone=number)
    return found


def later(phone: Playground) -> None:
    """Past the thirty seconds in which one number gets one message. The emulator's clock may then differ from ours by
    five minutes at most, as the provider's may."""
    phone.tap("clock", advance=31)


def test_the_signature_is_the_one_of_the_providers_own_example() -> None:
    payload = b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    said = authorization(
        "AKID" + "*" * 32,
        "*" * 32,
        host="cvm.tencentcloudapi.com",
        service="cvm",
        action="DescribeInstances",
        payload=payload,
        now=1551113065,
    )
    assert said.endswith("Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f")
    assert "Credential=AKID********************************/2019-02-25/cvm/tc3_request" in said


def test_a_message_reaches_the_phone(phone: Playground, sms: Sms) -> None:
    serial = sms.send(PHONE, "text_no_access", NUMBER, reference="notice-1")
    (text,) = texts(phone)
    assert (text["serial"], text["reference"], text["sign"]) == (serial, "notice-1", "物优物业")
    assert text["content"] == wording_of(TEXTS["no_access"], NUMBER)


def test_one_number_gets_one_message_in_thirty_seconds_and_ten_a_day(phone: Playground, sms: Sms) -> None:
    phone.begin(86_400)
    # The emulator's day has begun, so the time of our requests must be moved as well.
    offset = phone.tap("clock", advance=0)["now"] - time.time()
    with pytest.MonkeyPatch.context() as patch:
        for count in range(10):
            patch.setattr(sms_module.time, "time", lambda at=offset + 31 * count: real() + at)
            sms.send(PHONE, "text_no_access", NUMBER, reference=f"n{count}")
            with pytest.raises(SmsUnavailable, match="ThirtySecondLimit"):
                sms.send(PHONE, "text_no_access", NUMBER, reference=f"m{count}")
            later(phone)
        with pytest.raises(SmsRefused, match="PhoneNumberDailyLimit"):
            sms.send(PHONE, "text_no_access", NUMBER, reference="n10")
        sms.send("13800000008", "text_no_access", NUMBER, reference="another")
    assert len(texts(phone)) == 10


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"sms_secret_id": "AKIDother"}, "AuthFailure.SecretIdNotFound"),
        ({"sms_secret_key": "wrong"}, "AuthFailure.SignatureFailure"),
        ({"sms_app_id": "1"}, "InvalidParameterValue.SdkAppIdNotExist"),
        ({"sms_sign_name": "别家物业"}, "FailedOperation.SignatureIncorrectOrUnapproved"),
    ],
)
def test_a_wrong_account_needs_an_operator(phone: Playground, settings: dict[str, str], code: str) -> None:
    with pytest.raises(SmsMisconfigured, match=code):
        changed(phone, **settings).send(PHONE, "text_no_access", NUMBER, reference="n")
    assert texts(phone) == []


@pytest.mark.parametrize(
    ("number", "template", "parameters", "error", "code"),
    [
        ("123", "text_no_access", NUMBER, SmsRefused, "IncorrectPhoneNumber"),
        (PHONE, "text_nothing", NUMBER, SmsMisconfigured, "TemplateIncorrectOrUnapproved"),
        (PHONE, "text_no_access", [], SmsRefused, "TemplateParamSetNotMatch"),
        (PHONE, "text_no_access", ["一" * 33], SmsRefused, "TemplateParameterLengthLimit"),
        (PHONE, "text_no_access", [" "], SmsRefused, "TemplateParameterLengthLimit"),
        (PHONE, "text_no_access", ["www.a.cn"], SmsRefused, "ContainSensitiveWord"),
    ],
)
def test_what_is_wrong_is_refused_for_good(
    phone: Playground, sms: Sms, number: str, template: str, parameters: list[str], error: type[Exception], code: str
) -> None:
    with pytest.raises(error, match=code) as refused:
        sms.send(number, template, parameters, reference="n")
    assert number not in str(refused.value), "the provider's words may hold the number; its code does not"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "sms", "code": "InternalError.OtherError"}, SmsUnavailable),
        ({"kind": "sms", "code": "RequestLimitExceeded"}, SmsUnavailable),
        ({"kind": "sms", "code": "FailedOperation.InsufficientBalanceInSmsPackage"}, SmsMisconfigured),
        ({"kind": "sms", "code": "FailedOperation.PhoneNumberInBlacklist"}, SmsRefused),
        ({"kind": "sms", "code": "InternalError.Timeout"}, SmsOutcomeUnknown),
        ({"kind": "outage"}, SmsUnavailable),
        ({"kind": "outage", "how": "reset"}, SmsOutcomeUnknown),
        ({"kind": "busy"}, SmsOutcomeUnknown),
    ],
)
def test_each_failure_says_whether_to_try_again(
    phone: Playground, sms: Sms, fault: dict[str, str], error: type[Exception]
) -> None:
    phone.fault(path=PATH, **fault)
    with pytest.raises(error) as failed:
        sms.send(PHONE, "text_no_access", NUMBER, reference="n")
    assert type(failed.value) is error
    assert texts(phone) == []


def test_a_lost_or_late_answer_is_an_unknown_outcome(
    phone: Playground, sms: Sms, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.fault("reset", path=PATH)
    with pytest.raises(SmsOutcomeUnknown):
        sms.send(PHONE, "text_no_access", NUMBER, reference="n")
    monkeypatch.setattr(sms_module, "READ_SECONDS", 0.2)
    phone.fault("delay", path=PATH, seconds=0.6)
    with pytest.raises(SmsOutcomeUnknown):
        sms.send("13800000008", "text_no_access", NUMBER, reference="n")
    assert len(texts(phone)) == 1, "it was sent"


def test_nobody_there_is_unavailable_and_tells_no_phone(phone: Playground, caplog: pytest.LogCaptureFixture) -> None:
    nobody = changed(phone, sms_url=f"http://127.0.0.1:{free_port()}/sms")
    caplog.set_level(logging.DEBUG)
    with pytest.raises(SmsUnavailable) as failed:
        nobody.send(PHONE, "text_no_access", NUMBER, reference="n")
    assert failed.value.__cause__ is None
    assert PHONE not in caplog.text
    assert PHONE not in str(failed.value)


def test_without_an_account_there_is_no_such_channel(phone: Playground) -> None:
    assert Sms.of(Settings()) is None
    for name in ("sms_secret_id", "sms_secret_key", "sms_app_id", "sms_sign_name"):
        assert Sms.of(phone.settings.model_copy(update={name: ""})) is None


def test_an_old_or_forged_request_is_not_taken(phone: Playground) -> None:
    payload = json.dumps({"PhoneNumberSet": [PHONE]}).encode()

    def ask(now: int, sent: bytes = payload) -> str:
        host = phone.settings.sms_url.split("/")[2]
        proof = authorization(
            "AKIDtest", "key of the sms account", host=host, service="sms", action="SendSms", payload=payload, now=now
        )
        headers = {
            "Content-Type": sms_module.CONTENT_TYPE,
            "X-TC-Action": "SendSms",
            "X-TC-Timestamp": str(now),
            "X-TC-Version": "2021-01-11",
            "X-TC-Region": "ap-guangzhou",
            "Authorization": proof,
        }
        answer = requests.post(phone.settings.sms_url, data=sent, headers=headers, timeout=5).json()
        return str(answer["Response"]["Error"]["Code"])

    now = int(time.time())
    assert ask(now - 301) == "AuthFailure.SignatureExpire"
    assert ask(now, payload + b" ") == "AuthFailure.SignatureFailure"
    assert ask(now) == "InvalidParameterValue.SdkAppIdNotExist"


@given(st.dictionaries(st.sampled_from(("number", "amount", "plate", "place", "obstacle", "category")), st.text()))
def test_whatever_is_filled_in_the_provider_takes(said: dict[str, str]) -> None:
    """By the emulator's rule, which was written on its own."""
    values = dict.fromkeys(("number", "amount", "plate", "place", "obstacle", "category"), "") | said
    for text in TEXTS.values():
        parameters = fill_text(text, values)
        assert len(parameters) == text.wording.count("{")
        for value in parameters:
            assert 0 < len(value.encode("utf-16-le")) // 2 <= VALUE_LENGTH
            assert not set(value) & set("【】{}<>[]")
            assert "www." not in value.lower()
            assert "://" not in value
        assert len(wording_of(text, parameters)) + len("【物优物业】") <= 134, "two parts at most"
