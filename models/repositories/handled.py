"""Requests that have been carried out, for those who must not carry them out again."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Connection, text


class Before(NamedTuple):
    """A request that was carried out, and the order's version that it led to."""

    digest: str
    number: str | None
    version: int


_FIND: Final = text("SELECT digest, number, version FROM handled_requests WHERE update_id = :update_id")


def find(conn: Connection, update_id: str) -> Before | None:
    row = conn.execute(_FIND, {"update_id": update_id}).one_or_none()
    return None if row is None else Before(*row)
