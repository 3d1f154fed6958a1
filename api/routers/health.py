"""For supervisors and load balancers: alive, and ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import requests
from fastapi import APIRouter, Response
from sqlalchemy import text

from api import shapes
from api.deps import StateDep
from api.json_answer import JsonAnswer
from api.state import State
from integrations import mqtt
from settings import Settings

router = APIRouter(tags=["health"])

CHECK_SECONDS: Final = 3.0
"""A dependency that takes longer is as good as down for people who wait for an answer."""


NEEDED: Final = frozenset({"postgres", "temporal", "storage", "wechat"})
"""The broker is not among them, as long as nothing of ours speaks to a gate or a door."""

MQTT_SECONDS: Final = 1.0
"""For each step of the log-in to the broker, so that all of it ends within the check."""

Check = Callable[[State], Awaitable[None]]


@router.get("/healthz", responses={200: {"model": shapes.Health}})
async def alive() -> Response:
    """The process answers; nothing else is asked."""
    return JsonAnswer({"status": "ok"})


@router.get(
    "/readyz",
    responses={200: {"model": shapes.Readiness}, 503: {"model": shapes.Readiness, "description": "Not ready"}},
)
async def ready(state: StateDep) -> Response:
    """Every dependency by name; one that is not `needed` is told of and keeps nobody from being ready. Orders are taken
    in even while only Postgres is well.
    """
    checks = checks_of(state.settings)
    results = await asyncio.gather(*(_tried(check(state)) for check in checks.values()))
    named = {name: {**result, "needed": name in NEEDED} for name, result in zip(checks, results, strict=True)}
    well = all(result["ok"] or not result["needed"] for result in named.values())
    return JsonAnswer({"status": "ready" if well else "not ready", "checks": named}, 200 if well else 503)


def checks_of(settings: Settings) -> dict[str, Check]:
    """What this installation depends on, by name."""
    named: dict[str, Check] = {
        "postgres": _postgres,
        "temporal": _temporal,
        "storage": _storage,
        "wechat": _wechat,
    }
    return named | {"mqtt": _mqtt} if settings.mqtt_url else named


async def _tried(check: Awaitable[None]) -> dict[str, Any]:
    """One dependency's result. The kind of error is told, its text may hold addresses and is not."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check
    except Exception as error:
        return {"ok": False, "error": type(error).__name__}
    return {"ok": True}


async def _postgres(state: State) -> None:
    async with state.single.connect() as conn:
        await conn.execute(text("SELECT 1"))


async def _temporal(state: State) -> None:
    if not await state.gateway.reachable():
        raise ConnectionError


async def _storage(state: State) -> None:
    if state.storage is not None:
        await asyncio.to_thread(state.storage.ping)


async def _wechat(state: State) -> None:
    """Any answer will do: whether it is reachable, not whether it likes us."""
    if state.settings.wechat_url:
        await asyncio.to_thread(requests.head, state.settings.wechat_url, timeout=CHECK_SECONDS)


async def _mqtt(state: State) -> None:
    await asyncio.to_thread(mqtt.ping, state.settings.mqtt_url, MQTT_SECONDS)
