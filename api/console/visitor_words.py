"""The Chinese of the console's screens about visitors."""

from __future__ import annotations

from typing import Final

VISIT_DONE: Final = {
    "came": "已登记到访",
    "went": "已登记离开",
    "admitted": "已登记同意来访",
    "denied": "已登记不同意",
    "granted": "已批准",
    "not_granted": "已登记不批准",
}
"""What a button has done, after it was pressed."""
