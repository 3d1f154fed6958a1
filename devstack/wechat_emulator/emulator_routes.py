"""The emulator's own interface under /_emulator: what a person's thumb, or a test, does."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from devstack.wechat_emulator.faults import Fault
from devstack.wechat_emulator.push import PushTarget
from devstack.wechat_emulator.wechat_routes import Here

router = APIRouter(prefix="/_emulator")

Openid = Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Person(BaseModel):
    """A person is named by the openid on the mini-program; the one on the service account has `gzh-` before it."""

    openid: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")

    @property
    def person(self) -> str:
        return self.openid.removeprefix("gzh-")


class Popup(Person):
    template_ids: list[str]
    answer: Literal["accept", "reject", "ban"] | dict[str, Literal["accept", "reject", "ban"]] = "accept"


class Prompt(Person):
    template_ids: list[str]


class Follow(Person):
    following: bool = True


class Scan(Person):
    scene: str
    """The ticket of the QR code, or its scene."""


class Advance(BaseModel):
    advance: float
    """Seconds by which the emulator's clock goes forward."""


@router.get("/healthz")
def healthz(here: Here) -> dict[str, Any]:
    return {"status": "ok", "people": len(here.people.all())}


@router.get("/login-code")
def login_code(here: Here, openid: Openid) -> dict[str, str]:
    return {"code": here.people.issue_code("login", openid)}


@router.get("/phone-code")
def phone_code(here: Here, openid: Openid, phone: Annotated[str | None, Query()] = None) -> dict[str, str]:
    return {"code": here.people.issue_code("phone", openid, phone)}


@router.get("/oauth-code")
def oauth_code(here: Here, openid: Openid) -> dict[str, str]:
    return {"code": here.people.issue_code("oauth", openid.removeprefix("gzh-"))}


@router.post("/subscribe")
def subscribe(here: Here, popup: Popup) -> dict[str, str]:
    answer = popup.answer
    answers = {one: answer[one] if isinstance(answer, dict) else answer for one in popup.template_ids}
    try:
        return here.messages.subscribe(popup.person, answers)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None


@router.post("/prompt")
def prompt(here: Here, wanted: Prompt) -> dict[str, int]:
    try:
        return {"prompt": here.messages.prompt(wanted.person, wanted.template_ids)}
    except ValueError as error:
        raise HTTPException(422, str(error)) from None


@router.post("/settings")
def settings(here: Here, wanted: Prompt) -> dict[str, str]:
    """The person switches these templates off."""
    here.messages.switch_off(wanted.person, wanted.template_ids)
    return {"status": "ok"}


@router.post("/follow")
def follow(here: Here, wanted: Follow) -> dict[str, str]:
    here.messages.follow(wanted.person, wanted.following)
    return {"openid": here.accounts.service.openid(wanted.person)}


@router.post("/scan")
def scan(here: Here, wanted: Scan) -> dict[str, str]:
    if not here.messages.scan(wanted.person, wanted.scene):
        raise HTTPException(404, "no such code, or it has expired")
    return {"openid": here.accounts.service.openid(wanted.person)}


@router.get("/messages")
def messages(here: Here, openid: Openid) -> list[dict[str, Any]]:
    return here.messages.received(openid.removeprefix("gzh-"))


@router.get("/credits")
def credits(here: Here, openid: Openid) -> dict[str, int]:
    return here.messages.credits(openid)


@router.get("/pushes")
def pushes(here: Here) -> list[dict[str, Any]]:
    rows = here.store.rows("select * from pushes order by id desc limit 100")
    return [{**dict(row), "event": json.loads(row["event"])} for row in rows]


@router.get("/push")
def push_target(here: Here) -> PushTarget:
    return here.pusher.target


@router.post("/push")
def aim_push(here: Here, target: PushTarget) -> PushTarget:
    here.pusher.aim(target)
    return target


@router.get("/faults")
def faults(here: Here) -> list[Fault]:
    return here.faults.active()


@router.post("/faults")
def add_fault(here: Here, fault: Fault) -> Fault:
    here.faults.add(fault)
    return fault


@router.delete("/faults")
def clear_faults(here: Here) -> dict[str, str]:
    here.faults.clear()
    return {"status": "ok"}


@router.get("/calls")
def calls(here: Here) -> dict[str, int]:
    """How often each path of WeChat was called since the last start or reset."""
    return dict(here.faults.calls)


@router.post("/clock")
def clock(here: Here, wanted: Advance) -> dict[str, float]:
    here.store.advance(wanted.advance)
    return {"now": here.store.now()}


@router.post("/reset")
def reset(here: Here) -> dict[str, str]:
    here.reset()
    return {"status": "ok"}
