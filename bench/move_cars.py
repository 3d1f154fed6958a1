"""How long a car's user waits for the word that their car is in the way: from the request to WeChat's answer.

One at a time, as it happens in life; beside it, how long the emulator alone takes to answer the same call.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import httpx
from sqlalchemy import text

from bench.client import Line, post, refusal
from bench.measuring import Measurement, Stopwatch
from bench.people import COMMUNITY, Tokens, house_id, owner_id
from devstack.ports import LOOPBACK
from devstack.stack import Stack
from integrations.wechat import WeChat
from models.domain.templates import TEMPLATES
from models.repositories.engines import sync_engine
from models.repositories.sealing import Sealing
from models.repositories.wechat_tokens import WeChatTokens
from settings import Settings

TOLD: Final = "car user told"
EMULATOR: Final = "emulator answers"

PATH: Final = "/api/v1/owner/move-cars"
TEMPLATE: Final = TEMPLATES["move_car"]
OPENID: Final = "bench-car-user"
USER: Final = owner_id(0)
CARS: Final = 300
"""Each request needs a car of its own, or it would join the one before it."""

ASKERS: Final = 60
"""Nobody asks more often than a clerk would want to look at."""

PATIENCE_SECONDS: Final = 20.0
LOOK_SECONDS: Final = 0.002

MESSAGE: Final = {"car_number1": "沪A00K88", "thing2": "道路", "thing3": "挡住通行", "time4": "2026年11月22日 09:00"}


async def waits(stack: Stack, pool: asyncpg.Pool, tokens: Tokens, seconds: float) -> tuple[Measurement, Measurement]:
    """The emulator's own answers, then the whole way, both for one person at a time."""
    sealing = Sealing.of(stack.settings)
    photos = iter(await asyncio.to_thread(_prepare, stack.settings, sealing))
    bare = await asyncio.to_thread(_emulator_answers, stack.settings, seconds)
    watch = Stopwatch(seconds)
    async with Line(LOOPBACK, stack.settings.api_port) as line:
        for number, photo in enumerate(photos):
            if not watch.running:
                break
            await asyncio.to_thread(_allow, stack.settings)
            started = time.perf_counter()
            status = await line.send(_request(tokens, number, photo))
            if status != 201:
                watch.note(started, False, refusal(status, line.body))
            else:
                watch.note(started, await _handed_over(pool), "not handed over")
    return bare, watch.shows(TOLD, 1)


def _request(tokens: Tokens, number: int, photo: str) -> bytes:
    body = {"plate": _plate(number), "community_id": COMMUNITY, "reason": "blocking", "photo_ids": [photo]}
    return post(PATH, body, tokens.owner(_asker(number))).with_key(uuid.uuid4().hex)


def _asker(number: int) -> int:
    """Never the car's user, who is the first owner."""
    return 1 + number % ASKERS


def _plate(number: int) -> str:
    return f"沪A{number:05d}"


async def _handed_over(pool: asyncpg.Pool) -> bool:
    """Wait until WeChat has answered for the newest request's message."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            ended = await pool.fetchval(
                "SELECT delivery FROM notices WHERE kind = 'car_in_the_way' ORDER BY created_at DESC LIMIT 1"
            )
            if ended not in (None, "pending", "sending"):
                return bool(ended == "sent")
            await asyncio.sleep(LOOK_SECONDS)


def _emulator_answers(settings: Settings, seconds: float) -> Measurement:
    engine = sync_engine(settings.required("database_url"), pool_size=1)
    wechat = WeChat.of(settings, WeChatTokens(engine))
    watch = Stopwatch(seconds)
    template = TEMPLATE.id_at("mini", settings.wechat_template_ids)
    while watch.running:
        _allow(settings)
        started = time.perf_counter()
        wechat.send_subscribe(OPENID, template, {key: {"value": said} for key, said in MESSAGE.items()}, "")
        watch.note(started)
    engine.dispose()
    return watch.shows(EMULATOR, 1)


def _allow(settings: Settings) -> None:
    """One tap of the user's, for the next message."""
    answer = httpx.post(
        f"{settings.wechat_url}/_emulator/subscribe",
        json={"openid": OPENID, "template_ids": [TEMPLATE.id], "answer": "accept"},
    )
    answer.raise_for_status()


def _prepare(settings: Settings, sealing: Sealing) -> list[str]:
    """The user with credit enough, their cars, and a photo for each request. Answers the photos' ids."""
    photos = [f"pho_bench_car_{number:04d}" for number in range(CARS)]
    now = datetime.now(UTC)
    engine = sync_engine(settings.required("database_url"), pool_size=1)
    with engine.begin() as conn:
        conn.execute(text("UPDATE residents SET openid = :openid WHERE id = :id"), {"openid": OPENID, "id": USER})
        credit = {"openid": OPENID, "template": TEMPLATE.name, "credits": CARS * 2}
        conn.execute(
            text("INSERT INTO wechat_credits (openid, template, credits) VALUES (:openid, :template, :credits)"), credit
        )
        for number, photo in enumerate(photos):
            conn.execute(text(_CAR), _car(sealing, number, now))
            conn.execute(text(_PHOTO), {"id": photo, "owner": owner_id(_asker(number)), "now": now})
    engine.dispose()
    return photos


def _car(sealing: Sealing, number: int, now: datetime) -> dict[str, Any]:
    plate = _plate(number)
    return {
        "id": f"car_bench_{number:04d}",
        "community": COMMUNITY,
        "sealed": sealing.seal(plate),
        "hashed": sealing.plate_hash(plate),
        "user": USER,
        "house": house_id(0),
        "now": now,
    }


_CAR: Final = """
    INSERT INTO vehicles (id, community_id, plate_sealed, plate_hash, resident_id, house_id, registered_at)
    VALUES (:id, :community, :sealed, :hashed, :user, :house, :now)"""
_PHOTO: Final = """
    INSERT INTO photos (id, owner_kind, owner_id, content_type, declared_size, upload_key, status, created_at, audience)
    VALUES (:id, 'resident', :owner, 'image/jpeg', 1, :id, 'ready', :now, 'reporter')"""
