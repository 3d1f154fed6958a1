"""An HTTP server that does nothing, on the API's server and loop: what a request costs before any of our code.

python -m bench.yardsticks.empty PORT
"""

from __future__ import annotations

import sys
from typing import Any, Final

import uvicorn

from devstack.ports import LOOPBACK

BODY: Final = b'{"items":[]}'
START: Final = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())],
}
END: Final = {"type": "http.response.body", "body": BODY}


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers the same to everything."""
    if scope["type"] == "http":
        await send(START)
        await send(END)


if __name__ == "__main__":
    uvicorn.run(
        app, host=LOOPBACK, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="warning",
        access_log=False, lifespan="off",
    )  # fmt: skip
