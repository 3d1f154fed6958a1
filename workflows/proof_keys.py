"""The keys that commands are proved with, given by the worker before it starts.

Only validators read them, and validators are not replayed, so keys may be rotated under living workflows.
"""

from __future__ import annotations

KEYS: list[bytes] = []


def use(keys: list[bytes]) -> None:
    KEYS[:] = keys
