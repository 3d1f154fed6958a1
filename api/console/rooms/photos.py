"""Photos through the console's own address: the page's policy lets browsers speak to nobody else.

Owners' phones upload straight to the store. Staff sit at desks behind the firm's proxy, where the store's own address
often cannot be reached, and their few photos may as well pass through here.
"""

from __future__ import annotations

import asyncio
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile

from api.console.frame import Member
from api.console.guard import Room
from api.deps import StateDep
from api.routers.photos import address_of, store
from models.domain import photos as rules
from models.domain.errors import NotFound, ValidationFailed
from models.repositories import photos, reading
from models.tables.base import new_id

router = APIRouter(route_class=Room)

KEPT: Final = "private, max-age=600"
"""A finalised photo never changes; ten minutes, because a right to see it may end."""


@router.post("/photos")
async def upload(request: Request, state: StateDep, member: Member) -> JSONResponse:
    """One photo of the caller's, checked like everybody's: type and size now, the rest by the finaliser."""
    file = (await request.form(max_part_size=rules.MAX_BYTES)).get("file")
    if not isinstance(file, UploadFile):
        raise ValidationFailed(field="file")
    content_type, size = file.content_type or "", file.size or 0
    rules.check_announced(content_type, size)
    data = await file.read()
    rules.check_uploaded(len(data), data[: rules.LEADING_BYTES])
    photo_id = new_id("pho")
    key = rules.upload_key(photo_id)
    async with state.single.connect() as conn:
        await photos.expect(
            conn,
            photo_id,
            owner_kind=member.actor.kind,
            owner_id=member.actor.id,
            content_type=content_type,
            size=size,
            upload_key=key,
        )
    await asyncio.to_thread(store(state).put, key, data, content_type)
    async with state.single.connect() as conn:
        await photos.uploaded(conn, photo_id, member.actor.kind, member.actor.id)
    state.announcer.wake_relay()
    return JSONResponse({"photo_id": photo_id}, status_code=201)


@router.get("/photos/{photo_id}")
async def show(state: StateDep, member: Member, photo_id: str, size: Literal["full", "thumb"] = "full") -> Response:
    """The finalised photo, for whoever may see it with its order. Raises NotFound, also while it is being processed."""
    await address_of(state, member.actor, photo_id)
    photo = (await reading.photos(state.direct, [photo_id]))[photo_id]
    key = photo["thumbnail_key" if size == "thumb" else "final_key"]
    data = await asyncio.to_thread(store(state).read, key) if key else None
    if data is None:
        raise NotFound
    kind = rules.content_type_of(data[: rules.LEADING_BYTES])
    return Response(data, media_type=kind or "application/octet-stream", headers={"Cache-Control": KEPT})
