"""The few routes that people use most, answered without FastAPI's machinery.

FastAPI spends about a millisecond of processor time on each request before a route begins: telemetry, five layers of
middleware, included routers, exit stacks, a solver that looks at every parameter anew. An express route is an ordinary
documented route of FastAPI; only what its function asks for is worked out once, at the start. It is read from FastAPI's
own description of the function, so that the OpenAPI document, the checks and their errors stay one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_origin

import orjson
from fastapi import APIRouter, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api import errors

Call = Callable[..., Awaitable[Any]]
Values = dict[str, Any]
NOTHING_SENT: Final[Mapping[str, str]] = {}
SEVERAL: Final = (list, tuple, set, frozenset)
UNREADABLE: Final = (json.JSONDecodeError, UnicodeDecodeError, RecursionError)
"""What `json` says about bytes that are none: a broken text, a broken letter, ten thousand brackets."""

JSON_BODY: Final = re.compile(r"application/([^;\s]+\+)?json\s*(;|$)", re.IGNORECASE)


@dataclass(frozen=True)
class _Parameter:
    """One parameter of the path, the query or the head of a request."""

    field: Any
    name: str
    alias: str
    where: tuple[str, str]
    """As errors name it: `("query", "limit")`."""
    required: bool
    default: Any

    @classmethod
    def of(cls, field: Any) -> _Parameter:
        """Raises TypeError for a parameter that takes several values."""
        if get_origin(field.field_info.annotation) in SEVERAL:
            raise TypeError(f"{field.name} takes several values, an express route gives one")
        required = field.field_info.is_required()
        default = None if required else field.get_default()
        return cls(field, field.name, field.alias, (field.field_info.in_.value, field.alias), required, default)

    def take(self, given: Mapping[str, str], found: Values, wrong: list[Any]) -> None:
        """What was sent is checked as FastAPI checks it, without its search for other names and other shapes."""
        sent = given.get(self.alias)
        if sent is not None:
            found[self.name], errors_ = self.field.validate(sent, loc=self.where)
            wrong.extend(errors_)
        elif self.required:
            wrong.append({"type": "missing", "loc": self.where, "msg": "Field required", "input": None})
        else:
            found[self.name] = self.default


@dataclass(frozen=True)
class _Wants:
    """What one function asks for: the request, parameters, what other functions make."""

    call: Call
    request: str | None
    path: Sequence[_Parameter]
    query: Sequence[_Parameter]
    header: Sequence[_Parameter]
    others: tuple[tuple[str, _Wants], ...]

    @classmethod
    def of(cls, dependant: Dependant) -> _Wants:
        """Raises TypeError for what only FastAPI itself can give."""
        if dependant.cookie_params or dependant.response_param_name or dependant.background_tasks_param_name:
            raise TypeError(f"{dependant.call} asks for more than an express route gives")
        assert dependant.call is not None  # noqa: S101 - every dependency is a function
        return cls(
            call=dependant.call,
            request=dependant.request_param_name or dependant.http_connection_param_name,
            path=[_Parameter.of(field) for field in dependant.path_params],
            query=[_Parameter.of(field) for field in dependant.query_params],
            header=[_Parameter.of(field) for field in dependant.header_params],
            others=tuple((other.name or "", cls.of(other)) for other in dependant.dependencies),
        )

    async def values(self, request: Request, made: dict[Call, Any], wrong: list[Any]) -> Values:
        """What to call the function with. `made` holds what other functions have made for this request already."""
        found = Values()
        for name, wants in self.others:
            if wants.call not in made:
                made[wants.call] = await wants.call(**await wants.values(request, made, wrong))
            found[name] = made[wants.call]
        if self.request is not None:
            found[self.request] = request
        if self.query:
            query = request.query_params if request.scope["query_string"] else NOTHING_SENT
            for parameter in self.query:
                parameter.take(query, found, wrong)
        for parameter in self.path:
            parameter.take(request.path_params, found, wrong)
        for parameter in self.header:
            parameter.take(request.headers, found, wrong)
        return found


class _Route:
    """One documented route, with what it asks for."""

    def __init__(self, route: APIRoute) -> None:
        self._wants = _Wants.of(route.dependant)
        self._body = route.body_field

    async def answer(self, request: Request) -> Response:
        """Raises RequestValidationError, and whatever the route raises."""
        body = await _json_of(request) if self._body is not None else None
        made, wrong = dict[Call, Any](), list[Any]()
        values = await self._wants.values(request, made, wrong)
        if self._body is not None:
            if body is None and self._body.field_info.is_required():
                wrong.append({"type": "missing", "loc": ("body",), "msg": "Field required", "input": None})
            elif body is None:
                values[self._body.name] = self._body.get_default()
            else:
                values[self._body.name], errors_ = self._body.validate(body, values, loc=("body",))
                wrong.extend(errors_)
        if wrong:
            raise RequestValidationError(wrong, body=body)
        response: Response = await self._wants.call(**values)
        return response


async def _json_of(request: Request) -> Any:
    """The parsed body, or its bytes if the client does not call it JSON; None for nothing.

    Raises RequestValidationError.
    """
    body = await request.body()
    if not body:
        return None
    if not JSON_BODY.match(request.headers.get("content-type", "")):
        return body
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _read_patiently(body)


def _read_patiently(body: bytes) -> Any:
    """As FastAPI reads it: Python's own parser takes a little more than orjson, and says in its own way what it does
    not take. Raises RequestValidationError.
    """
    try:
        return json.loads(body)
    except UNREADABLE as error:
        raise RequestValidationError([errors.NO_JSON]) from error


class Express:
    """Answers the express routes, and hands on everything else: other paths, other methods, other protocols.

    It stands outside of the application, so that its routes pay for no middleware of FastAPI's.

    `routes` are routers with the prefix under which the application includes them, and the functions of theirs that are
    express. A path with a name in it, as its last part or its last but one, is known by what stands around the name.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[tuple[str, APIRouter, Iterable[Call]]]) -> None:
        self._app = app
        self._whole: dict[tuple[str, str], _Route] = {}
        self._named: dict[tuple[str, str, str], tuple[str, _Route]] = {}
        for prefix, router, functions in routes:
            chosen = set(functions)
            for route in router.routes:
                if isinstance(route, APIRoute) and route.endpoint in chosen:
                    chosen.remove(route.endpoint)
                    self._add(prefix + route.path, route)
            if chosen:
                raise LookupError(f"no routes of this router: {chosen}")

    def _add(self, path: str, route: APIRoute) -> None:
        """Raises TypeError for a path with names elsewhere."""
        before, name, after = _around_name(path)
        for method in route.methods or ():
            if name:
                self._named[method, before, after] = name, _Route(route)
            else:
                self._whole[method, path] = _Route(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._route(scope) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            response = await route.answer(request)
        except Exception as error:
            response = await errors.answer_to(request, error)
        await response(scope, receive, send)

    def knows(self, scope: Scope) -> bool:
        """Whether a request is answered here."""
        return self._route(scope) is not None

    def _route(self, scope: Scope) -> _Route | None:
        method, path = scope["method"], scope["path"]
        whole = self._whole.get((method, path))
        if whole is not None:
            return whole
        before, _, last = path.rpartition("/")
        named, value = self._named.get((method, before, "")), last
        if named is None:
            before, _, value = before.rpartition("/")
            named = self._named.get((method, before, last))
        if named is None or not value:
            return None
        name, route = named
        scope["path_params"] = {name: value}
        return route


def _around_name(path: str) -> tuple[str, str, str]:
    """What stands before the name in a path, the name, and what stands behind it. Raises TypeError."""
    before, brace, rest = path.partition("/{")
    name, _, after = rest.partition("}")
    if brace and (":" in name or after.count("/") != len(after[:1]) or "{" in after):
        raise TypeError(f"an express route's only name is the last part of its path, or the last but one: {path}")
    return before, name, after.removeprefix("/")
