"""The worker process, composed: settings → clients → activities → two workers, the relay, the sweep and the codec endpoint."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any, Final

import uvicorn
from temporalio.client import Client
from temporalio.service import RPCError

from activities.notices import Notices
from activities.photos import Photos
from activities.projection import Projection
from integrations import temporal
from integrations.storage import Storage
from integrations.wechat import WeChat
from models.repositories.engines import sync_engine
from models.repositories.wechat_tokens import WeChatTokens
from settings import Settings, load_settings
from workers.codec import codec_app
from workers.relay import Relay
from workers.sweep import Sweep
from workers.temporal import effects_worker, orders_worker
from workflows import proof_keys

log = logging.getLogger(__name__)

RECONNECT_SECONDS: Final = 2
"""How often a worker that starts before Temporal asks again. It never gives up: the outbox waits as long."""


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then let what runs finish."""
    proof_keys.use(temporal.proof_keys(settings))
    client = await _connected(settings)
    engine = sync_engine(settings.sync_database_url)
    relay = Relay(engine, client, settings)
    projection = Projection(engine, relay.nudge)
    stop = _stop_signal()
    async with (
        orders_worker(client, [projection.publish, projection.end]),
        effects_worker(client, [*_effects(engine, settings)]),
    ):
        log.info("worker ready")
        background = [_forever("relay", relay.run()), _forever("sweep", Sweep(engine, client).run()), _codec(settings)]
        tasks = [asyncio.create_task(job) for job in background]
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _effects(engine: Any, settings: Settings) -> list[Any]:
    wechat = WeChat.of(settings, WeChatTokens(engine))
    notices = Notices(engine, wechat, settings)
    photos = Photos(engine, Storage.of(settings))
    return [notices.deliver, photos.finalise]


async def _connected(settings: Settings) -> Client:
    while True:
        try:
            return await temporal.connect(settings)
        except (RPCError, RuntimeError) as error:
            log.warning("Temporal is not there yet (%s); asking again in %d s", error, RECONNECT_SECONDS)
            await asyncio.sleep(RECONNECT_SECONDS)


async def _forever(name: str, job: Coroutine[Any, Any, None]) -> None:
    """A background job that dies takes the process with it: the supervisor's restart is the one way back."""
    try:
        await job
    except asyncio.CancelledError:
        raise
    except Exception:
        log.exception("%s died", name)
        os.kill(os.getpid(), signal.SIGTERM)


async def _codec(settings: Settings) -> None:
    config = uvicorn.Config(
        codec_app(settings), host=settings.codec_host, port=settings.codec_port, log_level="warning", access_log=False
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[method-assign]
    await server.serve()


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


def main() -> None:
    settings = load_settings()
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    code = 0
    try:
        asyncio.run(run(settings))
    except Exception:
        log.exception("worker failed")
        code = 1
    sys.stderr.flush()
    # The Temporal core may abort while the interpreter shuts down, so the process leaves without tearing it down.
    os._exit(code)
