"""One tap on a subscription prompt, told of twice: by the client at once, and by WeChat's event a moment later."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from sqlalchemy import DateTime, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

SAME_TAP_SECONDS: Final = 10
"""What is told closer together than this is one and the same tap; nobody answers two prompts so fast."""

TAP: Final = text("""
    INSERT INTO handled_requests (update_id, digest, version, at)
    SELECT CAST(:tap AS text), '', 0, :at WHERE NOT EXISTS (
        SELECT 1 FROM handled_requests WHERE update_id = ANY(CAST(:neighbours AS text[])))
    ON CONFLICT (update_id) DO NOTHING""").bindparams(bindparam("at", type_=DateTime(timezone=True)))


async def is_new_tap(conn: AsyncConnection, openid: str, template: str, at: datetime) -> bool:
    """Whether this acceptance has not been counted yet; notes that it is being counted now."""
    span = int(at.timestamp()) // SAME_TAP_SECONDS
    this, *neighbours = [_name(openid, template, span + offset) for offset in (0, -1, 1)]
    return (await conn.execute(TAP, {"tap": this, "neighbours": neighbours, "at": at})).rowcount == 1


def _name(openid: str, template: str, span: int) -> str:
    return "tap:" + hashlib.sha256(f"{openid} {template} {span}".encode()).hexdigest()[:40]
