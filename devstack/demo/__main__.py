"""`python -m devstack.demo`: seed the demo, once."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from devstack.demo.seed import seed
from models.repositories.engines import sync_engine
from models.repositories.sealing import Sealing
from settings import load_settings


def main() -> int:
    settings = load_settings()
    if not settings.demo:
        sys.stderr.write("This installation has no demo; WUYOU_DEMO=1 asks for one.\n")
        return 0
    engine = sync_engine(settings.required("database_url"), pool_size=1)
    with engine.begin() as conn:
        seeded = seed(conn, Sealing.of(settings), datetime.now(UTC))
    engine.dispose()
    sys.stdout.write(
        "The demo community is ready.\n" if seeded else "There are communities already; nothing to seed.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
