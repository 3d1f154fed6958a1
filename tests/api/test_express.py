"""The routes that are answered without FastAPI's machinery refuse exactly what FastAPI refuses, in the same words."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from api.app import EXPRESS, create_app, served
from api.express import Express
from api.request_id import RequestId
from tests.api.conftest import Api

pytestmark = pytest.mark.stack

OWNER, STAFF = "/api/v1/owner", "/api/v1/staff"
WRONG: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", f"{OWNER}/work-orders?limit=many&open=perhaps", {}),
    ("GET", f"{OWNER}/work-orders?limit=0&cursor=forged", {}),
    ("GET", f"{OWNER}/work-orders?cursor=forged", {}),
    ("GET", f"{OWNER}/work-orders?kind={'k' * 21}", {}),
    ("GET", f"{OWNER}/work-orders", {"headers": {"Authorization": "Bearer nonsense"}}),
    ("GET", f"{OWNER}/work-orders", {"headers": {"Authorization": "Basic nonsense"}}),
    ("GET", f"{OWNER}/work-orders/BX20990101-00001", {}),
    ("GET", f"{OWNER}/work-orders/", {}),
    ("GET", f"{STAFF}/tasks?box=theirs", {}),
    ("GET", f"{STAFF}/work-orders?overdue=2&q={'q' * 61}", {}),
    ("PUT", f"{OWNER}/work-orders", {}),
    ("POST", f"{OWNER}/repairs", {"json": {}}),
    ("POST", f"{OWNER}/repairs", {"json": {"category": 3, "more": 1}, "headers": {"Idempotency-Key": ""}}),
    ("POST", f"{OWNER}/repairs", {"json": [], "headers": {"Idempotency-Key": "k" * 201}}),
    ("POST", f"{OWNER}/repairs", {"content": b'{"category": '}),
    ("POST", f"{OWNER}/repairs", {"content": b'{"category": "\xff"}'}),
    ("POST", f"{OWNER}/repairs", {"content": b"[" * 100_000}),
    ("POST", f"{OWNER}/repairs", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}),
    ("POST", f"{OWNER}/repairs", {}),
    ("POST", f"{OWNER}/repairs", {"content": b"null"}),
    ("POST", f"{OWNER}/tasks/BX20990101-00001.1/complete", {}),
    ("POST", f"{OWNER}/tasks//complete", {}),
    ("POST", f"{OWNER}/tasks/BX20990101-00001.1/complete", {"json": {"outcome": "fixed"}}),
    ("POST", f"{OWNER}/work-orders/BX20990101-00001/rate", {"json": {"result": 9}}),
    ("POST", f"{STAFF}/tasks/BX20990101-00001.1/claim", {}),
    ("POST", f"{STAFF}/tasks/BX20990101-00001.1/claim", {"headers": {"Idempotency-Key": "k"}}),
    ("POST", f"{STAFF}/tasks/BX20990101-00001.1/claim", {"headers": {"Idempotency-Key": "k"}, "content": b"null"}),
    ("POST", f"{STAFF}/tasks/BX20990101-00001.1/claim", {"headers": {"Idempotency-Key": "k"}, "json": {"more": 1}}),
    ("POST", f"{STAFF}/tasks/no-task/complete", {"headers": {"Idempotency-Key": "k"}, "json": {"outcome": "done"}}),
    ("POST", f"{STAFF}/tasks/BX20990101-00001.1/more/complete", {}),
]


@pytest.fixture(scope="module")
def both(api: Api) -> Iterator[tuple[TestClient, TestClient]]:
    """The application as it is, and one whose routes FastAPI answers itself."""
    express = served(create_app(api.stack.settings))
    plain = RequestId(create_app(api.stack.settings))
    with TestClient(express) as first, TestClient(plain) as second:
        yield first, second


@pytest.mark.parametrize(("method", "path", "given"), WRONG)
def test_wrong_requests_hear_what_fastapi_says(
    api: Api, both: tuple[TestClient, TestClient], method: str, path: str, given: dict[str, Any]
) -> None:
    caller = api.owner() if path.startswith(OWNER) else api.staff("clerk")
    headers = {**caller.headers, "X-Request-Id": "the-same-one", **given.get("headers", {})}
    rest = {name: value for name, value in given.items() if name != "headers"}
    express, plain = (client.request(method, path, headers=headers, follow_redirects=False, **rest) for client in both)
    assert (express.status_code, express.content) == (plain.status_code, plain.content)
    assert 300 <= express.status_code < 500
    assert set(express.headers.items()) == set(plain.headers.items())


def test_right_requests_are_answered_alike(api: Api, both: tuple[TestClient, TestClient]) -> None:
    owner = api.owner()
    express, plain = both
    body = {"house_id": "hse_a1", "category": "water", "description": "厨房水龙头一直滴水。"}
    headers = {**owner.headers, "Idempotency-Key": uuid.uuid4().hex}
    filed = express.post(f"{OWNER}/repairs", headers=headers, json=body)
    again = plain.post(f"{OWNER}/repairs", headers=headers, json=body)
    assert (filed.status_code, filed.json()) == (again.status_code, again.json())
    assert filed.status_code == 201
    for path in ("work-orders?limit=1&open=true&kind=repair", f"work-orders/{filed.json()['number']}"):
        answers = [client.get(f"{OWNER}/{path}", headers=owner.headers) for client in both]
        assert answers[0].status_code == answers[1].status_code == 200
        assert answers[0].json().keys() == answers[1].json().keys()


def test_every_express_route_is_found() -> None:
    """A path that is not recognised would be answered just as well, only slowly."""
    express = Express(FastAPI(), EXPRESS)
    for prefix, router, functions in EXPRESS:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.endpoint in functions:
                path = re.sub(r"{\w+}", "some-name", prefix + route.path)
                for method in route.methods or ():
                    assert express.knows({"method": method, "path": path}), path


def test_a_route_that_does_not_exist_cannot_be_express() -> None:
    with pytest.raises(LookupError):
        Express(FastAPI(), [("/api", APIRouter(), EXPRESS[0][2])])
