"""Finalises one uploaded photo: really an image, cleaned, with a thumbnail, under keys that no upload policy can write.

Only what comes out of here is ever shown to anybody. A bad image is final; an outage of the store or of
Postgres is retried.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity

from integrations import images
from integrations.images import Cleaned, NotAnImage
from integrations.storage import Storage
from models.domain.photos import MAX_BYTES, final_key, thumbnail_key
from models.repositories import finalising, live
from models.repositories.finalising import Changed

_log = logging.getLogger(__name__)


class Photos:
    """The activity `photos.finalise`."""

    def __init__(self, engine: Engine, storage: Storage) -> None:
        self._engine = engine
        self._storage = storage

    @activity.defn(name="photos.finalise")
    def finalise(self, photo_id: str) -> str:
        """`ready`, `failed`, or what the photo already was. May run any number of times."""
        with self._engine.connect() as conn:
            photo = finalising.uploaded(conn, photo_id)
        if photo is None:
            return "gone"
        if photo.status != "uploaded":
            if photo.status != "awaiting":
                # An earlier attempt may have died before this; the upload still holds where the photo was taken.
                self._storage.remove(photo.upload_key)
            return photo.status
        try:
            cleaned = self._cleaned(photo.upload_key)
        except NotAnImage as error:
            return self._failed(photo_id, photo.upload_key, str(error))
        self._keep(photo_id, cleaned)
        with self._engine.begin() as conn:
            changed = finalising.ready(
                conn,
                photo_id,
                final_key=final_key(photo_id),
                thumbnail_key=thumbnail_key(photo_id),
                sha256=cleaned.sha256,
                width=cleaned.width,
                height=cleaned.height,
            )
        self._announce(changed)
        self._storage.remove(photo.upload_key)
        return "ready"

    def _cleaned(self, upload_key: str) -> Cleaned:
        upload = self._storage.read(upload_key)
        if upload is None:
            raise NotAnImage("nothing was uploaded")
        if len(upload) > MAX_BYTES:
            raise NotAnImage("too large")
        return images.cleaned(upload)

    def _keep(self, photo_id: str, cleaned: Cleaned) -> None:
        """The row follows last, so that nobody is sent to an object that is not there yet."""
        self._storage.put(final_key(photo_id), cleaned.photo, images.CONTENT_TYPE)
        self._storage.put(thumbnail_key(photo_id), cleaned.thumbnail, images.CONTENT_TYPE)

    def _failed(self, photo_id: str, upload_key: str, why: str) -> str:
        _log.info("photo %s is no image: %s", photo_id, why)
        with self._engine.begin() as conn:
            changed = finalising.failed(conn, photo_id, why, datetime.now(UTC))
        self._announce(changed)
        self._storage.remove(upload_key)
        return "failed"

    def _announce(self, changed: Changed | None) -> None:
        """Screens that show the order draw it again."""
        if changed is None:
            return
        try:
            with self._engine.begin() as conn:
                live.announce(conn, changed.number, changed.community_id)
        except SQLAlchemyError as error:
            _log.info("photo of %s could not be announced: %s", changed.number, error)
