"""Who is calling: signed tokens for owners, revocable sessions and slow passwords for staff."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from models.domain.errors import Unauthenticated

SESSION_BYTES: Final = 32
"""256 random bits: a session cannot be guessed, so its hash needs no salt."""

FREE_FAILURES: Final = 5
"""Wrong passwords for one account that cost nothing; people do mistype."""

FREE_FAILURES_OF_ADDRESS: Final = 50
"""The same for one address, behind which a whole office may sit."""

FIRST_WAIT_SECONDS: Final = 10
LONGEST_WAIT_SECONDS: Final = 900
"""Each further failure doubles the wait up to a quarter of an hour, so that a whole night tries fewer than fifty
passwords."""

WAITS: Final = tuple(min(FIRST_WAIT_SECONDS * 2**beyond, LONGEST_WAIT_SECONDS) for beyond in range(8))
"""Seconds after the last free failure, after the one beyond it, and so on; the last holds for all that follow."""

_HASHER: Final = PasswordHasher()
_NOBODY: Final = _HASHER.hash("nobody has this password")
"""Verified when the account does not exist, so that the answer takes as long and reveals nothing."""


class OwnerTokens:
    """`<resident id>.<expiry>.<signature>`: checked without the database, because every owner's request carries one.

    A token cannot be revoked before it expires; what a resident may see is decided by ties, which are read each time.
    """

    def __init__(self, secret: str, life_seconds: int) -> None:
        self._key = hashlib.sha256(b"owner-token:" + secret.encode()).digest()
        self._life_seconds = life_seconds

    def issue(self, resident_id: str) -> str:
        said = f"{resident_id}.{int(time.time()) + self._life_seconds}"
        return f"{said}.{self._signature(said)}"

    def resident_of(self, token: str) -> str:
        """Raises Unauthenticated for a token that is not ours or has expired."""
        said, _, signature = token.rpartition(".")
        resident_id, _, expiry = said.rpartition(".")
        if not resident_id or not hmac.compare_digest(self._signature(said).encode(), signature.encode()):
            raise Unauthenticated
        if int(expiry) < time.time():
            raise Unauthenticated
        return resident_id

    def _signature(self, said: str) -> str:
        mac = hmac.digest(self._key, said.encode(), "sha256")
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def new_session() -> str:
    """A staff session's token; only its hash is kept."""
    return secrets.token_urlsafe(SESSION_BYTES)


def session_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def password_matches(password_hash: str | None, password: str) -> bool:
    """Argon2 takes tens of milliseconds by design, so it runs in a thread. None stands for an account that does not
    exist."""
    return await asyncio.to_thread(_matches, password_hash, password)


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def wait_after(failures: int, free: int) -> int:
    """Seconds until the next attempt is heard, after so many wrong ones in a row."""
    beyond = failures - free
    return 0 if beyond < 0 else WAITS[min(beyond, len(WAITS) - 1)]


def failure_key(kind: str, value: str, secret: str) -> str:
    """`account:…` or `address:…`, hashed, so that the table holds no list of who logs in from where."""
    return f"{kind}:" + hmac.new(secret.encode(), value.lower().encode(), hashlib.sha256).hexdigest()[:40]
