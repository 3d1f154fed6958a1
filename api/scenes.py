"""The scene in a staff member's QR code: who they are, signed and short-lived, within WeChat's 64 characters."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Final

LIFE_SECONDS: Final = 600
"""The code is shown on the person's own screen and scanned at once."""

PREFIX: Final = "bind"


def scene_of_staff(secret: str, staff_id: str) -> str:
    """What goes into the QR code: `bind.<id>.<expiry>.<signature>`."""
    said = f"{PREFIX}.{staff_id}.{int(time.time()) + LIFE_SECONDS:x}"
    return f"{said}.{_signature(secret, said)}"


def staff_of_scene(secret: str, scene: str) -> str | None:
    """Who is to be bound; None for a scene that is not ours, or too old."""
    said, _, signature = scene.rpartition(".")
    parts = said.split(".")
    if len(parts) != 3 or parts[0] != PREFIX or not _is_signed(secret, said, signature):
        return None
    return parts[1] if int(parts[2], 16) >= time.time() else None


def _is_signed(secret: str, said: str, signature: str) -> bool:
    return hmac.compare_digest(_signature(secret, said).encode(), signature.encode())


def _signature(secret: str, said: str) -> str:
    return hmac.new(secret.encode(), said.encode(), hashlib.sha256).hexdigest()[:16]
