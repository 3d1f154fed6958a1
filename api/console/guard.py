"""What every console address has around it: headers, the check of where a request comes from, refusals as HTML."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from api.console.formfields import Field, messages
from api.console.templating import render
from api.console.wording import ERRORS
from api.errors import OUR_MISTAKES, OUTAGES
from api.request_id import request_id_of
from api.wording import REFUSED, STATUSES
from models.domain.errors import (
    Forbidden,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
    ValidationFailed,
    WuyouError,
)

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""Everything comes from this server. `blob:` shows a photo while it is still being uploaded."""

NO_STORE: Final = "no-store"
"""Pages hold names and places; after logging out the back button must not show them."""

OUTAGE: Final = 500
"""From this status on it is we who failed."""

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_log = logging.getLogger(__name__)
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True)
class Posted:
    """The form behind a request, noted so that a refusal finds the places where it is to be said."""

    form_id: str
    fields: Sequence[Field] = ()
    names: Mapping[str, str] | None = None
    """A refusal's field → the slug of the slot that shows it, where a form is not drawn from a schema."""


def note_form(request: Request, posted: Posted) -> None:
    request.state.posted = posted


def from_elsewhere(request: Request) -> bool:
    """Whether a browser says that another site sent this.

    `Sec-Fetch-Site` is set by every current browser and cannot be forged by a page; `Origin` serves the old ones. A
    client that sends neither is no browser, and has no cookie that somebody else could misuse.
    """
    if request.method in SAFE_METHODS:
        return False
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


class Room(APIRoute):
    """A console route. Refusals become pages, fragments or a way back to the login; headers are put on every answer."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                if from_elsewhere(request):
                    raise Forbidden(ERRORS["foreign"])
                response = await handler(request)
            except WuyouError as error:
                response = refusal(request, error)
            except OUTAGES as error:
                if isinstance(error, OUR_MISTAKES):
                    _log.error("request %s failed", request_id_of(request), exc_info=error)
                    response = _bug(request)
                else:
                    _log.warning("%s answered 503: %s", request.url.path, type(error).__name__)
                    response = refusal(request, Unavailable())
            except RequestValidationError:
                response = refusal(request, ValidationFailed())
            except HTTPException as error:
                response = _refused_by_the_framework(request, error.status_code)
            except Exception as error:
                # A bug of ours. People get the console's own page and the number under which the log has the rest.
                _log.error("request %s failed", request_id_of(request), exc_info=error)
                response = _bug(request)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            response.headers.setdefault("Cache-Control", NO_STORE)
            return response

        return guarded


def _refused_by_the_framework(request: Request, status: int) -> Response:
    if status == 404:
        return refusal(request, NotFound(ERRORS["not_found"]))
    if status < 500:
        return refusal(request, ValidationFailed(STATUSES.get(status, REFUSED)))
    return _bug(request)


def refusal(request: Request, error: WuyouError) -> Response:
    """The same refusal in the shape that the asker can show."""
    if isinstance(error, Unauthenticated):
        response = _to_login(request)
    elif "application/json" in request.headers.get("accept", ""):
        response = JSONResponse({"code": error.code, "detail": error.detail}, status_code=error.status)
    elif "hx-request" in request.headers:
        response = HTMLResponse(_fragment(request, error), status_code=error.status, headers={"HX-Reswap": "none"})
    else:
        # Its number helps only where somebody must look into the log.
        number = request_id_of(request) if error.status >= OUTAGE else ""
        text = render("error.html", text=error.detail, hint="", request_id=number)
        response = HTMLResponse(text, status_code=error.status)
    if isinstance(error, RateLimited | Unavailable):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _bug(request: Request) -> Response:
    if "hx-request" in request.headers:
        text = render("toast.html", text=ERRORS["unexpected"], bad=True)
        return HTMLResponse(text, status_code=500, headers={"HX-Reswap": "none"})
    text = render("error.html", text=ERRORS["unexpected"], hint="", request_id=request_id_of(request))
    return HTMLResponse(text, status_code=500)


def _to_login(request: Request) -> Response:
    if "hx-request" in request.headers:
        return HTMLResponse("", status_code=401, headers={"HX-Redirect": "/console/login?ended=1"})
    if request.method not in SAFE_METHODS or "application/json" in request.headers.get("accept", ""):
        return HTMLResponse("", status_code=401)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/console/login?to={quote(wanted)}", status_code=303)


def _fragment(request: Request, error: WuyouError) -> str:
    """Where a form was posted, the refusal stands inside it; else it passes by as a short message."""
    text = ERRORS["unknown_outcome"] if isinstance(error, Unavailable) and error.reason == error.code else error.detail
    posted: Posted | None = getattr(request.state, "posted", None)
    if posted is None or not posted.form_id:
        return render("toast.html", text=text, bad=True)
    said: dict[str, str] = {}
    if isinstance(error, ValidationFailed):
        if posted.names is not None:
            said = _named(error, posted.names)
        else:
            said = {name.replace(".", "-"): message for name, message in messages(error.errors, posted.fields).items()}
    return render("says.html", form_id=posted.form_id, text=text, fields=said)


def _named(error: ValidationFailed, names: Mapping[str, str]) -> dict[str, str]:
    """Errors of a form that is drawn by hand: each goes to the slot of the longest field name that it begins with."""
    said: dict[str, str] = {}
    for item in error.errors:
        name = str(item.get("field", ""))
        while name and name not in names:
            name = name.rpartition(".")[0]
        if name:
            message = messages([{**item, "field": "x"}], [Field("x", "text", "", True, shortest=1)])["x"]
            said.setdefault(names[name], message)
    return said
