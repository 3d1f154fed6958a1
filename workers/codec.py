"""The endpoint through which the Temporal UI reads payloads in the clear.

Its address carries a random secret, because the embedded UI sends no credentials; it listens on loopback, answers the
UI's origin alone, and logs every decode. In production it stands behind the firm's login and opens to the role
`operator` only.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.middleware.cors import CORSMiddleware
from google.protobuf import json_format
from temporalio.api.common.v1 import Payloads

from integrations.temporal import encryption
from settings import Settings

log = logging.getLogger(__name__)

MOST_PAYLOADS = 500
"""The UI asks for a page of events at a time; more than this is no UI."""


def codec_app(settings: Settings) -> FastAPI:
    codec = encryption(settings)
    app = FastAPI(title="Wuyou codec", openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=[settings.codec_ui_origin],
        allow_methods=["POST"],
        allow_headers=["content-type", "x-namespace"],
    )

    @app.get("/healthz")
    @app.get("/{secret}/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/{secret}/decode")
    async def decode(secret: str, request: Request) -> dict[str, Any]:
        if not secrets.compare_digest(secret, settings.codec_secret):
            raise HTTPException(404)
        asked = json_format.ParseDict(await request.json(), Payloads(), ignore_unknown_fields=True)
        if len(asked.payloads) > MOST_PAYLOADS:
            raise HTTPException(413)
        log.info("decoded %d payloads for the Temporal UI", len(asked.payloads))
        decoded = await codec.decode(asked.payloads)
        return json_format.MessageToDict(Payloads(payloads=decoded))

    return app
