"""The least that an intake can be: HTTP, the product's statement in the product's company, and no rule of ours.

It is what the design asks of any intake (`architecture.md`, "The life of an order"): five rows that have reached the
disk before the answer. What lies between this and a real create is the product.

python -m bench.yardsticks.intake PORT DATABASE
"""

from __future__ import annotations

import itertools
import sys
import time
from typing import Any, Final

import uvicorn

from bench.seed import new_state
from bench.yardsticks.empty import END
from devstack.ports import LOOPBACK
from models.repositories.direct import Direct, numbered
from models.repositories.engines import POOL_SIZE
from models.repositories.intake import INTAKE_STATEMENT, Words, as_filed

ANSWER: Final = {"said": "a" * 1800}
"""As long as what a repetition of a real create would hear."""

DESCRIPTION: Final = "厨房水龙头一直滴水，关不紧，晚上声音很大。"
CREATED: Final = {"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"12")]}
_INTAKE: Final = numbered(INTAKE_STATEMENT)


class Desk:
    """An ASGI application that reads nothing and files one and the same order under ever new numbers."""

    def __init__(self, database: str) -> None:
        self._direct = Direct(database, POOL_SIZE)
        self._filed = _filed()
        self._run = f"{time.time_ns() // 1_000_000_000:x}"
        self._count = itertools.count()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        number = f"LEAST{self._run}-{next(self._count):06d}"
        new = {"number": number, "update_id": number, "task_id": f"{number}.1"}
        rows = await self._direct.rows_in_company(_INTAKE, self._filed | new)
        assert any(row["number"] == number for row in rows)
        await send(CREATED)
        await send(END)


def _filed() -> dict[str, Any]:
    return as_filed(new_state(), Words("1栋1单元101室", DESCRIPTION), update_id="", digest="d" * 64, answer=ANSWER)


if __name__ == "__main__":
    uvicorn.run(
        Desk(sys.argv[2]), host=LOOPBACK, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="warning",
        access_log=False, lifespan="off",
    )  # fmt: skip
