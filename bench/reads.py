"""What people look at most, over HTTP: their list, one order, the staff's list and inbox."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from bench.client import BrokenAnswer, Line, get
from bench.measuring import Measurement, Stopwatch, measure
from bench.people import COLLECTOR, OWNERS, Tokens, owner_id
from bench.seed import SPREAD

DIFFERENT: Final = 200
"""So many different requests take turns, so that no cache answers for the product."""

READS: Final[Mapping[str, str]] = {
    "my list": "bare select of 20",
    "my list, one owner's 35 000": "bare select of 20",
    "detail": "bare select of 1",
    "staff list": "bare select of 20",
    "inbox": "bare select of 20",
}
"""What is read → what it is held against."""


def reporters() -> list[str]:
    """Whose orders the bare select lists."""
    return [owner_id(number) for number in range(DIFFERENT)]


def numbers(orders: int) -> list[str]:
    """Which orders the bare select reads."""
    return [f"{SPREAD}{number:06d}" for number in range(1, min(orders, DIFFERENT) + 1)]


def requests(tokens: Tokens, orders: int) -> dict[str, list[bytes]]:
    """Rendered requests for each of `READS`."""
    mine, one, all_of_them = "/api/v1/owner/work-orders?limit=20", "/api/v1/owner/work-orders/", "limit=20"
    collector = tokens.resident(COLLECTOR)
    staff = tokens.staff("bench-dispatcher")
    return {
        "my list": [get(mine, tokens.owner(number)) for number in range(DIFFERENT)],
        "my list, one owner's 35 000": [get(mine, collector)],
        "detail": [
            get(f"{one}{number}", tokens.owner(int(number.removeprefix(SPREAD)) % OWNERS)) for number in numbers(orders)
        ],
        "staff list": [get(f"/api/v1/staff/work-orders?{all_of_them}", staff)],
        "inbox": [get(f"/api/v1/staff/tasks?box=pool&{all_of_them}", staff)],
    }


async def read(name: str, host: str, port: int, turns: Sequence[bytes], clients: int, seconds: float) -> Measurement:
    """The requests of one kind, each client beginning with another of them."""

    async def work(number: int, watch: Stopwatch) -> None:
        async with Line(host, port) as line:
            turn = number
            while watch.running:
                started = time.perf_counter()
                turn += clients
                try:
                    status = await line.send(turns[turn % len(turns)])
                except BrokenAnswer:
                    status = 0
                watch.note(started, status == 200)

    return await measure(name, clients, seconds, work)
