"""Photos: leave to upload straight to the store, word that it is there, an address to look at it. For owners and
staff."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response

from api import acting, complaint_views, shapes
from api.answering import answers
from api.bodies import PhotoSlip
from api.deps import Anybody, IdempotencyKey, StateDep
from api.errors import FILING, READING
from api.idempotency import Request
from api.json_answer import JsonAnswer
from api.reader import Reader
from api.rounds import agrees
from api.state import State
from integrations.storage import Storage, StorageUnavailable
from models.domain import photos as rules
from models.domain.errors import NotBound, NotFound, ValidationFailed
from models.domain.order import OrderState
from models.domain.people import Actor
from models.domain.shifts import may_read
from models.repositories import photos, public_works, reading, shifts
from models.tables.base import new_id

router = APIRouter(prefix="/photos", tags=["photos"])


@router.post("", responses=answers(shapes.PhotoSlip, *FILING))
async def slip(state: StateDep, actor: Anybody, body: PhotoSlip, key: IdempotencyKey) -> Response:
    """Leave to upload one JPEG, PNG or WebP of at most 10 MB. Post `fields` as multipart to `url`, the file last."""
    rules.check_announced(body.content_type, body.size)
    request = Request.of(state, actor, "", "photo", key, body.model_dump())
    before = await request.before(state)
    if before is not None and before.answer is not None:
        return JsonAnswer(before.answer)
    photo_id = new_id("pho")
    async with state.single.connect() as conn:
        if actor.kind == "resident" and await reading.tied_house(state.direct, actor.id) is None:
            raise NotBound
        await photos.expect(
            conn,
            photo_id,
            owner_kind=actor.kind,
            owner_id=actor.id,
            content_type=body.content_type,
            size=body.size,
            upload_key=rules.upload_key(photo_id),
        )
    upload = await asyncio.to_thread(store(state).presigned_upload, photo_id, body.content_type, body.size)
    answer = {"photo_id": photo_id, "upload": {"url": upload.url, "fields": upload.fields}}
    return JsonAnswer(await request.remember_whole(state, answer))


@router.post("/{photo_id}/complete", responses=answers(shapes.PhotoState, *READING))
async def complete(state: StateDep, actor: Anybody, photo_id: str) -> Response:
    """The upload is done: size and first bytes are checked now, the rest by the finaliser. Saying it twice is
    harmless."""
    photo = (await reading.photos(state.direct, [photo_id])).get(photo_id)
    if photo is None or (photo["owner_kind"], photo["owner_id"]) != (actor.kind, actor.id):
        raise NotFound
    if photo["status"] == "awaiting":
        await _check_arrived(state, photo)
    return JsonAnswer({"photo_id": photo_id, "status": "ready" if photo["status"] == "ready" else "processing"})


@router.get("/{photo_id}", responses=answers(shapes.PhotoAddress, *READING))
async def address(state: StateDep, actor: Anybody, photo_id: str) -> Response:
    """A short-lived address, for the owner of the photo and whoever may see it with its order."""
    return JsonAnswer(await address_of(state, actor, photo_id))


async def address_of(state: State, actor: Actor, photo_id: str) -> dict[str, str | None]:
    """`{id, status, url, thumbnail_url}`; without addresses until the photo is ready. Raises NotFound."""
    photo = (await reading.photos(state.direct, [photo_id])).get(photo_id)
    if photo is None:
        raise NotFound
    if (photo["owner_kind"], photo["owner_id"]) != (actor.kind, actor.id):
        await _check_seen_with(state, actor, photo)
    if photo["status"] != "ready":
        shown = "failed" if photo["status"] == "failed" else "processing"
        return {"id": photo_id, "status": shown, "url": None, "thumbnail_url": None}
    storage = store(state)
    return {
        "id": photo_id,
        "status": "ready",
        "url": storage.address(photo["final_key"]),
        "thumbnail_url": storage.address(photo["thumbnail_key"]),
    }


async def _check_seen_with(state: State, actor: Actor, photo: reading.Row) -> None:
    """Others see a photo with the order, or in the log of a post, that it was handed in with. Raises NotFound."""
    if actor.kind == "resident" and await public_works.shows_photo(state.direct, actor.id, photo["id"]):
        return  # What a repair near their home has come to.
    if photo["number"] is not None and photo["audience"] in Reader(actor).audiences:
        bundle = await acting.visible_order(state, actor, photo["number"])
        if not complaint_views.reads_words(bundle, OrderState.model_validate(bundle["state"]), actor):
            raise NotFound
        return
    community = await shifts.community_of_photo(state.direct, photo["id"])
    if community is None or actor.kind != "staff" or not agrees(may_read, actor, community):
        raise NotFound


def store(state: State) -> Storage:
    """Raises StorageUnavailable when the installation has no photo store."""
    if state.storage is None:
        raise StorageUnavailable
    return state.storage


async def _check_arrived(state: State, photo: reading.Row) -> None:
    head = await asyncio.to_thread(store(state).head, photo["upload_key"], rules.LEADING_BYTES)
    if head is None:
        raise ValidationFailed("photo_not_ready", field="photo")
    rules.check_uploaded(head.size, head.leading)
    async with state.single.connect() as conn:
        await photos.uploaded(conn, photo["id"], photo["owner_kind"], photo["owner_id"])
    state.announcer.wake_relay()
