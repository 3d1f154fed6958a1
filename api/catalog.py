"""What hardly ever changes and is shown everywhere: categories and communities, kept in memory for a minute.

Every list names categories by their title; asking Postgres for forty rows with each request would double its cost. A
minute is how long a manager waits to see a renamed category.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from models.repositories import reading
from models.repositories.direct import Direct

KEEP_SECONDS: Final = 60.0

Row = dict[str, Any]


@dataclass
class _Kept:
    categories: list[Row] = field(default_factory=list)
    titles: dict[tuple[str, str], str] = field(default_factory=dict)
    communities: dict[str, Row] = field(default_factory=dict)
    until: float = 0.0


class Catalog:
    """Safe to read from all requests of one process; a refresh replaces everything at once."""

    def __init__(self) -> None:
        self._kept = _Kept()

    async def titles(self, db: Direct) -> Mapping[tuple[str, str], str]:
        """(kind, code) → title."""
        return (await self._fresh(db)).titles

    async def categories(self, db: Direct) -> list[Row]:
        return (await self._fresh(db)).categories

    async def category(self, db: Direct, kind: str, code: str) -> Row | None:
        rows = (await self._fresh(db)).categories
        return next((row for row in rows if row["kind"] == kind and row["code"] == code), None)

    async def communities(self, db: Direct) -> Mapping[str, Row]:
        """By id, each with its buildings."""
        return (await self._fresh(db)).communities

    def forget(self) -> None:
        """For whoever has just changed a category."""
        self._kept = _Kept()

    async def _fresh(self, db: Direct) -> _Kept:
        if time.monotonic() < self._kept.until:
            return self._kept
        categories = await reading.categories(db)
        communities = await reading.communities(db)
        self._kept = _Kept(
            categories=categories,
            titles={(row["kind"], row["code"]): row["title"] for row in categories},
            communities={row["id"]: row for row in communities},
            until=time.monotonic() + KEEP_SECONDS if categories else 0.0,
        )
        return self._kept
