"""Where WeChat pushes its events. Signed by WeChat, answered within its five seconds."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api import wechat_events
from api.answering import answers
from api.deps import StateDep
from api.shapes import Health
from integrations.wechat import PushRejected
from models.domain.errors import Forbidden, Unavailable

router = APIRouter(prefix="/wechat", tags=["wechat"])

LARGEST_PUSH = 64 * 1024
"""Events are below a kilobyte; whoever sends more is not WeChat."""


@router.get("/push", responses=answers(Health, "forbidden", "unavailable"))
async def prove(state: StateDep, request: Request) -> Response:
    """WeChat checks once that the address is ours."""
    if state.wechat is None:
        raise Unavailable("wechat_unavailable")
    try:
        return Response(state.wechat.verify_url(request.query_params), media_type="text/plain")
    except PushRejected:
        raise Forbidden from None


@router.post("/push", responses=answers(Health, "forbidden", "unavailable"))
async def push(state: StateDep, request: Request) -> Response:
    """An event: an answer to a prompt, a follower, a scanned code."""
    if state.wechat is None:
        raise Unavailable("wechat_unavailable")
    if int(request.headers.get("content-length") or 0) > LARGEST_PUSH:
        raise Forbidden
    try:
        event = state.wechat.verify_push(request.query_params, await request.body())
    except PushRejected:
        raise Forbidden from None
    await wechat_events.handle(state, event)
    return Response("success", media_type="text/plain")
