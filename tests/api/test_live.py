"""Server-sent events: each person hears of what they may see, within a second."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from queue import Empty, Queue

import httpx
import pytest
from sqlalchemy import text

from api.live import Change, Live
from api.routers import events
from models.domain.people import Actor, Role
from models.repositories.direct import Direct
from tests.api.conftest import Api, Caller

pytestmark = pytest.mark.stack

CLERK = Actor(kind="staff", id="stf_clerk", roles=(Role.CLERK,), communities=("com_a",))


class Ear:
    """Listens in a thread."""

    def __init__(self, api: Api, caller: Caller, kind: str = "BX") -> None:
        self._kind = kind
        self.heard: Queue[str] = Queue()
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
    live._tell_all(Change("BX20261122-00001", "com_a"))
    assert await first == {"event": "change", "data": "BX20261122-00001"}
    assert await asyncio.wait_for(anext(stream, None), 2) is None
