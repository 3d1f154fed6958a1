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

router = APIRouter(tags=["health"])

CHECK_SECONDS: Final = 3.0
"""A dependency that takes longer is as good as down for people who wait for an answer."""


@router.get("/healthz", responses={200: {"model": shapes.Health}})
async def alive() -> Response:
    """The process answers; nothing else is asked."""
    return JsonAnswer({"status": "ok"})


@router.get(
    "/readyz",
    responses={200: {"model": shapes.Readiness}, 503: {"model": shapes.Readiness, "description": "Not ready"}},
)
async def ready(state: StateDep) -> Response:
    """Every dependency by name. Orders are taken in even while only Postgres is well."""
    checks: dict[str, Callable[[State], Awaitable[None]]] = {
        "postgres": _postgres,
        "temporal": _temporal,
        "storage": _storage,
        "wechat": _wechat,
    }
    results = await asyncio.gather(*(_tried(check(state)) for check in checks.values()))
    named = dict(zip(checks, results, strict=True))
    well = all(result["ok"] for result in named.values())
    return JsonAnswer({"status": "ready" if well else "not ready", "checks": named}, 200 if well else 503)


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
