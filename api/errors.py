"""Every refusal and outage as `application/problem+json` (RFC 9457), and what OpenAPI says about them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import asyncpg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from api import wording
from api.json_answer import JsonAnswer
from api.request_id import request_id_of
from models.domain import faults
from models.domain.errors import LEAVES, RateLimited, Unauthenticated, Unavailable, ValidationFailed, WuyouError
from models.domain.lifecycles import LIFECYCLES

MEDIA_TYPE: Final = "application/problem+json"
TYPE: Final = "urn:wuyou:problem:"

OUR_MISTAKES: Final = (
    IntegrityError,
    ProgrammingError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.SyntaxOrAccessError,
)
"""What Postgres says about a statement of ours; everything else it raises means that it is not well."""

DATA_EXCEPTION: Final = "22"
"""SQLSTATE class of values that Postgres cannot hold, such as a NUL in a text: the caller's mistake."""

UNREADABLE_BODY: Final = 400
"""FastAPI answers it for bytes that are no text, and for nothing else."""

NO_JSON: Final = {"type": "json_invalid", "loc": ("body",), "msg": "JSON decode error"}

_log = logging.getLogger(__name__)


class FieldError(BaseModel):
    field: str = Field(examples=["description"])
    message: str = Field(examples=["至少 5 个字"])
    type: str | None = None


class Problem(BaseModel):
    """Refusals and outages. `code` is for programs, `detail` is Chinese and for people."""

    type: str = Field(examples=["urn:wuyou:problem:task_not_open"])
    title: str = Field(examples=["Task not open"])
    status: int = Field(examples=[409])
    code: str = Field(examples=["task_not_open"])
    detail: str = Field(examples=["任务已结束或已被撤回，请刷新"])
    errors: list[FieldError] | None = Field(default=None, description="The wrong fields, for `validation_failed`.")
    outcome: str | None = Field(
        default=None, description="`unknown` with a 503: the command may still happen; the same key tells later."
    )
    request_id: str = Field(examples=["req_7h2k9m"])


def problem(error: WuyouError, request_id: str) -> dict[str, Any]:
    """The body of the answer."""
    body: dict[str, Any] = {
        "type": TYPE + error.code,
        "title": error.code.replace("_", " ").capitalize(),
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "request_id": request_id,
    }
    if error.reason != error.code:
        body["reason"] = error.reason
    if isinstance(error, ValidationFailed):
        body["errors"] = error.errors
    if isinstance(error, Unavailable):
        body["outcome"] = "unknown"
    return body


def answer(request: Request, error: WuyouError) -> Response:
    headers: dict[str, str] = {}
    if isinstance(error, Unavailable | RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    body = problem(error, request_id_of(request))
    return JsonAnswer(body, status_code=error.status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """One handler per family; whatever is not listed is a bug, logged with its request's id and answered as a 500."""
    for family, handler in HANDLERS.items():
        app.add_exception_handler(family, handler)
    app.add_exception_handler(Exception, _bug)


async def answer_to(request: Request, error: Exception) -> Response:
    """What the handlers of the application answer to this error."""
    handler = next((HANDLERS[family] for family in type(error).__mro__ if family in HANDLERS), _bug)
    return await handler(request, error)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, WuyouError)  # noqa: S101 - registered for this class
    if isinstance(error, Unavailable):
        _log.warning("%s answered 503 %s", request.url.path, error.reason)
    return answer(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    return answer(request, ValidationFailed(errors=[_field(item) for item in error.errors()]))


def _field(item: dict[str, Any]) -> dict[str, str]:
    """`body.` is left out: callers know fields by their names in what they sent. What they typed is not repeated."""
    if item["type"] == NO_JSON["type"]:
        # Where it breaks off, nobody has to know.
        item = NO_JSON
    where = [str(part) for part in item["loc"]]
    if len(where) > 1 and where[0] in ("body", "query", "path", "header"):
        where = where[1:]
    if len(where) > 1 and where[0] in LIFECYCLES:
        # The kind of order by which one of several bodies was chosen.
        where = where[1:]
    return {"field": ".".join(where), "message": faults.in_words(item), "type": item["type"]}


async def _http(request: Request, error: Exception) -> Response:
    """Unknown paths and methods, in the same shape as everything else."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    if error.status_code == UNREADABLE_BODY:
        return answer(request, ValidationFailed(errors=[_field(NO_JSON)]))
    phrase = HTTPStatus(error.status_code).phrase
    body = {
        "type": "about:blank",
        "title": phrase,
        "status": error.status_code,
        "code": phrase.lower().replace(" ", "_"),
        "detail": wording.STATUSES.get(error.status_code, wording.REFUSED),
        "request_id": request_id_of(request),
    }
    return JsonAnswer(body, status_code=error.status_code, headers=error.headers, media_type=MEDIA_TYPE)


async def _outage(request: Request, error: Exception) -> Response:
    if isinstance(error, OUR_MISTAKES):
        return await _bug(request, error)
    if str(getattr(getattr(error, "orig", error), "sqlstate", "")).startswith(DATA_EXCEPTION):
        return answer(request, ValidationFailed())
    _log.warning("%s answered 503: %s", request.url.path, type(error).__name__)
    return answer(request, Unavailable())


async def _bug(request: Request, error: Exception) -> Response:
    _log.error("request %s failed", request_id_of(request), exc_info=error)
    body = {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "code": "internal_server_error",
        "detail": "服务器内部错误，请联系管理员并告知请求编号",
        "request_id": request_id_of(request),
    }
    return JsonAnswer(body, status_code=500, media_type=MEDIA_TYPE)


OUTAGES: Final = (
    *(DBAPIError, PoolTimeout, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError),
    # A connection that Postgres ended while it was idle; SQLAlchemy knows no name for it.
    asyncpg.InternalClientError,
)

HANDLERS: Final[Mapping[type, Callable[[Request, Exception], Coroutine[Any, Any, Response]]]] = {
    WuyouError: _refused,
    RequestValidationError: _invalid,
    HTTPException: _http,
    **dict.fromkeys(OUTAGES, _outage),
}


# -- for OpenAPI ------------------------------------------------------------------------------------------------------


def responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route: one entry per HTTP status, with one example per code."""
    answers: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        leaf = LEAVES[code]
        entry = answers.setdefault(
            leaf.status,
            {
                "model": Problem,
                "description": HTTPStatus(leaf.status).phrase,
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
            },
        )
        entry["content"][MEDIA_TYPE]["examples"][code] = {"value": problem(leaf(), "req_7h2k9m")}
        if leaf in (RateLimited, Unavailable):
            entry["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    return answers


ALWAYS: Final = ("validation_failed", "unavailable")
READING: Final = (*ALWAYS, "unauthenticated", "forbidden", "not_found")
FILING: Final = (*READING, "not_bound", "rate_limited", "idempotency_key_reused")
ACTING: Final = (
    *READING,
    "illegal_transition",
    "task_not_open",
    "task_held_by_other",
    "four_eyes",
    "rate_limited",
    "idempotency_key_reused",
)


def only_problem_json(schema: dict[str, Any], codes: Iterable[str] = ()) -> dict[str, Any]:
    """Errors are never `application/json`: drop the entry that FastAPI adds beside ours."""
    for path in schema.get("paths", {}).values():
        for operation in path.values():
            for response in operation.get("responses", {}).values():
                content = response.get("content", {})
                if MEDIA_TYPE in content:
                    content.pop("application/json", None)
    return schema
