"""Synchronous statements from the worker's event loop: each call a transaction of its own, in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine

P = ParamSpec("P")
T = TypeVar("T")


async def in_transaction(
    engine: Engine, work: Callable[Concatenate[Connection, P], T], *args: P.args, **named: P.kwargs
) -> T:
    def run() -> T:
        with engine.begin() as conn:
            return work(conn, *args, **named)

    return await asyncio.to_thread(run)
