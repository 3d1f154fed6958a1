"""`/docs`: the OpenAPI document to read and to try, from our own files, because not every machine reaches a CDN."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.openapi.docs import get_swagger_ui_html

from api.console.templating import asset

router = APIRouter()


@router.get("/docs", include_in_schema=False)
async def documentation() -> Response:
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Wuyou 物优",
        swagger_js_url=asset("vendor/swagger-ui-bundle.js"),
        swagger_css_url=asset("vendor/swagger-ui.css"),
        swagger_favicon_url=asset("mark.svg"),
    )
