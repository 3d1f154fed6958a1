"""The rung of the SMS: what must reach somebody goes by it where WeChat does not take it, and nothing else does."""

from __future__ import annotations

import base64
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine
from temporalio.exceptions import ApplicationError

from activities.notices import Notices
from activities.settling import settle_round
from integrations.sms import Sms
from integrations.wechat import WeChat
from models.repositories.sealing import Sealing
from models.repositories.wechat_tokens import WeChatTokens
from settings import Settings
from tests.effects.desk import Desk
from tests.effects.test_cars import in_the_way
from tests.effects.test_notices import allow, follow, off_duty, received
from tests.wechat.playground import Playground

PHONES = {"res_owner": "13800000007", "stf_tech": "13700000008"}
PATH = "/sms"


@pytest.fixture
def settings(phone: Playground) -> Settings:
    return phone.settings.model_copy(update={"privacy_key": base64.b64encode(b"k" * 32).decode()})


@pytest.fixture
def letters(engine: Engine, settings: Settings, desk: Desk) -> Notices:
    """Deliveries in a world where the owner and a technician have phones."""
    for table, who in (("residents", "res_owner"), ("staff", "stf_tech")):
        sealed = Sealing.of(settings).seal(PHONES[who])
        desk.say(f"UPDATE {table} SET phone_sealed = :sealed WHERE id = :who", sealed=sealed, who=who)  # noqa: S608
    return Notices(engine, WeChat.of(settings, WeChatTokens(engine)), Sms.of(settings), settings)


def texts(phone: Playground, who: str = "res_owner") -> list[str]:
    return [text["content"] for text in phone.look("texts", phone=PHONES[who])]


async def test_what_must_reach_goes_by_sms_where_wechat_does_not_take_it(
    letters: Notices, desk: Desk, phone: Playground, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    order = await desk.order()
    phone.tap("follow", openid=follow(phone, desk), following=False)
    notice = desk.notice(order, "no_access", template="your_turn", sms="no_access")
    assert letters.deliver(notice) == "sent"
    assert PHONES["res_owner"] not in caplog.text
    assert desk.delivery(notice) == ("sent", "sms")
    (text,) = texts(phone)
    assert order.number in text
    assert letters.deliver(notice) == "sent"
    assert len(texts(phone)) == 1, "a delivered notice is never sent again"
    kept = [desk.rows("SELECT row_to_json(x)::text FROM notices x"), desk.rows("SELECT body::text FROM outbox")]
    assert PHONES["res_owner"] not in str(kept)


async def test_an_sms_is_sent_only_where_it_must_be(letters: Notices, desk: Desk, phone: Playground) -> None:
    order = await desk.order()
    allow(phone, desk, template="your_turn")
    by_wechat = desk.notice(order, "no_access", template="your_turn", sms="no_access")
    assert letters.deliver(by_wechat) == "sent"
    assert desk.delivery(by_wechat) == ("sent", "mini")
    assert letters.deliver(desk.notice(order, "accepted")) == "centre_only"
    desk.say("INSERT INTO policies (community_id, version, settings) VALUES ('com_a', 1, '{\"sms\": false}')")
    switched_off = desk.notice(order, "no_access", template="your_turn", sms="no_access")
    assert letters.deliver(switched_off) == "centre_only"
    desk.say("UPDATE policies SET settings = '{}'")
    desk.say("UPDATE residents SET phone_sealed = NULL")
    assert letters.deliver(desk.notice(order, "no_access", template="your_turn", sms="no_access")) == "centre_only"
    assert texts(phone) == []


async def test_without_an_account_the_message_centre_has_it_at_once(
    letters: Notices, desk: Desk, settings: Settings, engine: Engine
) -> None:
    notice = desk.notice(await desk.order(), "no_access", template="your_turn", sms="no_access")
    with engine.begin() as conn:
        assert settle_round(conn, [notice], datetime.now(UTC), has_sms=True) == {}
        assert settle_round(conn, [notice], datetime.now(UTC), has_sms=False) == {notice: "centre_only"}
    none = Notices(engine, WeChat.of(settings, WeChatTokens(engine)), None, settings)
    other = desk.notice(await desk.order(), "no_access", template="your_turn", sms="no_access")
    assert none.deliver(other) == "centre_only"


async def test_a_lost_answer_is_uncertain_and_never_sent_again(letters: Notices, desk: Desk, phone: Playground) -> None:
    phone.fault("reset", path=PATH)
    notice = desk.notice(await desk.order(), "no_access", template="your_turn", sms="no_access")
    assert letters.deliver(notice) == "uncertain"
    phone.tap("clock", advance=60)
    assert letters.deliver(notice) == "uncertain"
    assert desk.delivery(notice) == ("uncertain", "sms")
    assert len(texts(phone)) == 1


async def test_an_outage_delays_and_a_refusal_ends_in_the_message_centre(
    letters: Notices, desk: Desk, phone: Playground
) -> None:
    order = await desk.order()
    notice = desk.notice(order, "no_access", template="your_turn", sms="no_access")
    phone.fault("sms", path=PATH, code="FailedOperation.InsufficientBalanceInSmsPackage")
    with pytest.raises(ApplicationError) as later:
        letters.deliver(notice)
    assert not later.value.non_retryable
    assert desk.delivery(notice)[0] == "pending"
    assert letters.deliver(notice) == "sent"
    phone.fault("sms", path=PATH, code="FailedOperation.PhoneNumberInBlacklist")
    refused = desk.notice(order, "no_access", template="your_turn", sms="no_access")
    assert letters.deliver(refused) == "centre_only"
    error = desk.one("SELECT error FROM notices WHERE id = :id", id=refused).error
    assert error == "sms: FailedOperation.PhoneNumberInBlacklist"
    assert len(texts(phone)) == 1


async def test_about_a_car_each_attempt_goes_by_the_next_way(
    letters: Notices, desk: Desk, phone: Playground, settings: Settings
) -> None:
    """One credit: the second attempt finds it spent, and still goes by the service account, not past it."""
    allow(phone, desk, 1, template="move_car")
    follow(phone, desk)
    first = await in_the_way(desk, settings, tried=0)
    number = desk.one("SELECT number FROM notices WHERE id = :id", id=first).number
    said = {"template": "move_car", "sms": "move_car", "urgent": True}
    ways = [(letters.deliver(first), desk.delivery(first)[1])]
    for tried in (1, 2, 3):
        order = type("Order", (), {"number": number})
        again = desk.notice(order, "car_in_the_way", **said, facts={"tried": tried})  # type: ignore[arg-type]
        ways.append((letters.deliver(again), desk.delivery(again)[1]))
    assert ways == [("sent", "mini"), ("sent", "service"), ("sent", "sms"), ("centre_only", "centre")]
    (text,) = texts(phone)
    assert "沪A12345" in text
    assert "1栋1单元101室" in text


@pytest.mark.parametrize(("on_duty", "urgent", "outcome"), [(True, False, "sent"), (False, False, "held_back"),
                                                            (False, True, "sent")])  # fmt: skip
async def test_staff_are_texted_by_duty_hours(
    letters: Notices, desk: Desk, phone: Playground, on_duty: bool, urgent: bool, outcome: str
) -> None:
    if not on_duty:
        off_duty(desk, "stf_tech")
    said: dict[str, Any] = {"to_kind": "staff", "to_id": "stf_tech", "template": "task"}
    notice = desk.notice(await desk.order(), "breached", **said, sms="staff_breach", urgent=urgent)
    assert letters.deliver(notice) == outcome
    assert len(texts(phone, "stf_tech")) == (outcome == "sent")
    assert received(phone) == []
