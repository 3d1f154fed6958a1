"""The API on the real stack, without demo data: one server for all tests, and people of our own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from devstack.stack import Stack
from models.repositories.engines import sync_engine
from tests.api.people import PASSWORD, move_in
from tests.world import outcomes_of

PARTS = ("postgres", "temporal", "storage", "wechat", "migrations", "worker", "api")


class Caller:
    """Somebody with a token; each act carries a fresh idempotency key unless one is given."""

    def __init__(self, http: httpx.Client, side: str, token: str | None) -> None:
        self.http, self.side = http, side
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(f"/api/v1{path}", headers=self.headers, params=query)

    def read(self, path: str, **query: Any) -> Any:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def read_all(self, path: str, **query: Any) -> list[Any]:
        """Of every page: what other tests have filed fills the first ones."""
        items: list[Any] = []
        while True:
            page = self.read(path, limit=100, **query)
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            query["cursor"] = page["next_cursor"]

    def post(self, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
        headers = {**self.headers, "Idempotency-Key": key or uuid.uuid4().hex}
        return self.http.post(f"/api/v1{path}", headers=headers, json={} if body is None else body)

    def act(self, path: str, body: Any = None, key: str | None = None) -> Any:
        answer = self.post(path, body, key)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def order(self, number: str) -> Any:
        return self.read(f"/{self.side}/work-orders/{number}")

    def report(self, house: str = "hse_a1", **changes: Any) -> Any:
        return self.act("/owner/repairs", report(house, **changes))

    def complete(self, number: str, outcome: str, **form: Any) -> httpx.Response:
        """Complete the order's one task that has this outcome; the answer may be a refusal."""
        fitting = [task["id"] for task in self.order(number)["tasks"] if outcome in outcomes_of(task)]
        assert fitting, f"no task with {outcome}"
        return self.post(f"/{self.side}/tasks/{fitting[0]}/complete", {"outcome": outcome, "form": form})


def report(house: str = "hse_a1", **changes: Any) -> dict[str, Any]:
    return {"house_id": house, "category": "water", "description": "厨房水龙头一直滴水。", **changes}


class Api:
    """The running API and everybody who may call it."""

    def __init__(self, stack: Stack, engine: Engine) -> None:
        self.stack, self.engine = stack, engine
        self.http = httpx.Client(base_url=stack.settings.api_url, timeout=15)
        self.wechat = httpx.Client(base_url=stack.settings.wechat_url, timeout=15)
        self._known: dict[tuple[str, str], Caller] = {}

    def owner(self, name: str = "owner") -> Caller:
        if ("owner", name) not in self._known:
            code = self.wechat.get("/_emulator/login-code", params={"openid": f"api-{name}"}).json()["code"]
            token = self.http.post("/api/v1/owner/login", json={"code": code}).json()["token"]
            self._known["owner", name] = Caller(self.http, "owner", token)
        return self._known["owner", name]

    def staff(self, account: str) -> Caller:
        if ("staff", account) not in self._known:
            answer = self.http.post("/api/v1/staff/login", json={"account": account, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            self._known["staff", account] = Caller(self.http, "staff", answer.json()["token"])
        return self._known["staff", account]

    @property
    def nobody(self) -> Caller:
        return Caller(self.http, "owner", None)


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with Stack(tmp_path_factory.mktemp("api") / "home", parts=PARTS) as stack:
        engine = sync_engine(stack.settings.database_url, pool_size=2)
        move_in(engine, stack.settings)
        api = Api(stack, engine)
        yield api
        api.http.close()
        api.wechat.close()
        engine.dispose()


def problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem in an answer, whose shape is checked on the way."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body: dict[str, Any] = json.loads(answer.content)
    assert {"type", "title", "status", "code", "detail", "request_id"} <= body.keys()
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    body = problem(answer)
    assert (body["status"], body["code"]) == (status, code), body
    return body
