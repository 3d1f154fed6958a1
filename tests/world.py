"""The whole real stack, and people who use it over HTTP as their clients do."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
from PIL import Image

from devstack.stack import Stack
from models.domain.lifecycles import LIFECYCLES
from settings import Settings

PASSWORD: Final = "wuyou-demo"
CAMERA_SECRET: Final = "a camera's secret"
PATIENCE: Final = 20.0
"""Seconds to wait for something that happens by itself; a healthy stack needs well under one."""

Found = TypeVar("Found")


def eventually(look: Callable[[], Found | None], within: float = PATIENCE, what: str = "") -> Found:
    """Look again and again until there is something to see. Raises AssertionError after `within` seconds."""
    end = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"not within {within} s: {what or look}"
        time.sleep(0.05)


def picture(colour: str = "steelblue", size: tuple[int, int] = (800, 600)) -> bytes:
    """A small real JPEG with a GPS position in its EXIF, which nobody may ever see."""
    image = Image.new("RGB", size, colour)
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (31.0, 14.0, 0.0)}
    exif[0x010F] = "a phone"
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)
    return file.getvalue()


def outcomes_of(task: Any) -> Iterable[str]:
    """All that the map knows, whether or not they are open to the reader now; so refusals can be asked for too."""
    return LIFECYCLES[task["order"]["kind"]].tasks[task["kind"]].outcomes


class Person:
    """Somebody with a token. Every act carries a fresh idempotency key unless one is given."""

    def __init__(self, world: World, prefix: str, token: str, me: dict[str, Any]) -> None:
        self.world, self.prefix, self.me = world, prefix, me
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.world.http.get(f"/api/v1{path}", headers=self.headers, params=query)

    def read(self, path: str, **query: Any) -> Any:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
        headers = {**self.headers, "Idempotency-Key": key or uuid.uuid4().hex}
        return self.world.http.post(f"/api/v1{path}", headers=headers, json=body or {})

    def act(self, path: str, body: Any = None, key: str | None = None) -> Any:
        answer = self.post(path, body, key)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def order(self, number: str) -> Any:
        return self.read(f"/{self.prefix}/work-orders/{number}")

    def complete(self, number: str, outcome: str, **form: Any) -> Any:
        """Complete the one task of the order's that has this outcome."""
        task = eventually(lambda: self.task_with(number, outcome), what=f"a task with {outcome}")
        return self.act(f"/{self.prefix}/tasks/{task}/complete", {"outcome": outcome, "form": form})

    def task_with(self, number: str, outcome: str) -> str | None:
        tasks = self.order(number)["tasks"]
        fitting = [task["id"] for task in tasks if outcome in outcomes_of(task)]
        return fitting[0] if fitting else None

    def photo(self, data: bytes | None = None, content_type: str = "image/jpeg") -> str:
        """Upload a picture the way a client does; answers its id."""
        data = picture() if data is None else data
        slip = self.act("/photos", {"content_type": content_type, "size": len(data)})
        form = {**slip["upload"]["fields"]}
        sent = httpx.post(slip["upload"]["url"], data=form, files={"file": ("photo.jpg", data, content_type)})
        assert sent.status_code in (200, 201, 204), sent.text
        self.act(f"/photos/{slip['photo_id']}/complete")
        return str(slip["photo_id"])


class Owner(Person):
    @property
    def house(self) -> str:
        return str(self.me["houses"][0]["id"])

    def report(self, key: str | None = None, **changes: Any) -> Any:
        """File a repair at home; answers the order."""
        body = {
            "house_id": self.house,
            "category": "water",
            "description": "厨房水龙头一直滴水，关不紧。",
            "photo_ids": [],
            **changes,
        }
        answer = self.post("/owner/repairs", body, key)
        assert answer.status_code == 201, answer.text
        return answer.json()


class World:
    """One running stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.settings = stack.settings
        self.http = httpx.Client(base_url=self.settings.api_url, timeout=15)
        self.wechat = httpx.Client(base_url=self.settings.wechat_url, timeout=15)

    def owner(self, openid: str = "demo-owner-1") -> Owner:
        code = self.wechat.get("/_emulator/login-code", params={"openid": openid}).json()["code"]
        answer = self.http.post("/api/v1/owner/login", json={"code": code})
        assert answer.status_code == 200, answer.text
        login = answer.json()
        me = self.http.get("/api/v1/owner/me", headers={"Authorization": f"Bearer {login['token']}"}).json()
        return Owner(self, "owner", login["token"], me)

    def staff(self, account: str) -> Person:
        answer = self.http.post("/api/v1/staff/login", json={"account": account, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return Person(self, "staff", answer.json()["token"], answer.json()["staff"])

    def close(self) -> None:
        self.http.close()
        self.wechat.close()


@contextmanager
def whole_world(home: Path) -> Iterator[World]:
    """A stack with all its parts and the demo community, for as long as the block runs."""
    given = {"demo": True, "plate_camera_secrets": {"xfl": CAMERA_SECRET}}
    with Stack(home, given=Settings.model_construct(_fields_set=set(given), **given)) as stack:
        world = World(stack)
        yield world
        world.close()
