"""The address of the SMS provider, and what an emulated phone got by it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from devstack.wechat_emulator import sms
from devstack.wechat_emulator.wechat_routes import Here

router = APIRouter()


@router.post(sms.PATH)
async def send(request: Request, here: Here) -> dict[str, Any]:
    payload = await request.body()
    try:
        return sms.answer(here.sms.send(request.headers, payload))
    except sms.SmsRefused as refused:
        return sms.refusal(refused.code)


@router.get("/_emulator/texts")
def texts(here: Here, phone: Annotated[str, Query(pattern=r"^\d{11}$")]) -> list[dict[str, Any]]:
    return here.sms.received(phone)
