"""`python -m devstack.demo`: seed the demo, once."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from devstack.demo.seed import seed
from models.repositories.engines import sync_engine
from models.repositories.sealing import Sealing
from settings import Settings, load_settings


def run(settings: Settings) -> int:
    """Seed the installation of these settings, if it wants a demo and has no communities. Answers the exit code."""
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
    sys.exit(run(load_settings()))
