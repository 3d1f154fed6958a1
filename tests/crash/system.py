"""What the tests of crashes ask of the system that they break."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import Engine, text
from temporalio.client import Client

from integrations import temporal
from models.domain.order import OrderState
from tests.world import World, eventually
from workflows import names


def row(database: Engine, number: str) -> Any:
    with database.connect() as connection:
        return connection.execute(text("SELECT * FROM work_orders WHERE number = :number"), {"number": number}).one()


def snapshot(world: World, number: str) -> OrderState:
    """What the workflow itself says."""

    async def ask() -> OrderState:
        client: Client = await temporal.connect(world.settings)
        handle = client.get_workflow_handle(number)
        return await handle.query(names.SNAPSHOT, result_type=OrderState)

    return asyncio.run(ask())


def events_of(world: World, number: str) -> int:
    async def count() -> int:
        client = await temporal.connect(world.settings)
        return len((await client.get_workflow_handle(number).fetch_history()).events)

    return asyncio.run(count())


def agree(world: World, database: Engine, number: str) -> bool:
    """Row, tasks, timeline and workflow tell the same story."""
    said = snapshot(world, number)
    kept = row(database, number)
    with database.connect() as connection:
        tasks = connection.execute(
            text("SELECT id, holder_id, rank FROM tasks WHERE number = :number AND closed_at IS NULL"),
            {"number": number},
        ).all()
        newest = connection.execute(
            text("SELECT max(version) FROM timeline_events WHERE number = :number AND seq < 1000"), {"number": number}
        ).scalar_one()
    return (
        OrderState.model_validate(kept.state) == said
        and (kept.version, kept.stage, kept.assignee_id) == (said.version, said.stage, said.assignee)
        and {task.id: (task.holder_id, task.rank) for task in tasks}
        == {task.id: (task.holder, said.rank) for task in said.tasks.values()}
        and newest <= said.version
    )


def started(world: World, database: Engine, order: Any) -> str:
    """Wait until the engine has the order; answers its number."""
    number = str(order["number"])
    eventually(lambda: row(database, number).started_at, what="the workflow's start")
    return number


def answered(answer: Any) -> Any:
    return answer.json() if answer.status_code == 200 else None
