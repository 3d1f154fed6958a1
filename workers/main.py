"""The worker process, composed: settings → clients → activities → two workers, the relay, the sweep and the codec
endpoint.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
import uvloop
from sqlalchemy import Engine
from temporalio.client import Client
from temporalio.service import RPCError

from activities.facts import Facts
from activities.groups import Groups
from activities.notices import Notices
from activities.photos import Photos
from activities.policies import Policies
from activities.projection import Projection
from activities.quotes import Quotes
from activities.rounds import Rounds
from activities.sequels import Sequels
from activities.staffing import Staffing
from integrations import temporal
from integrations.interpreter import collect_rarely
from integrations.sms import Sms
from integrations.storage import Storage
from integrations.wechat import WeChat
from models.repositories.direct import Direct
from models.repositories.engines import sync_engine
from models.repositories.wechat_tokens import WeChatTokens
from settings import Settings, load_settings
from workers.codec import codec_app
from workers.nightly import Nightly
from workers.relay import Relay
from workers.sandbox import runner
from workers.schedules import Schedules
from workers.sweep import Sweep
from workers.temporal import effects_worker, orders_worker
from workflows import proof_keys

log = logging.getLogger(__name__)

RECONNECT_SECONDS: Final = 2
"""How often a worker that starts before Temporal asks again. It never gives up: the outbox waits as long."""

DIRECT_CONNECTIONS: Final = 5
"""For the usual step, which holds one for a millisecond or two; with the usual few more for a burst."""


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then let what runs finish."""
    proof_keys.use(temporal.proof_keys(settings))
    client = await _connected(settings)
    engine = sync_engine(settings.sync_database_url)
    direct = Direct(settings.required("database_url"), DIRECT_CONNECTIONS)
    storage = Storage.of(settings)
    relay = Relay(engine, client, settings)
    projection = Projection(engine, direct, relay.nudge)
    groups = Groups(engine)
    wechat = WeChat.of(settings, WeChatTokens(engine))
    rounds = Rounds(engine, relay.nudge)
    codec = _codec(settings)
    stop = _stop_signal()
    at_once: list[Callable[..., Any]] = [
        projection.publish,
        projection.end,
        Staffing(engine).choose,
        Policies(engine).read_terms,
        Facts(proof_keys.KEYS).verify,
        groups.join,
        groups.fate,
        Quotes(engine).parties,
        Sequels(engine, relay.nudge).file_again,
        rounds.open,
        rounds.give_up,
    ]
    async with (
        orders_worker(client, at_once, runner=runner(settings.workflow_sandbox)),
        effects_worker(client, [*_effects(engine, wechat, storage, settings), rounds.tell_leads]),
    ):
        collect_rarely()
        log.info("worker ready")
        serving = asyncio.create_task(_or_stop("codec", codec.serve(), stop))
        jobs = {
            "relay": relay.run(),
            "sweep": Sweep(engine, client, storage).run(),
            "schedules": Schedules(engine, client).run(),
            "nightly": Nightly(engine, client).run(),
        }
        background = [asyncio.create_task(_or_stop(name, job, stop)) for name, job in jobs.items()]
        await stop.wait()
        codec.should_exit = True
        for job in background:
            job.cancel()
        await asyncio.gather(serving, *background, return_exceptions=True)
    await projection.close()


def _effects(engine: Engine, wechat: WeChat, storage: Storage, settings: Settings) -> list[Any]:
    notices = Notices(engine, wechat, Sms.of(settings), settings)
    photos = Photos(engine, storage)
    return [notices.deliver, photos.finalise]


async def _connected(settings: Settings) -> Client:
    while True:
        try:
            return await temporal.connect(settings)
        except (RPCError, RuntimeError) as error:
            log.warning("Temporal is not there yet (%s); asking again in %d s", error, RECONNECT_SECONDS)
            await asyncio.sleep(RECONNECT_SECONDS)


async def _or_stop(name: str, job: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """A background job that ends takes the process with it: the supervisor's restart is the one way back."""
    try:
        await job
    except (Exception, SystemExit):
        log.exception("%s died", name)
    finally:
        stop.set()


class _Codec(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The worker has its own signal handlers; uvicorn's would take their place."""
        yield


def _codec(settings: Settings) -> uvicorn.Server:
    config = uvicorn.Config(
        codec_app(settings), host=settings.codec_host, port=settings.codec_port, log_level="warning", access_log=False
    )
    return _Codec(config)


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
        uvloop.run(run(settings))
    except Exception:
        log.exception("worker failed")
        code = 1
    sys.stderr.flush()
    # The Temporal core may abort while the interpreter shuts down, so the process leaves without tearing it down.
    os._exit(code)
