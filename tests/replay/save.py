"""Keep the histories of today's code: `python -m tests.replay.save [scenario…]`, all of them without a name.

Run it when a release changes what workflows decide. Files of earlier releases stay, because orders that began under
them live on; a new file carries the next release's name.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Final

from temporalio.testing import WorkflowEnvironment

from tests.replay.scenarios import SCENARIOS
from tests.workflows.desk import KEY, Desk, Shelves
from tests.workflows.server import start_time_skipping
from workers.temporal import orders_worker
from workflows import proof_keys

HISTORIES: Final = Path(__file__).parent / "histories"
RELEASE: Final = "0.2"


async def save(names: Collection[str]) -> None:
    env = await start_time_skipping()
    try:
        await _save(env, names)
    finally:
        await env.shutdown()


async def _save(env: WorkflowEnvironment, names: Collection[str]) -> None:
    proof_keys.use([KEY])
    shelves = Shelves()
    async with orders_worker(env.client, shelves.served, "replay"):
        for name in names:
            desk = Desk(env, shelves, "replay")
            await SCENARIOS[name](desk)
            handle = env.client.get_workflow_handle(desk.number)
            await handle.result()
            history = await handle.fetch_history()
            (HISTORIES / f"{RELEASE}-{name}.json").write_text(
                _without_machine(history.to_json()) + "\n", encoding="utf-8"
            )
            sys.stderr.write(f"{name}: {len(history.events)} events\n")


def _without_machine(history: str) -> str:
    """Every event says which process on which machine made it; that is nobody's business and always differs."""
    return re.sub(r'"identity": "[^"]*"', '"identity": "tests"', history)


if __name__ == "__main__":
    asyncio.run(save(sys.argv[1:] or SCENARIOS.keys()))
    sys.stderr.flush()
    # The Temporal core may abort while the interpreter shuts down, so the process leaves without tearing it down.
    os._exit(0)
