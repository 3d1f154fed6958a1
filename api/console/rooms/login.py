"""Logging in and out. The cookie holds an opaque token of `staff_sessions`; logging out revokes it."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api import sessions
from api.console.frame import COOKIE, COOKIE_PATH
from api.console.guard import Room
from api.console.templating import render
from api.console.wording import LOGIN
from api.deps import StateDep
from models.domain.errors import RateLimited, Unauthenticated

router = APIRouter(route_class=Room)

HOME: Final = "/console/inbox"


@router.get("/login")
async def show(to: str = HOME, ended: str = "") -> HTMLResponse:
    return HTMLResponse(_page(to, "", LOGIN["ended"] if ended else ""))


@router.post("/login")
async def log_in(request: Request, state: StateDep) -> Response:
    form = await request.form()
    account, password = str(form.get("account") or "").strip(), str(form.get("password") or "")
    to = str(form.get("to") or HOME)
    if not account or not password:
        return HTMLResponse(_page(to, account, LOGIN["needed"]), status_code=422)
    address = request.client.host if request.client else ""
    try:
        token, _ = await sessions.log_in_staff(state, account, password, address)
    except (Unauthenticated, RateLimited) as error:
        headers = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else {}
        return HTMLResponse(_page(to, account, error.detail), status_code=error.status, headers=headers)
    response = RedirectResponse(_inside(to), status_code=303)
    # No expiry: the cookie ends with the browser, the session with the shift. Plain http exists on a desk only.
    response.set_cookie(
        COOKIE, token, path=COOKIE_PATH, httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )
    return response


@router.post("/logout")
async def log_out(request: Request, state: StateDep) -> Response:
    token = request.cookies.get(COOKIE)
    if token:
        await sessions.log_out_staff(state, token)
    response = RedirectResponse("/console/login", status_code=303)
    response.delete_cookie(COOKIE, path=COOKIE_PATH, httponly=True, samesite="lax")
    return response


def _inside(to: str) -> str:
    """Only a page of the console: a link to the login must not lead people elsewhere afterwards."""
    return to if to.startswith("/console/") and "\\" not in to and "//" not in to else HOME


def _page(to: str, account: str, says: str) -> str:
    return render("login.html", to=_inside(to), account=account, says=says)
