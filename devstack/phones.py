"""The mobile numbers of the demo's people: one table for the demo data and for the phones that the emulator plays."""

from __future__ import annotations

import zlib
from typing import Final

_STAFF: Final = (
    *("manager", "lead", "lead-order", "clerk", "clerk2", "dispatcher", "dispatcher2", "tech1", "tech2", "tech3"),
    *("quality", "cashier", "finance", "finance2", "inspector1", "inspector2", "guard", "guard2", "admin"),
)

KNOWN: Final[dict[str, str]] = (
    {f"demo-owner-{n}": f"1380000{n:04d}" for n in range(1, 21)}
    | {"demo-family-1": "13800000101", "demo-minor-1": "13800000102", "demo-tenant-1": "13800000103"}
    | {"demo-unbound": "13800000104", "demo-visitor": "13800000105"}
    | {f"hxy-owner-{n}": f"1380000{200 + n:04d}" for n in range(1, 4)}
    | {f"staff-{account}": f"1370000{n:04d}" for n, account in enumerate(_STAFF, 1)}
    | {f"staff-hxy-{account}": f"1370000{100 + n:04d}" for n, account in enumerate(_STAFF, 1)}
)
"""By the openid that a person has on the mini-program; staff stand beside them."""


def phone_of(person: str) -> str:
    """The same number every time, also for somebody whom the demo does not know."""
    return KNOWN.get(person) or f"139{zlib.crc32(person.encode()) % 100_000_000:08d}"
