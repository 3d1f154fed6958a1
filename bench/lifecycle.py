"""A whole repair over HTTP: dispatched, accepted, arrived, finished, confirmed, rated.

It is rehearsed once, slowly, to learn the ids of its tasks and what it leaves in Temporal's history.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from bench.client import BrokenAnswer, Line, get, post, refusal
from bench.filing import filings
from bench.measuring import Measurement, Stopwatch, measure
from bench.people import Tokens, technician

LOCAL_ACTIVITY: Final = "core_local_activity"
"""The name under which the SDK writes one into history."""

PATIENCE_SECONDS: Final = 20.0
POLL_SECONDS: Final = 0.1

FORMS: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("dispatcher", "assigned", {}),
    ("technician", "accepted", {}),
    ("technician", "arrived", {}),
    ("technician", "finished", {"report": "更换阀芯，已试水。", "photo_ids": []}),
    ("owner", "fixed", {}),
)
"""Who, which outcome, and the form; `assigned` gets the technician's account."""

RATING: Final = {"result": 5, "speed": 4, "manner": 5}
ACTIONS: Final = len(FORMS) + 1


@dataclass(frozen=True)
class Order:
    """A repair that waits to be dispatched. `turn` says whose it is and which technician gets it."""

    number: str
    turn: int


@dataclass(frozen=True)
class Rehearsal:
    """What one repair has shown."""

    serials: tuple[str, ...]
    """The part behind the dot of the id of each task that `FORMS` completes."""
    events: int
    local_activities: tuple[int, ...]
    """How many each action ran."""


class Cast:
    """The people of the play and the server they play on."""

    def __init__(self, host: str, port: int, tokens: Tokens) -> None:
        self.host, self.port, self._tokens = host, port, tokens
        self.filings = filings(tokens)
        self._filed = 0

    async def file(self, count: int) -> list[Order]:
        """So many new repairs."""
        orders = []
        async with Line(self.host, self.port) as line:
            for _ in range(count):
                turn = self._filed
                self._filed += 1
                request = self.filings[turn % len(self.filings)].with_key(uuid.uuid4().hex)
                orders.append(Order((await line.json(request))["number"], turn))
        return orders

    def token(self, who: str, order: Order) -> str:
        match who:
            case "owner":
                return self._tokens.owner(order.turn)
            case "dispatcher":
                return self._tokens.staff("bench-dispatcher")
            case _:
                return self._tokens.staff(technician(order.turn))

    def actions(self, order: Order, serials: tuple[str, ...]) -> list[bytes]:
        """The rendered requests of a whole repair."""
        key = uuid.uuid4().hex
        rendered = []
        for (who, outcome, form), serial in zip(FORMS, serials, strict=True):
            rendered.append(self._complete(order, who, outcome, form, serial).with_key(f"{key}-{outcome}"))
        path = f"/api/v1/owner/work-orders/{order.number}/rate"
        rendered.append(post(path, RATING, self.token("owner", order)).with_key(f"{key}-rate"))
        return rendered

    def _complete(self, order: Order, who: str, outcome: str, form: dict[str, Any], serial: str) -> Any:
        side = "owner" if who == "owner" else "staff"
        said = form | ({"staff": technician(order.turn)} if outcome == "assigned" else {})
        path = f"/api/v1/{side}/tasks/{order.number}.{serial}/complete"
        return post(path, {"outcome": outcome, "form": said}, self.token(who, order))

    async def rehearse(self, client: Client) -> Rehearsal:
        """One repair, each step looked up before it is taken."""
        (order,) = await self.file(1)
        serials = []
        async with Line(self.host, self.port) as line:
            for who, outcome, form in FORMS:
                serial = await self._serial_of(line, order, who, outcome)
                serials.append(serial)
                await line.json(self._complete(order, who, outcome, form, serial).with_key(uuid.uuid4().hex))
            await line.json(self.actions(order, tuple(serials))[-1])
        events, local_activities = await _history(client, order.number)
        return Rehearsal(tuple(serials), events, local_activities)

    async def _serial_of(self, line: Line, order: Order, who: str, outcome: str) -> str:
        side = "owner" if who == "owner" else "staff"
        path = f"/api/v1/{side}/work-orders/{order.number}"
        for task in (await line.json(get(path, self.token(who, order))))["tasks"]:
            if outcome in [possible["outcome"] for possible in task["outcomes"]]:
                return str(task["id"]).rpartition(".")[2]
        raise BrokenAnswer(f"{who} has no task with the outcome {outcome}")


async def _history(client: Client, number: str) -> tuple[int, tuple[int, ...]]:
    """How many events the ended workflow has left, and how many local activities followed each Update.

    Raises:
        TimeoutError: it does not end.
    """
    handle = client.get_workflow_handle(number)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await handle.describe()).close_time is None:  # noqa: ASYNC110 - it ends in another process
            await asyncio.sleep(POLL_SECONDS)
    events, local_activities = 0, list[int]()
    async for event in handle.fetch_history_events():
        events += 1
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
            local_activities.append(0)
        elif event.marker_recorded_event_attributes.marker_name == LOCAL_ACTIVITY and local_activities:
            local_activities[-1] += 1
    return events, tuple(local_activities)


async def play(
    name: str, cast: Cast, rehearsal: Rehearsal, orders: deque[Order], clients: int, seconds: float
) -> Measurement:
    """Actions per second on orders whose workflows run already; each client carries one order after the other to its
    end."""

    async def work(number: int, watch: Stopwatch) -> None:
        async with Line(cast.host, cast.port) as line:
            while watch.running and orders:
                for request in cast.actions(orders.popleft(), rehearsal.serials):
                    if not watch.running or not await _act(line, request, watch):
                        break
        watch.stop()

    return await measure(name, clients, seconds, work)


async def _act(line: Line, request: bytes, watch: Stopwatch) -> bool:
    started = time.perf_counter()
    try:
        status = await line.send(request)
        reason = "" if status == 200 else refusal(status, line.body)
    except BrokenAnswer as error:
        status, reason = 0, f"broken: {error}"
    watch.note(started, status == 200, reason)
    return status == 200
