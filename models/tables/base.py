"""The one base of all tables: naming convention, ids, timezone-aware times, JSON documents."""

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Base(SQLModel):
    """Every table class inherits from this one."""

    metadata = metadata


_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32, lower case: no letters that are read as digits."""


def new_id(prefix: str) -> str:
    """An opaque id such as `res_7h2k…`: 100 random bits, so that it can be neither guessed nor counted."""
    return f"{prefix}_" + "".join(secrets.choice(_ALPHABET) for _ in range(20))


def now() -> datetime:
    return datetime.now(UTC)


def instant(*, nullable: bool = False, index: bool = False, **extra: Any) -> Any:
    """A `timestamptz` column."""
    return Field(sa_type=DateTime(timezone=True), nullable=nullable, index=index, **extra)  # type: ignore[call-overload]


def document(**extra: Any) -> Any:
    """A `jsonb` column."""
    return Field(sa_type=JSONB, **extra)
