"""The OpenAPI document: every answer, every error, with examples, and true to what is answered."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from api import shapes
from api.errors import MEDIA_TYPE
from models.domain.errors import LEAVES
from tests.api.conftest import Api

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def document(api: Api) -> Any:
    return api.http.get("/openapi.json").json()


def operations(document: Any) -> list[tuple[str, str, Any]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_code_is_listed_with_an_example(document: Any) -> None:
    listed = {
        example["value"]["code"]
        for _, _, operation in operations(document)
        for answer in operation["responses"].values()
        for example in answer.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}).values()
    }
    assert listed == set(LEAVES)


def test_errors_are_problems_and_nothing_else(document: Any) -> None:
    for path, _, operation in operations(document):
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and not path.startswith("/readyz"):
                assert list(answer["content"]) == [MEDIA_TYPE], (path, status)
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_every_success_has_a_schema(document: Any) -> None:
    bare = [
        (path, status)
        for path, _, operation in operations(document)
        for status, answer in operation["responses"].items()
        if int(status) < 300 and int(status) != 204 and not answer.get("content")
    ]
    assert bare == []


def test_creating_and_acting_needs_a_key(document: Any) -> None:
    """But for logging in and out, and for what is by nature the same when done twice."""
    by_nature = (
        "/login",
        "/logout",
        "/read",
        "/subscriptions",
        "/photos/{photo_id}/complete",
        "/wechat/push",
        "/plates-left",
    )
    for path, method, operation in operations(document):
        if method == "post" and not path.endswith(by_nature):
            headers = [item for item in operation.get("parameters", []) if item["in"] == "header" and item["required"]]
            assert [item["name"] for item in headers] == ["Idempotency-Key"], path


def test_answers_have_the_shape_that_is_promised(api: Api) -> None:
    owner, clerk = api.owner(), api.staff("clerk")
    order = owner.report()
    api.staff("dispatcher").complete(order["number"], "assigned", staff="tech1")
    checks: list[tuple[type[BaseModel], Any]] = [
        (shapes.Order, order),
        (shapes.Order, clerk.order(order["number"])),
        (shapes.OrderPage, owner.read("/owner/work-orders")),
        (shapes.OrderPage, clerk.read("/staff/work-orders")),
        (shapes.TaskPage, api.staff("tech1").read("/staff/tasks")),
        (shapes.Owner, owner.read("/owner/me")),
        (shapes.MessagePage, owner.read("/owner/messages")),
        (shapes.Catalog, owner.read("/owner/catalog")),
        (shapes.AssignableList, clerk.read("/staff/assignable", task=f"{order['number']}.1")),
        (shapes.Staff, clerk.read("/staff/me")),
    ]
    for shape, answer in checks:
        shape.model_validate(answer)


def test_unknown_addresses_are_problems_too(api: Api) -> None:
    answer = api.http.get("/api/v1/nowhere")
    assert (answer.status_code, answer.headers["content-type"]) == (404, MEDIA_TYPE)
    assert api.http.put("/api/v1/owner/me").status_code == 405
    assert (
        api.http.get("/healthz", headers={"x-request-id": "chosen-by-proxy"}).headers["x-request-id"]
        == "chosen-by-proxy"
    )
    assert api.http.get("/healthz", headers={"x-request-id": "bad id\\"}).headers["x-request-id"].startswith("req_")
    broken = api.http.post("/api/v1/owner/login", content=b"{", headers={"content-type": "application/json"})
    assert broken.json()["code"] == "validation_failed"
