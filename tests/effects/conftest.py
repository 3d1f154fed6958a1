"""A fresh database for each test, and one photo store, one Temporal and one WeChat emulator for all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Engine
from temporalio.client import Client

from activities.notices import Notices
from devstack.stack import Stack
from integrations import temporal
from integrations.sms import Sms
from integrations.storage import Storage
from integrations.wechat import WeChat
from models.repositories import engines
from models.repositories.direct import Direct
from models.repositories.wechat_tokens import WeChatTokens
from settings import Settings
from tests import postgres
from tests.effects.desk import Desk
from tests.repositories.rows import world
from tests.wechat.playground import Playground, emulator, free_port, settings_for


@pytest.fixture
def database() -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = engines.sync_engine(database)
    with engine.begin() as conn:
        world(conn)
    yield engine
    engine.dispose()


@pytest_asyncio.fixture(loop_scope="session")
async def direct(database: str, engine: Engine) -> AsyncIterator[Direct]:
    """Asks for `engine` first, because that one fills the database."""
    direct = Direct(database, engines.POOL_SIZE)
    yield direct
    await direct.close()


@pytest.fixture
def desk(engine: Engine, direct: Direct) -> Desk:
    return Desk(engine, direct)


@pytest.fixture(scope="session")
def storage_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(home=tmp_path_factory.mktemp("storage"), parts={"storage"}) as stack:
        yield stack


@pytest.fixture(scope="session")
def storage(storage_stack: Stack) -> Storage:
    return Storage.of(storage_stack.settings)


@pytest.fixture(scope="session")
def temporal_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(home=tmp_path_factory.mktemp("temporal"), parts={"temporal"}) as stack:
        yield stack


@pytest.fixture
def temporal_settings(temporal_stack: Stack) -> Settings:
    return temporal_stack.settings


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(temporal_stack: Stack) -> Client:
    return await temporal.connect(temporal_stack.settings)


@pytest.fixture(scope="session")
def emulated_wechat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    home: Path = tmp_path_factory.mktemp("wechat-of-effects")
    with emulator(settings_for(home, free_port())) as playground:
        yield playground


@pytest.fixture
def phone(emulated_wechat: Playground) -> Playground:
    """The emulator, as new."""
    emulated_wechat.tap("reset")
    return emulated_wechat


@pytest.fixture
def notices(engine: Engine, phone: Playground) -> Notices:
    return Notices(engine, WeChat.of(phone.settings, WeChatTokens(engine)), Sms.of(phone.settings), phone.settings)
