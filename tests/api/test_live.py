"""Server-sent events: each person hears of what they may see, within a second."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from queue import Empty, Queue

import httpx
import pytest
from sqlalchemy import text

from api.live import EVERYTHING, Change, Live
from api.routers import events
from models.domain.people import Actor, Role
from models.repositories import patrolling
from models.repositories.direct import Direct
from models.repositories.live import ORDERS_CHANNEL, STAFF_CHANNEL
from tests.api.conftest import Api, Caller
from tests.api.people import PASSWORD
from tests.api.test_rounds import tick, walked

pytestmark = pytest.mark.stack

CLERK = Actor(kind="staff", id="stf_clerk", roles=(Role.CLERK,), communities=("com_a",))
OTHER = Actor(kind="staff", id="stf_other", roles=(Role.CLERK,), communities=("com_a",))


def log_in(api: Api, account: str) -> Caller:
    """A session of their own, whose end ends nobody else's."""
    answer = api.http.post("/api/v1/staff/login", json={"account": account, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return Caller(api.http, "staff", answer.json()["token"])


class Ear:
    """Listens in a thread."""

    def __init__(self, api: Api, caller: Caller, kind: str = "BX") -> None:
        self._kind = kind
        self.heard: Queue[str] = Queue()
        self.ended = threading.Event()
        self._ready = threading.Event()
        self._client = httpx.Client(base_url=api.stack.settings.api_url, timeout=httpx.Timeout(5, read=30))
        threading.Thread(target=self._listen, args=(caller,), daemon=True).start()
        assert self._ready.wait(5)

    def _listen(self, caller: Caller) -> None:
        path = f"/api/v1/{caller.side}/events"
        with (
            contextlib.suppress(httpx.HTTPError, httpx.StreamError),
            self._client.stream("GET", path, headers=caller.headers) as answer,
        ):
            self._ready.set()
            for line in answer.iter_lines():
                if self._client.is_closed:
                    return
                if line.startswith(f"data: {self._kind}"):
                    self.heard.put(line.removeprefix("data: "))
        self._client.close()
        self.ended.set()

    def hears(self, number: str, within: float = 2.0) -> bool:
        try:
            while True:
                if self.heard.get(timeout=within) == number:
                    return True
        except Empty:
            return False


def test_whoever_may_see_it_hears_of_it(api: Api) -> None:
    owner = api.owner()
    ears = {name: Ear(api, api.owner(name)) for name in ("owner", "family", "neighbour")}
    ears |= {account: Ear(api, api.staff(account)) for account in ("dispatcher", "b-dispatcher", "quality")}
    number = owner.report()["number"]
    assert {name for name in ("owner", "family", "dispatcher", "quality") if not ears[name].hears(number)} == set()
    assert not ears["neighbour"].hears(number, within=0.3)
    assert not ears["b-dispatcher"].hears(number, within=0.3)
    api.staff("dispatcher").complete(number, "assigned", staff="tech1")
    assert ears["owner"].hears(number)


def test_staff_hear_when_a_walk_begins_and_when_it_is_over(api: Api) -> None:
    ears = {account: Ear(api, api.staff(account), "pat_") for account in ("tech1", "guard", "b-tech")}
    patrol = walked(api)
    assert {account for account, ear in ears.items() if ear.hears(patrol["id"], within=1.5)} == {"tech1", "guard"}
    tick(api.staff("tech1"), patrol, 1, result="ok")
    assert not ears["guard"].hears(patrol["id"], within=0.3), "it is not over yet"
    tick(api.staff("tech1"), patrol, 2, result="ok")
    assert ears["guard"].hears(patrol["id"])
    missed = walked(api)
    assert ears["guard"].hears(missed["id"])
    with api.engine.begin() as conn:
        patrolling.miss(conn, missed["id"], datetime.now(UTC))
    assert ears["guard"].hears(missed["id"])


@pytest.fixture
def scopes(api: Api) -> Iterator[Callable[[str, str], None]]:
    """Narrow a person to one building; undone afterwards."""

    def narrow(account: str, building: str) -> None:
        said = {"id": f"stf_{account}", "building": building}
        with api.engine.begin() as conn:
            conn.execute(text("UPDATE staff_scopes SET buildings = ARRAY[:building] WHERE staff_id = :id"), said)

    yield narrow
    with api.engine.begin() as conn:
        conn.execute(text("UPDATE staff_scopes SET buildings = '{}'"))


def test_staff_hear_only_of_their_own_buildings(api: Api, scopes: Callable[[str, str], None]) -> None:
    scopes("guard", "bld_a")
    scopes("guard2", "bld_elsewhere")
    ears = {account: Ear(api, api.staff(account)) for account in ("guard", "guard2")}
    number = api.owner().report()["number"]
    assert ears["guard"].hears(number)
    assert not ears["guard2"].hears(number, within=0.3)


async def test_a_stream_ends_so_that_its_listener_is_asked_again_who_they_are(api: Api) -> None:
    live = Live(api.stack.settings.database_url, Direct(api.stack.settings.database_url, 1))
    heard = asyncio.create_task(anext(events.changes_of(live, 0.2, staff=CLERK), None))
    await asyncio.sleep(0)
    assert await asyncio.wait_for(heard, 2) is None
    stream = events.changes_of(live, 0.2, staff=CLERK)
    first = asyncio.create_task(anext(stream))
    await asyncio.sleep(0.05)
    live._heard(None, 0, ORDERS_CHANNEL, "BX20261122-00001 com_a")
    assert await first == {"event": "change", "data": "BX20261122-00001"}
    assert await asyncio.wait_for(anext(stream, None), 2) is None


# -- whoever is not who they were --------------------------------------------------------------------------------------


@pytest.fixture
def restored(api: Api) -> Iterator[None]:
    yield
    with api.engine.begin() as conn:
        conn.execute(text("UPDATE departures SET rejoined_at = now() WHERE rejoined_at IS NULL"))
        conn.execute(text("UPDATE staff SET active = true, on_duty = true WHERE account IN ('guard', 'guard2')"))
    api._known.clear()


def log_out(api: Api, caller: Caller) -> None:
    assert api.http.post("/api/v1/staff/logout", headers=caller.headers).status_code == 204


def leave(api: Api, caller: Caller) -> None:
    api.staff("manager").act("/staff/people/guard/leave")


def move_away(api: Api, caller: Caller) -> None:
    elsewhere = {"roles": ["guard"], "team": "order", "scopes": [{"community_id": "com_a", "buildings": ["bld_a"]}]}
    answer = api.http.put("/api/v1/staff/people/guard", json=elsewhere, headers=api.staff("admin").headers)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("change", [log_out, leave, move_away])
@pytest.mark.usefixtures("restored", "scopes")
def test_whoever_logs_out_leaves_or_gets_another_scope_hears_no_more(
    api: Api, change: Callable[[Api, Caller], None]
) -> None:
    caller = log_in(api, "guard")
    ear, colleague = Ear(api, caller), Ear(api, log_in(api, "guard2"))
    change(api, caller)
    assert ear.ended.wait(2), "the stream ends within seconds"
    number = api.owner().report()["number"]
    assert colleague.hears(number), "nobody else's has ended"
    assert ear.heard.empty()
    assert not colleague.ended.is_set()


def test_a_page_of_the_console_is_told_once_more_and_then_no_more(api: Api) -> None:
    with httpx.Client(base_url=api.stack.settings.api_url, timeout=httpx.Timeout(5, read=5)) as desk:
        said = desk.post("/console/login", data={"account": "guard2", "password": PASSWORD})
        assert said.status_code == 303
        cookies = dict(desk.cookies)
        with desk.stream("GET", "/console/live") as stream:
            began = time.monotonic()
            httpx.post(f"{desk.base_url}/console/logout", cookies=cookies, timeout=5)
            told = [line for line in stream.iter_lines() if line.startswith("event: ")]
        assert told == ["event: changed"], "so that the page asks for itself, and is led to the login"
        assert time.monotonic() - began < 3


async def test_a_stream_that_opens_while_its_login_ends_is_no_way_around(api: Api) -> None:
    live = Live(api.stack.settings.database_url, Direct(api.stack.settings.database_url, 1))
    live._heard_of_staff(None, 0, STAFF_CHANNEL, CLERK.id)
    async with live.subscribe(staff=CLERK) as late, live.subscribe(staff=OTHER) as colleague:
        live._heard(None, 0, ORDERS_CHANNEL, "BX20261122-00001 com_a")
        assert [change async for change in late] == []
        assert (await asyncio.wait_for(anext(colleague), 2)).number == "BX20261122-00001"


async def test_after_a_gap_in_listening_staff_are_asked_again_who_they_are(api: Api) -> None:
    live = Live(api.stack.settings.database_url, Direct(api.stack.settings.database_url, 1))
    async with live.subscribe(staff=CLERK) as of_staff, live.subscribe(resident_id="res_owner") as of_owner:
        live._heard(None, 0, ORDERS_CHANNEL, "BX20261122-00001 com_a")
        live._listening_again()
        of_staff.tell(Change("BX20261122-00002", "com_a"))
        heard = [change async for change in of_staff]
        assert heard == [EVERYTHING], "an order number that waited may be none of their business by now"
        assert await asyncio.wait_for(anext(of_owner), 2) == EVERYTHING
