"""What one API process holds open, typed, built once at its start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from settings import Settings

if TYPE_CHECKING:
    from api.catalog import Catalog
    from api.gateway import Gateway
    from api.live import Live
    from api.security import OwnerTokens
    from integrations.storage import Storage
    from integrations.wechat import WeChat
    from models.repositories.direct import Direct
    from models.repositories.intake import NumberBlocks
    from models.repositories.live import Announcer
    from models.repositories.sealing import Sealing


@dataclass(frozen=True)
class State:
    """`direct` serves reads and intake, `single` other single statements without BEGIN and COMMIT around them, `engine`
    transactions.

    `sync_engine` serves the few transactions that are shared with the workers; they run in threads.
    """

    settings: Settings
    engine: AsyncEngine
    single: AsyncEngine
    direct: Direct
    sync_engine: Engine
    gateway: Gateway
    catalog: Catalog
    numbers: NumberBlocks
    announcer: Announcer
    live: Live
    owner_tokens: OwnerTokens
    sealing: Sealing
    storage: Storage | None
    wechat: WeChat | None


class Lifespan(TypedDict):
    """What Starlette copies into each request's state."""

    wuyou: State
