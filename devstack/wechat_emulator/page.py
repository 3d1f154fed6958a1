"""The page on which one plays the user: pick a person, look at their phone, press its buttons."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates

from devstack.wechat_emulator.messages import registered
from devstack.wechat_emulator.people import PERSON
from devstack.wechat_emulator.wechat_routes import Here

router = APIRouter(include_in_schema=False)
pages = Jinja2Templates(directory=Path(__file__).parent / "templates")
pages.env.filters["face"] = lambda name: "".join(filter(str.isdigit, name)) or name[0]

CHINA = ZoneInfo("Asia/Shanghai")
FIRST = "demo-owner-1"

Person = Annotated[str, Query()]
Chosen = Annotated[str, Form()]


@router.get("/", response_class=HTMLResponse)
def desk(request: Request, here: Here, person: Person = FIRST, note: str = "") -> HTMLResponse:
    if PERSON.fullmatch(person):
        here.people.meet(person)
    else:
        person = FIRST
    facts = {"people": here.people.all(), "note": note, "push": here.pusher.target, "faults": here.faults.active()}
    return pages.TemplateResponse(request, "desk.html", facts | _phone(here, person))


@router.get("/page/phone", response_class=HTMLResponse)
def phone(request: Request, here: Here, person: Person) -> HTMLResponse:
    """The phone and what belongs to it alone; the desk fetches it every two seconds."""
    _known(here, person)
    return pages.TemplateResponse(request, "phone.html", _phone(here, person))


@router.post("/page/prompt")
def press(here: Here, person: Chosen, prompt: Annotated[int, Form()], accept: Annotated[list[str], Form()] = []) -> Any:  # noqa: B006
    here.messages.answer_prompt(prompt, accept)
    return _back(person)


@router.post("/page/follow")
def follow(here: Here, person: Chosen, following: Annotated[int, Form()]) -> Any:
    _known(here, person)
    here.messages.follow(person, bool(following))
    return _back(person)


@router.post("/page/scan")
def scan(here: Here, person: Chosen, scene: Chosen) -> Any:
    _known(here, person)
    done = here.messages.scan(person, scene.strip().rsplit("/", 1)[-1])
    return _back(person, "已扫码" if done else "二维码无效或已过期")


@router.get("/q/{ticket}", response_class=HTMLResponse)
def scanned(request: Request, here: Here, ticket: str) -> HTMLResponse:
    """Where a QR of the service account leads when it is opened in a browser: who is scanning?"""
    return pages.TemplateResponse(request, "scan.html", {"people": here.people.all(), "ticket": ticket})


@router.get("/connect/oauth2/authorize", response_class=HTMLResponse)
def authorize(request: Request, here: Here, redirect_uri: str, state: str = "", person: str = "") -> Any:
    """OAuth for pages inside WeChat: the browser chooses who it is, then goes back with a code."""
    if not person:
        links = [
            (row["name"], "?" + urlencode({"redirect_uri": redirect_uri, "state": state, "person": row["person"]}))
            for row in here.people.all()
        ]
        return pages.TemplateResponse(request, "authorize.html", {"links": links})
    joint = "&" if "?" in redirect_uri else "?"
    code = here.people.issue_code("oauth", person)
    return RedirectResponse(redirect_uri + joint + urlencode({"code": code, "state": state}), 302)


def _known(here: Here, person: str) -> None:
    if not any(row["person"] == person for row in here.people.all()):
        raise HTTPException(404, "no such person")


def _back(person: str, note: str = "") -> RedirectResponse:
    return RedirectResponse("/?" + urlencode({"person": person} | ({"note": note} if note else {})), 303)


def _phone(here: Here, person: str) -> dict[str, Any]:
    now = datetime.fromtimestamp(here.store.now(), CHINA)
    credits = here.messages.credits(person)
    titles = {template.id: template for template in registered("mini")}
    return {
        "person": here.people.row(person),
        "clock": f"{now:%H:%M}",
        "messages": [
            one | {"when": _when(datetime.fromtimestamp(one["created"], CHINA), now)} for one in _arrived(here, person)
        ],
        "credits": [(template.title, template.id, credits.get(template.id, 0)) for template in titles.values()],
        "prompts": [
            {"id": one["id"], "templates": [titles[key] for key in one["template_ids"]]}
            for one in here.messages.pending(person)
        ],
        "accounts": {"mini": here.accounts.mini, "service": here.accounts.service},
    }


def _arrived(here: Here, person: str) -> list[dict[str, Any]]:
    """WeChat's messages and SMS, as one phone shows them."""
    texts = [one | {"channel": "sms"} for one in here.sms.received(here.people.row(person)["phone"])]
    return sorted([*here.messages.received(person), *texts], key=lambda one: -float(one["created"]))


def _when(at: datetime, now: datetime) -> str:
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at.month}月{at.day}日 {at:%H:%M}"
