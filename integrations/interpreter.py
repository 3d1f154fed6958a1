"""The Python that a program of ours runs in."""

from __future__ import annotations

import gc
from typing import Final

COLLECT_AFTER: Final = (50_000, 20, 50)
"""New containers before the youngest are looked through, and how many such looks before older ones are. Python's own
are 700, 10 and 10, for programs that share a small memory.
"""


def collect_rarely() -> None:
    """Call it when all is imported. That lives as long as the process, and neither a step nor a request leaves many
    cycles behind: looking for them as often as Python does by itself was a seventh of the event loop's time, in the
    worker as in the API.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
