"""Logging in and out, and who one is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api import sessions, shapes
from api.answering import answers
from api.bodies import StaffLogin
from api.deps import Staff, StateDep
from api.errors import READING, responses
from api.json_answer import JsonAnswer

router = APIRouter(tags=["staff: people"])
_token = HTTPBearer(scheme_name="staff", auto_error=False)


@router.post(
    "/login",
    responses=answers(shapes.StaffLogin, "validation_failed", "unauthenticated", "rate_limited", "unavailable"),
)
async def log_in(state: StateDep, request: Request, body: StaffLogin) -> Response:
    """A session for a client. After five wrong passwords each further one costs a longer wait."""
    address = request.client.host if request.client else "unknown"
    token, member = await sessions.log_in_staff(state, body.account, body.password, address)
    return JsonAnswer({"token": token, "staff": member.as_json()})


@router.post("/logout", status_code=204, responses=responses(*READING))
async def log_out(
    state: StateDep, staff: Staff, credentials: Annotated[HTTPAuthorizationCredentials, Depends(_token)]
) -> Response:
    """Ends this session at once."""
    await sessions.log_out_staff(state, credentials.credentials)
    return Response(status_code=204)


@router.get("/me", responses=answers(shapes.Staff, *READING))
async def me(staff: Staff) -> Response:
    return JsonAnswer(staff.as_json())
