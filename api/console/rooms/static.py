"""The console's own files: style, script, drawings."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.staticfiles import StaticFiles

from api.console.guard import Room
from api.console.templating import STATIC

router = APIRouter(route_class=Room)

FOR_GOOD: Final = "public, max-age=31536000, immutable"
"""Addresses carry a piece of the file's hash (`templating.asset`); another content has another address."""

_files: Final = StaticFiles(directory=STATIC)


@router.get("/static/{path:path}")
async def static(request: Request, path: str) -> Response:
    response = await _files.get_response(path, request.scope)
    response.headers["Cache-Control"] = FOR_GOOD if "v" in request.query_params else "no-cache"
    return response
