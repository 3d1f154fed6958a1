"""What was answered to creating and acting requests, so that a repetition hears the same. Reading them back:
`reading`."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from models.repositories.direct import Direct, numbered

KEEP_ANSWER: Final = numbered("""
    UPDATE handled_requests SET answer = :answer
    WHERE update_id = :update_id AND set_config('synchronous_commit', 'off', true) = 'off'""")
"""Waits for no disk: that the request was carried out stands there already, and an answer that a crash of the database
takes away in its next half second is drawn anew, as one that was lost on its way.
"""

KEEP_REQUEST: Final = text("""
    INSERT INTO handled_requests (update_id, digest, version, at, answer)
    VALUES (:update_id, :digest, 1, now(), :answer) ON CONFLICT (update_id) DO NOTHING""").bindparams(
    bindparam("answer", type_=JSONB)
)


async def keep_answer(db: Direct, update_id: str, answer: dict[str, Any]) -> None:
    """Put the answer beside a request that publish or intake has already written down."""
    await db.rows(KEEP_ANSWER, {"update_id": update_id, "answer": answer})


_KEEP: Final = numbered("""
    INSERT INTO handled_requests (update_id, digest, version, at, answer)
    VALUES (:update_id, :digest, 1, now(), :answer)""")


async def keep_done(db: Direct, update_id: str, digest: str, answer: dict[str, Any]) -> None:
    """The same, where a lock has shown that no twin was faster."""
    await db.rows(_KEEP, {"update_id": update_id, "digest": digest, "answer": answer})


async def keep_request(conn: AsyncConnection, update_id: str, digest: str, answer: dict[str, Any]) -> bool:
    """Write down a request that concerns no order, with its answer. False when a twin was faster."""
    result = await conn.execute(KEEP_REQUEST, {"update_id": update_id, "digest": digest, "answer": answer})
    return result.rowcount == 1
