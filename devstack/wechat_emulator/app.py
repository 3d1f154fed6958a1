"""The emulator as a web application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from devstack.wechat_emulator import emulator_routes, page, sms_routes, wechat_routes
from devstack.wechat_emulator.config import Config
from devstack.wechat_emulator.emulator import Emulator
from devstack.wechat_emulator.faults import FaultMiddleware
from devstack.wechat_emulator.refusals import Refused, refusal
from devstack.wechat_emulator.server import reset

STATIC = Path(__file__).parent / "static"


def create_app(config: Config) -> FastAPI:
    emulator = Emulator(config)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        emulator.pusher.resume()
        yield
        emulator.close()

    app = FastAPI(title="WeChat emulator", lifespan=lifespan)
    app.state.emulator = emulator
    app.add_middleware(FaultMiddleware, faults=emulator.faults, reset=reset)
    app.add_exception_handler(Refused, _refused)
    app.include_router(wechat_routes.router)
    app.include_router(sms_routes.router)
    app.include_router(emulator_routes.router)
    app.include_router(page.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


async def _refused(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse(error.body() if isinstance(error, Refused) else refusal(-1))
