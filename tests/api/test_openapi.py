"""The OpenAPI document: every answer, every error, with examples, and true to what is answered."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from api import shapes
from api.app import create_app, served
from api.body_limit import MOST_BYTES
from api.errors import MEDIA_TYPE
from api.model_examples import MODEL_EXAMPLES
from models.domain.errors import LEAVES
from tests.api.conftest import Api, refused

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


def shown(document: Any, part: Any, passed: tuple[str, ...] = ()) -> bool:
    """Whether this part of the document, or what it refers to, has an example."""
    if isinstance(part, list):
        return any(shown(document, item, passed) for item in part)
    if not isinstance(part, dict):
        return False
    model = str(part.get("$ref", "")).rpartition("/")[2]
    if model and model not in passed and shown(document, document["components"]["schemas"][model], (*passed, model)):
        return True
    return bool(part.keys() & {"example", "examples"}) or any(shown(document, item, passed) for item in part.values())


def test_everything_sent_and_answered_has_an_example(document: Any) -> None:
    bare = [
        (path, method, what)
        for path, method, operation in operations(document)
        for what, said in [*operation["responses"].items(), ("body", operation.get("requestBody", {}))]
        if said.get("content") and not path.startswith("/wechat") and not shown(document, said)
    ]
    assert bare == []


@pytest.mark.parametrize("name", MODEL_EXAMPLES)
def test_an_example_fits_its_model(document: Any, name: str) -> None:
    model, example = document["components"]["schemas"][name], MODEL_EXAMPLES[name]
    assert set(model.get("required", ())) <= example.keys()
    if model.get("additionalProperties") is False:
        assert example.keys() <= model.get("properties", {}).keys()
    for field, value in example.items():
        allowed = model["properties"][field].get("enum") if field in model.get("properties", {}) else None
        assert allowed is None or value in allowed


def test_creating_and_acting_needs_a_key(document: Any) -> None:
    """But for logging in and out, for what is by nature the same when done twice, and for looking."""
    by_nature = (
        "/login",
        "/logout",
        "/read",
        "/subscriptions",
        "/photos/{photo_id}/complete",
        "/wechat/push",
        "/plates-left",
        "/search",
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
    assert refused(answer, 404, "not_found")["detail"] == "没有这个地址"
    assert refused(api.http.put("/api/v1/owner/me"), 405, "method_not_allowed")["detail"] == "这个地址不支持此操作"
    assert (
        api.http.get("/healthz", headers={"x-request-id": "chosen-by-proxy"}).headers["x-request-id"]
        == "chosen-by-proxy"
    )
    assert api.http.get("/healthz", headers={"x-request-id": "bad id\\"}).headers["x-request-id"].startswith("req_")
    broken = api.http.post("/api/v1/owner/login", content=b"{", headers={"content-type": "application/json"})
    assert [error["field"] for error in refused(broken, 422, "validation_failed")["errors"]] == ["body"]


@pytest.mark.parametrize("path", ["/api/v1/owner/login", "/api/v1/owner/repairs", "/console/login"])
def test_a_body_without_an_end_is_refused(api: Api, path: str) -> None:
    """Told beforehand or not how much comes; on FastAPI's own routes, on express ones and in the console."""
    kind = "application/x-www-form-urlencoded" if path.startswith("/console") else "application/json"
    headers = api.owner().headers | {"content-type": kind, "Idempotency-Key": "k" * 20}
    for content in (b"x" * (MOST_BYTES + 1), (b"x" * 65_536 for _ in range(17))):
        answer = api.http.post(path, content=content, headers=headers)
        if path.startswith("/console"):
            assert (answer.status_code, "提交的内容过大" in answer.text) == (422, True)
        else:
            assert refused(answer, 413, "request_entity_too_large")["detail"] == "提交的内容过大"


def test_a_bug_of_ours_is_a_problem_too(api: Api) -> None:
    async def broken() -> None:
        raise KeyError("a secret of ours")

    app = create_app(api.stack.settings)
    app.add_api_route("/broken", broken)
    with TestClient(served(app), raise_server_exceptions=False) as client:
        assert "secret" not in str(refused(client.get("/broken"), 500, "internal_server_error"))
