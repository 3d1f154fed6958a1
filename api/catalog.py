"""What hardly ever changes and is needed everywhere: categories and communities, kept in memory for a minute, and
settings, kept for seconds.

Every list names categories by their title; asking Postgres for forty rows with each request would double its cost. A
minute is how long a manager waits to see a renamed category.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from integrations.holidays import announced
from models.domain import words
from models.domain.incidents import OpenIncident
from models.domain.policy import Policy, terms_for
from models.domain.terms import Terms
from models.repositories import incidents, policies, reading
from models.repositories.direct import Direct

KEEP_SECONDS: Final = 60.0

KEEP_SETTINGS_SECONDS: Final = 3.0
"""An admin who has changed a setting files the next report and expects it to count, whichever process takes it in."""

KEEP_INCIDENTS_SECONDS: Final = 1.0
"""A report that comes a second after an incident was opened elsewhere joins it at once."""

Row = dict[str, Any]

_FIXED_TITLES: Final = {
    (kind, code): title for kind, titles in words.CATEGORIES_OF.items() for code, title in titles.items()
}


@dataclass
class _Kept:
    categories: list[Row] = field(default_factory=list)
    titles: dict[tuple[str, str], str] = field(default_factory=dict)
    communities: dict[str, Row] = field(default_factory=dict)
    until: float = 0.0


@dataclass(frozen=True)
class _Settings:
    policy: Policy
    terms: Terms
    until: float


class Catalog:
    """Safe to read from all requests of one process; a refresh replaces everything at once."""

    def __init__(self) -> None:
        self._kept = _Kept()
        self._policies: dict[str, _Settings] = {}
        self._incidents: tuple[list[OpenIncident], float] = ([], 0.0)

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

    async def policy(self, db: Direct, community_id: str) -> Policy:
        """The community's settings, at most three seconds old."""
        return (await self._settings(db, community_id)).policy

    async def terms(self, db: Direct, community_id: str) -> Terms:
        """What a new order of the community is promised by."""
        return (await self._settings(db, community_id)).terms

    async def _settings(self, db: Direct, community_id: str) -> _Settings:
        kept = self._policies.get(community_id)
        if kept is None or time.monotonic() >= kept.until:
            policy = (await policies.kept(db, community_id)).policy
            now = datetime.now(UTC)
            terms = terms_for(policy, announced(), since=now, now=now)
            kept = self._policies[community_id] = _Settings(policy, terms, time.monotonic() + KEEP_SETTINGS_SECONDS)
        return kept

    async def incidents(self, db: Direct) -> list[OpenIncident]:
        """Every open incident, the oldest first."""
        found, until = self._incidents
        if time.monotonic() >= until:
            found = await incidents.all_open(db)
            self._incidents = (found, time.monotonic() + KEEP_INCIDENTS_SECONDS)
        return found

    def forget_incidents(self) -> None:
        """For whoever has just opened or closed one."""
        self._incidents = ([], 0.0)

    def forget(self) -> None:
        """For whoever has just changed a category or a setting."""
        self._kept = _Kept()
        self._policies.clear()

    async def _fresh(self, db: Direct) -> _Kept:
        if time.monotonic() < self._kept.until:
            return self._kept
        categories = await reading.categories(db)
        communities = await reading.communities(db)
        self._kept = _Kept(
            categories=categories,
            titles=_FIXED_TITLES | {(row["kind"], row["code"]): row["title"] for row in categories},
            communities={row["id"]: row for row in communities},
            until=time.monotonic() + KEEP_SECONDS if categories else 0.0,
        )
        return self._kept
