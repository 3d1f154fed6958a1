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
    from api.intake import Numbers
    from api.live import Live
    from api.security import OwnerTokens
    from integrations.storage import Storage
    from integrations.wechat import WeChat


@dataclass(frozen=True)
class State:
    """`engine` serves requests; `sync_engine` the few transactions shared with the workers, run in threads."""

    settings: Settings
    engine: AsyncEngine
    sync_engine: Engine
    gateway: Gateway
    catalog: Catalog
    numbers: Numbers
    live: Live
    owner_tokens: OwnerTokens
    storage: Storage | None
    wechat: WeChat | None


class Lifespan(TypedDict):
    """What Starlette copies into each request's state."""

    wuyou: State
