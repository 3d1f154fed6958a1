"""The doctor: compares every living order's row, tasks and workflow, and mends what differs.

Works while everything runs. An order that is being worked on may differ for a moment, so a difference counts when both
sides have said the same twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError

from models.domain.drift import Found, Kept, Remedy, trouble_of
from models.repositories import drift, relaying
from workers.transactions import in_transaction
from workflows import upkeep
from workflows.starting import summary

AT_ONCE: Final = 16
"""Queries under way. An order that is not cached is replayed for it; more at once would slow the people who wait."""

PAGE: Final = 500
"""Rows read in one statement: some megabytes, and no statement takes long."""

SETTLE_SECONDS: Final = 0.5
"""A publish takes milliseconds; a difference that is older is none of its making."""

LOOKS: Final = 6
"""After so many an order that moves all the time is called what it was last."""

MENDED_WITHIN: Final = 20
"""Looks, at least half a second apart, after which a remedy has not helped: a repeated publish takes seconds."""


class NobodyAnswers(Exception):
    """No worker answers queries, so nothing can be compared."""


@dataclass(frozen=True)
class Case:
    """One order that does not agree. `left` is what still stands after the remedy, None when it helped."""

    number: str
    found: Found
    remedy: Remedy | None = None
    left: Found | None = None
    error: str = ""


class Doctor:
    def __init__(self, engine: Engine, client: Client) -> None:
        self._engine = engine
        self._client = client
        self._places = asyncio.Semaphore(AT_ONCE)

    async def count(self) -> int:
        """How many orders there are to compare."""
        return await in_transaction(self._engine, drift.living)

    async def examine_all(self, fix: bool) -> AsyncIterator[list[Case]]:
        """The cases of each page of orders; with `fix` they have been treated.

        Raises NobodyAnswers, RPCError, sqlalchemy.exc.SQLAlchemyError.
        """
        if not await upkeep.somebody_works(self._client):
            raise NobodyAnswers
        after = ""
        while page := await in_transaction(self._engine, drift.next_living, after, PAGE):
            cases = await asyncio.gather(*(self.examine(kept, fix) for kept in page))
            yield [case for case in cases if case is not None]
            after = page[-1].number

    async def examine(self, kept: Kept, fix: bool) -> Case | None:
        """None when all agree."""
        async with self._places:
            found = await self._lasting(kept)
            if found is None:
                return None
            return await self._treat(kept.number, found) if fix else Case(kept.number, found, left=found)

    async def _lasting(self, kept: Kept | None) -> Found | None:
        """What is wrong while neither side moves."""
        found, before = None, None
        for _ in range(LOOKS):
            if kept is None:
                return None
            said = await upkeep.look(self._client, kept.number) if kept.started else None
            found = trouble_of(kept, said, datetime.now(UTC))
            if found is None or (kept, said) == before:
                break
            before = kept, said
            await asyncio.sleep(SETTLE_SECONDS)
            kept = await in_transaction(self._engine, drift.kept, kept.number)
        return found

    async def _treat(self, number: str, found: Found) -> Case:
        """The remedy, and then the remedy of what it has brought to light, as a restart does an old row."""
        left: Found | None = found
        try:
            for _ in range(2):
                if left is None or left.remedy is None:
                    break
                await self._apply(left.remedy, number)
                left = await self._when_mended(number, left)
        except (RPCError, SQLAlchemyError, WorkflowQueryFailedError) as error:
            return Case(number, found, found.remedy, left, f"{type(error).__name__}: {error}")
        return Case(number, found, found.remedy, left)

    async def _when_mended(self, number: str, treated: Found) -> Found | None:
        left: Found | None = treated
        for _ in range(MENDED_WITHIN):
            left = await self._lasting(await in_transaction(self._engine, drift.kept, number))
            if left is None or left.trouble is not treated.trouble:
                break
        return left

    async def _apply(self, remedy: Remedy, number: str) -> None:
        match remedy:
            case Remedy.START:
                await in_transaction(self._engine, drift.start_now, number)
            case Remedy.RESTART:
                await self._restart(number)
            case Remedy.ADOPT:
                order = await upkeep.last_words(self._client, number)
                await in_transaction(self._engine, drift.adopt, order, datetime.now(UTC))
            case Remedy.RETRY:
                await upkeep.retry(self._client, number)
            case Remedy.REPUBLISH:
                await upkeep.republish(self._client, number)

    async def _restart(self, number: str) -> None:
        kept = await in_transaction(self._engine, drift.kept, number)
        starting = (await in_transaction(self._engine, relaying.starting, [number])).get(number)
        if kept is None or kept.state is None or starting is None:
            return
        await upkeep.restart(self._client, kept.state, summary(kept.state, starting.category, starting.building))
