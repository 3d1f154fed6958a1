"""What counts as a photo before anybody has decoded it: its type, its size and its first bytes.

`complete` checks these three at once, so that an order can be filed with a photo while everything else is down; the
finaliser decodes it later. Source of the limits: `lifecycles.md`, "Photos".
"""

from __future__ import annotations

from typing import Final

from models.domain.errors import ValidationFailed

MAX_BYTES: Final = 10 * 1024 * 1024
"""What the upload policy lets through. A phone's camera stays below it."""

MAX_PIXELS: Final = 64_000_000
"""What the finaliser decodes: a 64-megapixel phone. A file of a few kilobytes can claim billions of pixels."""

THUMBNAIL_SIDE: Final = 480
"""Pixels of the longer side: sharp in a list on a phone of three pixels per point."""

LEADING_BYTES: Final = 512
"""How much of an upload is looked at: many times what any of the three formats needs to show itself."""

CONTENT_TYPES: Final = ("image/jpeg", "image/png", "image/webp")

_JPEG: Final = b"\xff\xd8\xff"
_PNG: Final = b"\x89PNG\r\n\x1a\n"


def content_type_of(leading: bytes) -> str | None:
    """The type that the first bytes show, whatever the client called it; None for anything but the three."""
    if leading.startswith(_JPEG):
        return "image/jpeg"
    if leading.startswith(_PNG):
        return "image/png"
    if leading[:4] == b"RIFF" and leading[8:12] == b"WEBP":
        return "image/webp"
    return None


def check_announced(content_type: str, size: int) -> None:
    """What a client says before it uploads. Raises ValidationFailed."""
    if content_type not in CONTENT_TYPES:
        raise ValidationFailed("photo_not_image", field="content_type")
    _check_size(size)


def check_uploaded(size: int, leading: bytes) -> None:
    """What really arrived. Raises ValidationFailed."""
    _check_size(size)
    if content_type_of(leading) is None:
        raise ValidationFailed("photo_not_image", field="photo")


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise ValidationFailed("photo_too_large", field="size")
    if size < 1:
        raise ValidationFailed("photo_not_image", field="size")


def upload_key(photo_id: str) -> str:
    """Where the client puts it. Nobody is ever shown this object."""
    return f"upload/{photo_id}"


def final_key(photo_id: str) -> str:
    """The cleaned photo, under a key that no upload policy names."""
    return f"photo/{photo_id}"


def thumbnail_key(photo_id: str) -> str:
    return f"thumb/{photo_id}"
