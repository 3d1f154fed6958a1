"""The word that a car is in the way: at any hour, with the plate opened for its sending."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from activities import notices as deliveries
from activities.notices import Notices
from integrations.sms import Sms
from integrations.wechat import WeChat
from models.domain.numbers import CHINA
from models.repositories.sealing import Sealing
from models.repositories.wechat_tokens import WeChatTokens
from models.tables.cars import MoveCarRow
from settings import Settings
from tests.effects.desk import OWNER_OPENID, Desk
from tests.effects.test_notices import allow, received
from tests.wechat.playground import Playground

PLATES = ("沪A12345", "沪AD12345", "WJ京12345")


@pytest.fixture
def settings(phone: Playground) -> Settings:
    return phone.settings.model_copy(update={"privacy_key": base64.b64encode(b"k" * 32).decode()})


@pytest.fixture
def cars(engine: Engine, settings: Settings) -> Notices:
    return Notices(engine, WeChat.of(settings, WeChatTokens(engine)), Sms.of(settings), settings)


async def in_the_way(desk: Desk, settings: Settings, plate: str = PLATES[0], **facts: Any) -> str:
    """A notice about a car of this plate."""
    order, sealing = await desk.order(), Sealing.of(settings)
    row = {"number": order.number, "community_id": "com_a", "plate_hash": order.number, "joinable": False}
    with desk.engine.begin() as conn:
        conn.execute(insert(MoveCarRow), [row | {"plate_sealed": sealing.seal(plate)}])
    return desk.notice(order, "car_in_the_way", template="move_car", urgent=True, facts=facts)


@pytest.mark.parametrize("plate", PLATES)
async def test_the_user_reads_the_plate(
    cars: Notices, desk: Desk, phone: Playground, settings: Settings, plate: str
) -> None:
    allow(phone, desk, template="move_car")
    assert cars.deliver(await in_the_way(desk, settings, plate)) == "sent"
    (message,) = received(phone)
    said = message["data"]
    assert said["car_number1"] == plate or said["thing2"].startswith(plate), "inner Chinese goes into a thing"


async def test_at_any_hour(
    cars: Notices, desk: Desk, phone: Playground, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Night(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(2026, 11, 23, 3, 0, tzinfo=CHINA).astimezone(tz or UTC)

    monkeypatch.setattr(deliveries, "datetime", Night)
    allow(phone, desk, template="move_car")
    assert cars.deliver(await in_the_way(desk, settings)) == "sent"
    assert len(received(phone, OWNER_OPENID)) == 1
