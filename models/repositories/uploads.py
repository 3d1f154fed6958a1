"""Photos before they are finalised: promised by a client, then found in the store."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import DateTime, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

_INSTANT: Final = DateTime(timezone=True)

PROMISE: Final = text("""
    INSERT INTO photos (id, owner_kind, owner_id, content_type, declared_size, upload_key, status, created_at, audience)
    VALUES (:id, :owner_kind, :owner_id, :content_type, :size, :upload_key, 'awaiting', :at, 'reporter')""").bindparams(
    bindparam("at", type_=_INSTANT)
)

ARRIVED: Final = text("""
    WITH arrived AS (
        UPDATE photos SET status = 'uploaded' WHERE id = :id AND status = 'awaiting' RETURNING id
    )
    INSERT INTO outbox (id, action, rank, body, created_at, not_before, attempts)
    SELECT id, 'photo', 3, jsonb_build_object('id', id), now(), now(), 0 FROM arrived
    ON CONFLICT (id) DO NOTHING""")


async def promise(
    conn: AsyncConnection,
    photo_id: str,
    *,
    owner: tuple[str, str],
    content_type: str,
    size: int,
    upload_key: str,
    at: datetime,
) -> None:
    """A client has asked for leave to upload. `owner` is (kind, id)."""
    await conn.execute(
        PROMISE,
        {
            "id": photo_id,
            "owner_kind": owner[0],
            "owner_id": owner[1],
            "content_type": content_type,
            "size": size,
            "upload_key": upload_key,
            "at": at,
        },
    )


async def arrived(conn: AsyncConnection, photo_id: str) -> bool:
    """The photo lies in the store: usable from now on, and the finaliser is wished for. False when it was so
    already."""
    return (await conn.execute(ARRIVED, {"id": photo_id})).rowcount == 1
