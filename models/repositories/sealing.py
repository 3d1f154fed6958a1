"""Phones and other personal numbers, encrypted in their columns, with a keyed hash beside them where they are searched.

Both keys are derived from the setting `privacy_key`, which is not rotated with the keys of Temporal's payloads: those
may be dropped a month after their last order, while these columns live as long as the people.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from settings import Settings

VERSION: Final = b"\x01"
"""First byte of every sealed value, so that a later scheme can tell its own from these."""

NONCE_BYTES: Final = 12
"""What AES-GCM is defined for; random ones stay safe far beyond the number of people in all communities."""

_NOT_DIGITS: Final = re.compile(r"[^0-9]")
_COUNTRY: Final = "86"
_MOBILE_DIGITS: Final = 11


class Unreadable(ValueError):
    """Sealed under another key, or damaged."""


class Sealing:
    """Seals and opens short texts, and hashes phones for search."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(_derived(key, b"wuyou column sealing"))
        self._search_key = _derived(key, b"wuyou column search")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Raises SettingMissing when the installation has no `privacy_key`."""
        return cls(base64.b64decode(settings.required("privacy_key")))

    def seal(self, words: str) -> bytes:
        """The same text sealed twice looks different; only its holder can compare."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, words.encode(), VERSION)

    def open(self, sealed: bytes) -> str:
        """Raises Unreadable."""
        version, nonce, rest = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if version != VERSION:
            raise Unreadable("unknown scheme")
        try:
            return self._cipher.decrypt(nonce, rest, version).decode()
        except (InvalidTag, ValueError):
            raise Unreadable("sealed under another key, or damaged") from None

    def search_hash(self, phone: str) -> str:
        """Equal for all ways to write one number. Keyed, because all phone numbers could otherwise simply be tried."""
        return hmac.new(self._search_key, plain_phone(phone).encode(), "sha256").hexdigest()

    def plate_hash(self, plate: str) -> str:
        """Of a plate in its normal form (`models.domain.plates`)."""
        return hmac.new(self._search_key, f"plate {plate}".encode(), "sha256").hexdigest()

    def name_hash(self, name: str) -> str:
        """Of a visitor's name, without the blanks in it."""
        return hmac.new(self._search_key, f"name {''.join(name.split())}".encode(), "sha256").hexdigest()

    def tail_hash(self, phone: str) -> str:
        """Of the last four digits of a phone."""
        return hmac.new(self._search_key, f"tail {plain_phone(phone)[-4:]}".encode(), "sha256").hexdigest()


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(key)


def plain_phone(phone: str) -> str:
    """Digits only, without China's country code: `+86 138-0000-0000` is `13800000000`."""
    digits = _NOT_DIGITS.sub("", phone)
    if len(digits) == len(_COUNTRY) + _MOBILE_DIGITS and digits.startswith(_COUNTRY):
        return digits.removeprefix(_COUNTRY)
    return digits


def mask_phone(phone: str) -> str:
    """As screens show it: `138****0000`. Of a short number only the last two digits are left."""
    digits = plain_phone(phone)
    if len(digits) < 8:
        return "*" * max(len(digits) - 2, 0) + digits[-2:]
    return f"{digits[:3]}{'*' * (len(digits) - 7)}{digits[-4:]}"
