"""`python -m api`: serve the API of this installation until it is told to stop."""

from __future__ import annotations

import logging
import sys

import uvicorn

from api.app import create_app, served
from integrations.interpreter import collect_rarely
from settings import load_settings

STOP_SECONDS = 10
"""How long running requests may finish after a stop; longer than the gateway waits for an order."""

KEEP_ALIVE_SECONDS = 65
"""Longer than the minute that load balancers keep idle connections, so that they are the ones who close."""


def main() -> None:
    settings = load_settings()
    logging.basicConfig(
        level=settings.log_level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    on_windows = sys.platform == "win32"
    app = served(create_app(settings))
    collect_rarely()
    uvicorn.run(
        app,
        host=settings.api_host,
        port=settings.api_port,
        loop="auto" if on_windows else "uvloop",
        http="auto" if on_windows else "httptools",
        log_level=settings.log_level.lower(),
        access_log=False,  # It would hold addresses with what was searched for.
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        server_header=False,
    )


if __name__ == "__main__":
    main()
