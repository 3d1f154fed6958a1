"""The application: what it opens at its start, its routes, its OpenAPI document."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from importlib.util import find_spec
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.types import ASGIApp

from api import errors
from api.body_limit import BodyLimit
from api.catalog import Catalog
from api.express import Express
from api.gateway import Gateway
from api.live import Live
from api.model_examples import add_examples
from api.request_id import RequestId
from api.routers import events, gates, health, photos, wechat
from api.routers.owner import catalog, messages, move_cars, public_works
from api.routers.owner import complaints as owner_complaints
from api.routers.owner import orders as owner_orders
from api.routers.owner import people as owner_people
from api.routers.owner import plates as owner_plates
from api.routers.owner import visitors as owner_visitors
from api.routers.staff import colleagues, operations, ratings, settlements, tasks
from api.routers.staff import complaints as staff_complaints
from api.routers.staff import groups as staff_groups
from api.routers.staff import incidents as staff_incidents
from api.routers.staff import orders as staff_orders
from api.routers.staff import people as staff_people
from api.routers.staff import plates as staff_plates
from api.routers.staff import policies as staff_policies
from api.routers.staff import rounds as staff_rounds
from api.routers.staff import shifts as staff_shifts
from api.routers.staff import visitors as staff_visitors
from api.security import OwnerTokens
from api.state import Lifespan, State
from integrations.storage import Storage
from integrations.temporal import connect, proof_keys
from integrations.wechat import WeChat
from models.repositories.direct import Direct
from models.repositories.engines import async_engine, single_statements, sync_engine
from models.repositories.intake import NumberBlocks
from models.repositories.live import Announcer
from models.repositories.sealing import Sealing
from models.repositories.wechat_tokens import WeChatTokens
from settings import Settings

API = "/api/v1"
DESCRIPTION = """
Work orders for residential property management.

Every creating or acting `POST` takes an `Idempotency-Key`: the same key with the same body gives the same answer again.
Errors are `application/problem+json`; `code` is for programs, `detail` is Chinese and for people. A 503 says
`outcome: unknown`: the command may still happen, and the same key tells later. A body above one megabyte is a 413, an
unknown address a 404, a bug of ours a 500, all of the same shape. Lists page by `next_cursor`.
Staff are named by account, photos by id, times are RFC 3339, money is in fen.
"""

EXPRESS: Final = (
    (f"{API}/owner", owner_orders.router, (owner_orders.list_orders, owner_orders.show_order, owner_orders.report)),
    (f"{API}/owner", owner_orders.router, (owner_orders.complete, owner_orders.rate)),
    (f"{API}/staff", staff_orders.router, (staff_orders.list_orders, staff_orders.show_order)),
    (f"{API}/staff", tasks.router, (tasks.list_tasks, tasks.counts, tasks.claim, tasks.complete)),
)
"""What people do all day: look at lists, at an order, at their inbox, and do the work; and what many do at once after
a storm."""


def create_app(settings: Settings) -> FastAPI:
    """The application of one installation, run as :func:`served`. Nothing is opened before its lifespan begins."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Lifespan]:
        async with opened(settings) as state:
            yield {"wuyou": state}

    app = FastAPI(
        title="Wuyou 物优", version="1", description=DESCRIPTION, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    errors.install(app)
    for router in (
        owner_people.router,
        owner_complaints.router,
        owner_orders.router,
        messages.router,
        catalog.router,
        public_works.router,
        move_cars.router,
        owner_plates.router,
        owner_visitors.router,
    ):
        app.include_router(router, prefix=f"{API}/owner")
    staff = (
        staff_people,
        colleagues,
        tasks,
        staff_complaints,
        staff_orders,
        staff_groups,
        staff_incidents,
        staff_rounds,
        staff_shifts,
        staff_plates,
        staff_visitors,
        staff_policies,
        settlements,
        ratings,
        operations,
    )
    for router in (each.router for each in staff):
        app.include_router(router, prefix=f"{API}/staff")
    app.include_router(photos.router, prefix=API)
    app.include_router(events.router, prefix=API)
    app.include_router(gates.router, prefix=API)
    app.include_router(wechat.router)
    app.include_router(health.router)
    _mount_console(app)
    _complete_openapi(app)
    return app


def served(app: FastAPI) -> ASGIApp:
    """The application as its server runs it: every answer with its request's id, no body without an end, the busiest
    routes express."""
    return RequestId(BodyLimit(Express(app, EXPRESS)))


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[State]:
    """Everything that a process holds open, closed again in reverse order."""
    engine = async_engine(settings.required("database_url"), settings.database_pool_size)
    shared = sync_engine(settings.required("database_url"), settings.database_pool_size)
    single = single_statements(engine)
    direct = Direct(settings.required("database_url"), settings.database_pool_size)
    announcer = Announcer(direct)
    client = await connect(settings, lazy=True)
    live = Live(settings.required("database_url"), direct)
    state = State(
        settings=settings,
        engine=engine,
        single=single,
        direct=direct,
        sync_engine=shared,
        gateway=Gateway(client, direct, shared, announcer, proof_keys(settings)[0]),
        catalog=Catalog(),
        numbers=NumberBlocks(direct),
        announcer=announcer,
        live=live,
        owner_tokens=OwnerTokens(settings.required("token_secret"), settings.owner_token_hours * 3600),
        sealing=Sealing.of(settings),
        storage=Storage.of(settings) if settings.s3_endpoint else None,
        wechat=WeChat.of(settings, WeChatTokens(shared)) if settings.wechat_url else None,
    )
    live.start()
    state.gateway.watch.start()
    try:
        yield state
    finally:
        await state.gateway.watch.close()
        await live.close()
        await announcer.close()
        await direct.close()
        await engine.dispose()
        shared.dispose()


def _mount_console(app: FastAPI) -> None:
    """The console comes with its own routes, static files and headers."""
    if find_spec("api.console.routes") is not None:
        from api.console import routes

        app.include_router(routes.router)


def _complete_openapi(app: FastAPI) -> None:
    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            app.openapi_schema = add_examples(errors.only_problem_json(schema))
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
