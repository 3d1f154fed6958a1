"""What of the bench is not a measurement: its client, its stopwatch and its tables. No figure is ever asserted."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bench.__main__ import choice, parser
from bench.client import BrokenAnswer, Line, get, post
from bench.measuring import Measurement, Stopwatch, measure, percentile
from bench.reads import read
from bench.report import Aim, Report, as_json, as_text, number, table
from bench.seed import closed_state
from devstack.errors import StackError
from models.domain.order import OrderState


@asynccontextmanager
async def server(*answers: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Gives these answers in turn, the last one for ever; yields its port and the heads it was sent."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not reader.at_eof():
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            length = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length")]
            heard.append(head + await reader.readexactly(sum(length)))
            answer = answers[min(len(heard), len(answers)) - 1]
            writer.write(answer)
            if not answer or b"connection: close" in answer:
                break
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1], heard


OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nContent-Length: 8\r\n\r\n" + b'{"a": 1}'
REFUSED = b"HTTP/1.1 409 Conflict\r\ncontent-length: 2\r\n\r\n{}"
LAST = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
NOTHING = b"HTTP/1.1 204 No Content\r\n\r\n"


async def test_one_line_serves_many_requests() -> None:
    async with server(OK, REFUSED, NOTHING, OK) as (port, heard), Line("127.0.0.1", port) as line:
        assert await line.send(get("/a?b=1", "t0ken")) == 200
        assert json.loads(line.body) == {"a": 1}
        assert await line.send(post("/c", {"词": 1}, "t0ken").with_key("k1")) == 409
        assert await line.send(get("/")) == 204
        assert await line.json(get("/")) == {"a": 1}
    assert heard[0] == b"GET /a?b=1 HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer t0ken\r\n\r\n"
    head, body = heard[1].split(b"\r\n\r\n", 1)
    assert head.startswith(b"POST /c HTTP/1.1")
    assert b"\r\nIdempotency-Key: k1\r\n" in head
    assert json.loads(body) == {"词": 1}
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"Authorization" not in heard[2]


async def test_a_closed_line_is_opened_again() -> None:
    async with server(LAST, b"", OK) as (port, heard), Line("127.0.0.1", port) as line:
        assert await line.send(get("/1")) == 200
        with pytest.raises(BrokenAnswer):
            await line.send(get("/2"))
        assert await line.send(get("/3")) == 200
        assert len(heard) == 3


async def test_what_cannot_be_read_or_was_refused_is_told() -> None:
    async with server(CHUNKED, REFUSED) as (port, _), Line("127.0.0.1", port) as line:
        with pytest.raises(BrokenAnswer, match="without a length"):
            await line.send(get("/"))
        with pytest.raises(BrokenAnswer, match="409"):
            await line.json(get("/x"))


async def test_a_crowd_is_counted_and_its_failures_apart() -> None:
    async with server(REFUSED, OK) as (port, heard):
        shown = await read("reading", "127.0.0.1", port, [get("/")], clients=3, seconds=0.2)
    assert (shown.name, shown.clients, shown.failed) == ("reading", 3, 1)
    assert 0 < shown.rate * 0.2 <= len(heard)
    assert 0 < shown.p50_ms <= shown.p99_ms
    assert 0 < shown.cpu_ms < 1000
    assert 0 <= shown.elsewhere <= 1


async def test_nothing_left_to_do_ends_a_measurement_early() -> None:
    async def work(number: int, watch: Stopwatch) -> None:
        await asyncio.sleep(0.02)
        watch.note(time.perf_counter() - 0.02)
        watch.stop()

    begun = time.perf_counter()
    shown = await measure("short", 2, 0.05, work)
    assert time.perf_counter() - begun < 1
    assert shown.rate > 0


async def test_an_error_of_one_client_ends_the_measurement() -> None:
    async def work(number: int, watch: Stopwatch) -> None:
        raise ConnectionError("gone")

    with pytest.raises(ExceptionGroup) as caught:
        await measure("broken", 2, 5, work)
    assert caught.group_contains(ConnectionError)


def test_percentiles() -> None:
    hundred = [float(value) for value in range(1, 101)]
    assert (percentile(hundred, 0.5), percentile(hundred, 0.99), percentile([], 0.5)) == (51.0, 100.0, 0.0)


def report() -> Report:
    made = Report(machine={"processors": 2}, facts={"history events of a plain repair": 51})
    made.add(Measurement("bare insert", 16, 2000.0, 1.0, 2.0, cpu_ms=0.2))
    made.add(Measurement("create", 16, 1500.0, 10.0, 20.0, failed=3, cpu_ms=0.8, elsewhere=0.4), "bare insert")
    made.add(Measurement("create", 64, 1400.0, 40.0, 80.0), "bare insert")
    made.aims.append(Aim("create per second", 1500, 1500.0))
    made.aims.append(Aim("events", 65, 66, at_most=True))
    return made


def test_every_rate_stands_beside_its_yardstick_at_the_same_number_of_clients() -> None:
    made = report()
    assert [made.ratio(shown) for shown in made.measured] == [None, 0.75, None]
    lines = as_text(made).splitlines()
    (create,) = [line for line in lines if line.startswith("create ") and " 16 " in line]
    assert (
        create.split()
        == "create 16 1 500 10.0 20.0 0.80 bare insert 0.75 0.25 3 FAILED, 40% of the machine used by others".split()
    )
    assert [made.cost_ratio(shown) for shown in made.measured] == [None, 0.25, None]
    assert [line.split()[-1] for line in lines[-2:]] == ["met", "MISSED"]


def test_the_same_as_json() -> None:
    said = json.loads(json.dumps(as_json(report())))
    assert said["measured"][1] | {"ratio": 0.75, "yardstick": "bare insert", "failed": 3} == said["measured"][1]
    assert [aim["met"] for aim in said["aims"]] == [True, False]
    assert said["facts"] == {"history events of a plain repair": 51}


def test_columns_are_as_wide_as_their_widest_entry() -> None:
    assert table(("what", "n"), [("a", "5"), ("longer", "1 234")]).splitlines() == [
        "what    n",
        "------  -----",
        "a           5",
        "longer  1 234",
    ]
    assert [number(value) for value in (12582.4, 138.44, 0.834)] == ["12 582", "138.4", "0.83"]


def test_what_was_asked_for() -> None:
    usual, quick = choice(parser().parse_args([])), choice(parser().parse_args(["--quick", "--seconds", "2"]))
    assert usual.clients == (1, 16, 64)
    assert quick.seconds == 2
    assert "unthrottled" in usual.groups
    assert "unthrottled" not in quick.groups
    assert quick.orders < usual.orders == 35_000
    assert (quick.standing, usual.standing) == (300, 20_000)
    assert choice(parser().parse_args(["--quick", "--only", "open", "--open", "40"])).standing == 40
    assert choice(parser().parse_args(["--only", "reads,create", "--clients", "4"])).clients == (4,)
    with pytest.raises(StackError, match="no group called nonsense"):
        choice(parser().parse_args(["--only", "nonsense"]))


def test_seeded_orders_are_orders() -> None:
    state = OrderState.model_validate(closed_state())
    assert (state.stage, state.open, state.tasks, state.next_alarm) == ("closed", False, {}, None)
