"""The doctor: compares every living order's row, tasks and workflow, and mends what differs.

Works while everything runs. An order that is being worked on may differ for a moment, so a difference counts when both
sides have said the same twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError

from models.domain.drift import Agreement, Found, Kept, Remedy, Trouble, trouble_of
from models.domain.errors import WuyouError
from models.repositories import drift, operations
from workers.transactions import in_transaction
from workflows import remedies, upkeep

AT_ONCE: Final = 8
"""Queries under way. An order that is not cached is replayed for it; more at once would slow the people who wait."""

GLANCES_AT_ONCE: Final = 32
"""A glance asks the server alone, for two milliseconds."""

PAGE: Final = 200
"""Rows read in one statement, and between two lines about how far it has come: seconds, even on a busy machine."""

SETTLE_SECONDS: Final = 0.5
"""A publish takes milliseconds; a difference that is older is none of its making."""

NEEDED: Final = {Trouble.SILENT: 3}
"""Looks that must say the same, else two: on a busy machine an answer may come too late more than once."""

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
        self._glances = asyncio.Semaphore(GLANCES_AT_ONCE)
        self._agreed: dict[str, Agreement] = {}

    async def count(self) -> int:
        """How many orders there are to compare."""
        return await in_transaction(self._engine, drift.living)

    async def examine_all(self, fix: bool, quick: bool = False) -> AsyncIterator[list[Case]]:
        """The cases of each page of orders; with `fix` they have been treated. `quick` asks no workflow that agreed
        with its row before, where neither side has moved since.

        Raises NobodyAnswers, RPCError, sqlalchemy.exc.SQLAlchemyError.
        """
        if not await upkeep.somebody_works(self._client):
            raise NobodyAnswers
        after, compared, left = "", 0, 0
        while page := await in_transaction(self._engine, drift.next_living, after, PAGE):
            cases = [case for case in await asyncio.gather(*(self.examine(kept, fix, quick) for kept in page)) if case]
            if len(cases) == len(page) >= AT_ONCE and all(case.found.trouble is Trouble.SILENT for case in cases):
                raise NobodyAnswers
            await self._note([kept.number for kept in page], cases)
            yield cases
            after = page[-1].number
            compared, left = compared + len(page), left + sum(case.left is not None for case in cases)
        await in_transaction(self._engine, operations.note_comparison, datetime.now(UTC), compared, left)

    async def _note(self, compared: Sequence[str], cases: Sequence[Case]) -> None:
        """For the operator's page, and for the next quick look."""
        left = {case.number: case.left for case in cases if case.left is not None}
        await in_transaction(self._engine, operations.note_findings, compared, left, datetime.now(UTC))
        agreed, self._agreed = self._agreed, {}
        if agreed:
            await in_transaction(self._engine, drift.remember, agreed)

    async def examine(self, kept: Kept, fix: bool, quick: bool = False) -> Case | None:
        """None when all agree."""
        if quick and kept.started and await self._agree_still(kept):
            return None
        async with self._places:
            found = await self._lasting(kept)
            if found is None:
                return None
            return await self._treat(kept.number, found) if fix else Case(kept.number, found, left=found)

    async def _agree_still(self, kept: Kept) -> bool:
        """Whether row and history stand where they agreed, else whether they agree now. The mark is taken before the
        question: what moves after it moves the history on, and the next glance sees that.
        """
        async with self._glances:
            mark = await upkeep.glance(self._client, kept.number)
        if mark is None:
            return False
        now = Agreement(mark=mark, fingerprint=kept.fingerprint)
        if kept.agreed == now:
            return True
        async with self._places:
            said = await upkeep.look(self._client, kept.number)
        if trouble_of(kept, said, datetime.now(UTC)) is not None:
            return False
        self._agreed[kept.number] = now
        return True

    async def _lasting(self, kept: Kept | None) -> Found | None:
        """What is wrong while neither side moves."""
        found, before = None, None
        for look in range(1, LOOKS + 1):
            if kept is None:
                return None
            said = await upkeep.look(self._client, kept.number) if kept.started else None
            found = trouble_of(kept, said, datetime.now(UTC))
            if found is None or ((kept, said) == before and look >= NEEDED.get(found.trouble, 2)):
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
                act = await in_transaction(self._engine, operations.begin, None, left.remedy, number, left.trouble)
                await remedies.apply(self._client, self._engine, left.remedy, number, datetime.now(UTC))
                await in_transaction(self._engine, operations.end, act, operations.DONE)
                left = await self._when_mended(number, left)
        except (RPCError, SQLAlchemyError, WorkflowQueryFailedError, WuyouError) as error:
            return Case(number, found, found.remedy, left, f"{type(error).__name__}: {error}")
        return Case(number, found, found.remedy, left)

    async def _when_mended(self, number: str, treated: Found) -> Found | None:
        left: Found | None = treated
        for _ in range(MENDED_WITHIN):
            left = await self._lasting(await in_transaction(self._engine, drift.kept, number))
            if left is None or left.trouble is not treated.trouble:
                break
        return left
