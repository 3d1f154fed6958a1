"""One request, however often it is sent: its id, the digest of what it says, and what was answered the first time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import orjson

from api.state import State
from models.domain.commands import update_id
from models.domain.errors import IdempotencyKeyReused, Unavailable, ValidationFailed
from models.domain.people import Actor
from models.repositories import answers, reading

Json = dict[str, Any]
Row = Mapping[str, Any]

NUL = rb"\u0000"
"""As JSON writes it. Whoever types these six characters is looked at more closely and let through."""

LONGEST_KEY = 200
"""Generous for any client's key, a UUID being 36 characters."""


@dataclass(frozen=True)
class Before:
    """The same request was carried out before. `answer` is None when it was lost on the way back."""

    number: str | None
    answer: Json | None


@dataclass(frozen=True)
class Request:
    """`id` depends on the caller, the order, the action and the caller's key, so nobody can reach another's answer
    by guessing."""

    id: str
    digest: str

    @classmethod
    def of(cls, state: State, actor: Actor, number: str, action: str, key: str, body: Json) -> Self:
        """Raises ValidationFailed for a missing or oversized key, and for text that Postgres cannot hold."""
        if not key or len(key) > LONGEST_KEY:
            raise ValidationFailed("idempotency_key_missing", field="Idempotency-Key")
        secret = state.settings.required("token_secret").encode()
        return cls(
            id=update_id(secret, f"{actor.kind}:{actor.id}", number, action, key),
            digest=hashlib.sha256(_said(body)).hexdigest(),
        )

    async def before(self, state: State) -> Before | None:
        """What was answered before, if anything was. Raises IdempotencyKeyReused when the body differs."""
        return self.seen(await reading.handled_request(state.direct, self.id))

    def seen(self, row: Row | None) -> Before | None:
        """The same from a row that holds the request's `digest`, `number` and `answer`, if it was carried out."""
        if row is None or row["digest"] is None:
            return None
        self.check(row["digest"])
        return Before(number=row["number"], answer=row["answer"])

    def check(self, digest: str) -> None:
        """Raises IdempotencyKeyReused."""
        if digest != self.digest:
            raise IdempotencyKeyReused

    async def made_before(self, state: State) -> str:
        """The id of what this request has made already. Raises IdempotencyKeyReused when it said something else."""
        before = await self.before(state)
        if before is None or before.answer is None:
            raise Unavailable  # It is just being forgotten after its seven days; the next try succeeds.
        return str(before.answer["id"])

    async def remember(self, state: State, answer: Json) -> None:
        """The order's step has already written the request down; only the words of the answer are added."""
        await answers.keep_answer(state.direct, self.id, answer)

    async def remember_whole(self, state: State, answer: Json) -> Json:
        """For a request that concerns no order. Answers what counts: the twin's answer when a twin was faster."""
        async with state.single.connect() as conn:
            if await answers.keep_request(conn, self.id, self.digest, answer):
                return answer
            row = await reading.handled_request(state.direct, self.id)
        if row is None or row["answer"] is None:
            return answer
        self.check(row["digest"])
        twin: Json = row["answer"]
        return twin


def _said(body: Json) -> bytes:
    """The same bytes for the same words. Raises ValidationFailed for text that Postgres cannot hold."""
    try:
        said = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        _check_text(body, "")
        raise
    if NUL in said:
        _check_text(body, "")
    return said


def _check_text(value: Any, field: str) -> None:
    """Postgres holds neither NUL nor half a surrogate pair. Refused here, because later it would stop an order's
    publish."""
    if isinstance(value, dict):
        for key, part in value.items():
            _check_text(str(key), field)
            _check_text(part, f"{field}.{key}" if field else str(key))
    elif isinstance(value, list | tuple):
        for part in value:
            _check_text(part, field)
    elif isinstance(value, str) and any(mark == "\x00" or "\ud800" <= mark <= "\udfff" for mark in value):
        raise ValidationFailed(field=field.encode(errors="replace").decode())
