"""`./wuyou doctor [--fix] [--quick] [--replay]`: do Postgres and Temporal tell the same story of every living order?"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError

from devstack.errors import StackError
from integrations import temporal
from models.repositories.engines import sync_engine
from settings import Settings
from workers.doctor import AT_ONCE, PAGE, Case, Doctor, NobodyAnswers
from workers.rehearsal import Rehearsed, rehearse_all

DETAIL_SHOWN: Final = 80
"""Of a cause, in the table: enough to tell it from others."""

TOLD_EVERY: Final = 500
"""Orders between two lines about how far it has come."""


def examine(settings: Settings, options: argparse.Namespace) -> tuple[list[str], bool]:
    """The lines to print, and whether all agree.

    Raises:
        StackError: Postgres, Temporal or the workers do not answer, so nothing is known.
    """
    try:
        return asyncio.run(_examine(settings, options))
    except NobodyAnswers:
        raise StackError("No worker answers, so nothing can be compared; start one.") from None
    except (RPCError, RuntimeError) as error:
        raise StackError(f"Temporal does not answer: {error}") from error
    except SQLAlchemyError as error:
        raise StackError(f"Postgres does not answer: {error}") from error


async def _examine(settings: Settings, options: argparse.Namespace) -> tuple[list[str], bool]:
    engine = sync_engine(settings.sync_database_url, AT_ONCE)
    try:
        client = await temporal.connect(settings)
        lines, well = await _compare(Doctor(engine, client), options.fix, options.quick)
        if options.replay:
            said, replayed = await _replay(engine, client)
            lines, well = lines + said, well and replayed
        return lines, well
    finally:
        engine.dispose()


async def _compare(doctor: Doctor, fix: bool, quick: bool) -> tuple[list[str], bool]:
    total, cases = await doctor.count(), list[Case]()
    seen, began = 0, time.monotonic()
    async for found in doctor.examine_all(fix, quick):
        cases += found
        seen = min(seen + PAGE, total)
        spent = time.monotonic() - began
        to_go = spent / max(seen, 1) * (total - seen)
        _tell(f"{seen} of {total} orders compared in {spent:.0f} s, about {to_go:.0f} s to go; {len(cases)} differ")
    left = [case for case in cases if case.left is not None]
    return [*table_of(cases), _sum_of(total, cases, left)], not left


def table_of(cases: Sequence[Case]) -> list[str]:
    """One line per order that differs: what is wrong, what was done, what is left."""
    if not cases:
        return []
    rows = [("ORDER", "TROUBLE", "REMEDY", "RESULT", "DETAIL"), *(_row(case) for case in cases)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]) for row in rows]


def _row(case: Case) -> tuple[str, str, str, str, str]:
    remedy = case.found.remedy
    result = "mended" if case.left is None else f"still {case.left.trouble}" if case.remedy else "found"
    detail = " ".join((case.error or case.found.detail).split())[:DETAIL_SHOWN]
    return case.number, case.found.trouble.value, remedy.value if remedy else "-", result, detail


def _sum_of(total: int, cases: Sequence[Case], left: Sequence[Case]) -> str:
    if not cases:
        return f"{total} orders compared; all agree."
    mended = len(cases) - len(left)
    return f"{total} orders compared; {len(cases)} differed, {mended} mended, {len(left)} left."


async def _replay(engine: Any, client: Client) -> tuple[list[str], bool]:
    replayed = list[Rehearsed]()
    async for each in rehearse_all(engine, client):
        replayed.append(each)
        if len(replayed) % TOLD_EVERY == 0:
            _tell(f"{len(replayed)} histories replayed")
    failed = [each for each in replayed if each.failure is not None]
    lines = [f"{each.number}  {' '.join((each.failure or '').split())[: DETAIL_SHOWN * 2]}" for each in failed]
    said = f"{len(failed)} of them decide otherwise" if failed else "all decide as before"
    return [*lines, f"{len(replayed)} histories replayed with today's code; {said}."], not failed


def _tell(line: str) -> None:
    """How far it has come: not part of the answer, so that it can be piped."""
    sys.stderr.write(f"{line}\n")
