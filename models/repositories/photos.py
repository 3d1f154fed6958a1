"""A photo's way from the wish to upload to the moment it waits for its finaliser. What comes then: `finalising`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.repositories.rows_of import RANK_OTHER

_AWAIT: Final = text(
    """
    INSERT INTO photos (
        id, owner_kind, owner_id, content_type, declared_size, upload_key, status, audience, created_at)
    VALUES (:id, :owner_kind, :owner_id, :content_type, :size, :upload_key, 'awaiting', 'reporter', now())
    """
)
_UPLOADED: Final = text(
    f"""
    WITH photo AS (
        UPDATE photos SET status = 'uploaded'
        WHERE id = :id AND owner_kind = :owner_kind AND owner_id = :owner_id AND status = 'awaiting'
        RETURNING id
    )
    INSERT INTO outbox (id, action, rank, body, created_at, not_before, attempts)
    SELECT id, 'photo', {RANK_OTHER}, jsonb_build_object('photo', id), now(), now(), 0 FROM photo
    ON CONFLICT (id) DO NOTHING
    """  # noqa: S608 - only constants are put in
)


async def expect(
    conn: AsyncConnection,
    photo_id: str,
    *,
    owner_kind: str,
    owner_id: str,
    content_type: str,
    size: int,
    upload_key: str,
) -> None:
    """A person is about to upload this photo. `size` in bytes, as they declare it."""
    await conn.execute(
        _AWAIT,
        {
            "id": photo_id,
            "owner_kind": owner_kind,
            "owner_id": owner_id,
            "content_type": content_type,
            "size": size,
            "upload_key": upload_key,
        },
    )


async def uploaded(conn: AsyncConnection, photo_id: str, owner_kind: str, owner_id: str) -> bool:
    """The upload is there and looks like an image: from now on it can be handed in, and its finaliser is wished for.

    False when it is not this person's, or is no longer awaited. One statement; afterwards the caller wakes the relay.
    """
    values = {"id": photo_id, "owner_kind": owner_kind, "owner_id": owner_id}
    return (await conn.execute(_UPLOADED, values)).rowcount == 1
